//! `Error`: what went wrong, and where.
//!
//! One type, private inside: predicates say what kind of failure it was, accessors where it happened, `Display` both
//! in one line that is written for people.

use std::fmt;
use std::io;
use std::sync::Arc;

use crate::model::{Model, UnknownModel};

mod cause;
mod details;
mod end;
mod kind;
mod place;
mod text;
mod try_error;

pub(crate) use cause::{Cause, Lost};
pub(crate) use end::End;
#[cfg(feature = "processes")]
pub(crate) use end::{MemoryLimit, SIGABRT, SIGKILL};
pub(crate) use place::{Attempt, Place};
pub use try_error::TryError;

/// A fold, or the making of an executor, that failed.
///
/// `Display` is one line; the alternate form, `{error:#}`, adds what is known of a lost worker: how long the chunk had
/// been running, the memory it had, the last lines of its stderr. Control characters in messages of tasks are
/// escaped in both.
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
pub struct Error(Box<Inner>);

/// `std::result::Result` with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

#[derive(Clone, Debug)]
struct Inner {
    cause: Cause,
    place: Place,
}

impl Error {
    pub(crate) fn new(cause: Cause, place: Place) -> Self {
        Self(Box::new(Inner { cause, place }))
    }

    pub(crate) fn setup(model: Option<Model>, reason: impl Into<String>) -> Self {
        let cause = Cause::Setup { reason: reason.into(), source: None };
        Self::new(cause, Place { model, ..Place::default() })
    }

    /// What could not be started, and what the system says about it.
    pub(crate) fn system(model: Model, what: &str, error: io::Error) -> Self {
        let cause = Cause::Setup { reason: format!("{what}: {error}"), source: Some(Arc::new(error)) };
        Self::new(cause, Place { model: Some(model), ..Place::default() })
    }

    /// The same error with the smallest piece of the chunk that is lost by itself.
    #[cfg(feature = "processes")]
    pub(crate) fn with_smallest_range(mut self, piece: String) -> Self {
        if let Cause::Lost(lost) = &mut self.0.cause {
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
                write!(f, ": {}", text::one_line(message))
            }
            Cause::Lost(lost) => lost.write(place, f),
            Cause::Cancelled => {
                f.write_str("cancelled")?;
                place.write_model(f)
            }
            Cause::Unportable { what, reason } => {
                write!(f, "{what} cannot be serialized")?;
                place.write_model(f)?;
                write!(f, ": {}", text::one_line(reason))
            }
            Cause::Setup { reason, .. } => f.write_str(&text::printable(reason)),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // `main` prints errors with Debug: people read this too.
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
