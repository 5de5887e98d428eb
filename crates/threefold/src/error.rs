//! `Error`: what went wrong, and where.
//!
//! The type hides its contents. The predicates (`is_panic` and the like, in `kind`) tell the kinds of failure apart,
//! the accessors (in `details`) give the place and the circumstances, and `Display` puts both into one line for people.

use std::fmt;
use std::io;
use std::sync::Arc;

use crate::model::{Model, UnknownModel};

mod cause;
mod details;
mod end;
mod kind;
mod place;
mod rank;
mod text;
mod try_error;

pub(crate) use cause::{Cause, Lost};
pub(crate) use end::End;
#[cfg(feature = "processes")]
pub(crate) use end::{MemoryLimit, SIGABRT, SIGKILL};
pub(crate) use place::{Attempt, Place};
#[cfg(feature = "processes")]
pub(crate) use rank::Rank;
pub use try_error::TryError;

/// The failure of a fold, or of making an executor.
///
/// The predicates `is_panic`, `is_worker_lost`, `is_timeout`, `is_out_of_memory`, `is_cancelled`, `is_serialization`
/// and `is_setup` say what kind of failure it was. The other methods say where it happened and what is known about it;
/// each gives `None` or an empty slice if it does not apply.
///
/// `Display` writes one line. The alternate form, `{error:#}`, adds indented lines about a lost worker: how long the
/// chunk had been running, how much memory the worker had, and the last lines of its standard error. Both forms escape
/// control characters, so that the message of a task cannot change the terminal.
///
/// ```
/// use threefold::prelude::*;
///
/// #[task]
/// fn fragile(chunk: std::ops::Range<u32>) -> u32 {
///     assert!(!chunk.contains(&7), "seven is not welcome");
///     chunk.sum()
/// }
///
/// let on = Executor::new(Model::Threads)?;
/// let error = on.fold((0..10).split_into(5), fragile, 0, |sum, part| sum + part).unwrap_err();
/// assert!(error.is_panic());
/// assert_eq!((error.task(), error.chunk(), error.range()), (Some("fragile"), Some(3), Some("6..8")));
/// assert_eq!(error.to_string(), "fragile: chunk 3 (6..8) panicked on threads: seven is not welcome");
/// # Ok::<(), threefold::Error>(())
/// ```
#[derive(Clone)]
pub struct Error(Arc<Inner>);

/// `std::result::Result` with this crate's [`Error`] as the default error.
///
/// ```
/// use threefold::{Executor, Model};
///
/// fn most_workers() -> threefold::Result<usize> {
///     Ok(Executor::new(Model::Threads)?.workers())
/// }
///
/// assert!(most_workers()? >= 1);
/// # Ok::<(), threefold::Error>(())
/// ```
pub type Result<T, E = Error> = std::result::Result<T, E>;

#[derive(Clone, Debug)]
struct Inner {
    cause: Cause,
    place: Place,
}

impl Error {
    pub(crate) fn new(cause: Cause, place: Place) -> Self {
        Self(Arc::new(Inner { cause, place }))
    }

    /// Something that could not be started, for this reason.
    pub(crate) fn setup(model: Option<Model>, reason: impl Into<String>) -> Self {
        let cause = Cause::Setup { reason: reason.into(), source: None };
        Self::new(cause, Place { model, ..Place::default() })
    }

    /// Something that could not be started, because the system refused it with `error`.
    pub(crate) fn system(model: Model, what: &str, error: io::Error) -> Self {
        let cause = Cause::Setup { reason: format!("{what}: {error}"), source: Some(Arc::new(error)) };
        Self::new(cause, Place { model: Some(model), ..Place::default() })
    }

    /// Adds the smallest range of the lost chunk that is lost too.
    #[cfg(feature = "processes")]
    pub(crate) fn with_smallest_range(mut self, piece: String) -> Self {
        if let Cause::Lost(lost) = &mut Arc::make_mut(&mut self.0).cause {
            lost.smallest_range = Some(piece);
        }
        self
    }

    fn lost(&self) -> Option<&Lost> {
        match &self.0.cause {
            Cause::Lost(lost) => Some(lost),
            _ => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { cause, place } = &*self.0;
        place.write_chunk(f)?;
        match cause {
            Cause::Panic { message, .. } => {
                f.write_str("panicked")?;
                place.write_model(f)?;
                f.write_str(": ")?;
                if let Some(rank) = &place.rank {
                    write!(f, "{rank}: ")?;
                }
                f.write_str(&match message.trim() {
                    "" => "the panic has no message".to_string(),
                    message => text::one_line(message),
                })
            }
            Cause::Lost(lost) => lost.write(place, f),
            Cause::Returned => {
                f.write_str("returned an Err")?;
                place.write_model(f)?;
                place.attempt.map_or(Ok(()), |Attempt { number, of }| write!(f, ", attempt {number} of {of}"))
            }
            Cause::Cancelled => {
                f.write_str("cancelled")?;
                place.write_model(f)
            }
            Cause::Unportable { what, reason } => {
                let reason = text::one_line(reason);
                if place.chunk.is_some() {
                    f.write_str("failed")?;
                    place.write_model(f)?;
                    return write!(f, ": {what} cannot be serialized: {reason}");
                }
                write!(f, "{what} cannot be serialized")?;
                place.write_model(f)?;
                write!(f, ": {reason}")
            }
            Cause::Setup { reason, .. } => f.write_str(&text::printable(reason)),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // `main` prints its error with Debug, so people read this form too.
        write!(f, "Error({self})")
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0.cause {
            Cause::Setup { source: Some(source), .. } => Some(&**source),
            _ => None,
        }
    }
}

impl From<UnknownModel> for Error {
    fn from(unknown: UnknownModel) -> Self {
        Self::setup(None, unknown.to_string())
    }
}
