//! `Error`: what went wrong, and where.
//!
//! One type, private inside: predicates say what kind of failure it was, accessors where it happened, `Display` both
//! in one line that is written for people.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use crate::model::{Model, UnknownModel};

mod cause;
mod end;
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

    /// Whether the task panicked.
    pub fn is_panic(&self) -> bool {
        matches!(self.0.cause, Cause::Panic { .. })
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

    /// Whether a worker process came to its end while it ran the chunk, or with the chunk's output. Not where that was
    /// our doing, for a chunk that took too long: see [`is_timeout`](Self::is_timeout).
    pub fn is_worker_lost(&self) -> bool {
        self.lost().is_some_and(|lost| !matches!(lost.end, End::Deadline(_)))
    }

    /// Whether a chunk took longer than it was given.
    pub fn is_timeout(&self) -> bool {
        self.lost().is_some_and(|lost| matches!(lost.end, End::Deadline(_)))
    }

    /// Whether the worker process was lost for want of memory: it ran into its own limit, or, as far as can be told, into
    /// the machine's.
    pub fn is_out_of_memory(&self) -> bool {
        self.lost().is_some_and(|lost| matches!(lost.end, End::OutOfMemory { .. }))
    }

    /// Whether the fold was cancelled.
    pub fn is_cancelled(&self) -> bool {
        matches!(self.0.cause, Cause::Cancelled)
    }

    /// Whether the task, a chunk or an output could not be serialized, or was not the same after it was restored.
    pub fn is_serialization(&self) -> bool {
        matches!(self.0.cause, Cause::Unportable { .. })
    }

    /// Whether the work could not be started at all: an option that the model cannot keep, a source that cannot be
    /// cut, a worker that cannot be started.
    pub fn is_setup(&self) -> bool {
        matches!(self.0.cause, Cause::Setup { .. })
    }

    /// The name of the task.
    pub fn task(&self) -> Option<&str> {
        self.0.place.task
    }

    /// The number of the chunk, counted from 0.
    pub fn chunk(&self) -> Option<u64> {
        self.0.place.chunk
    }

    /// What the chunk covers: `500001..=750000`, `items 4096..8192`, `item 7`.
    pub fn range(&self) -> Option<&str> {
        self.0.place.range.as_deref()
    }

    /// The model that ran the fold.
    pub fn model(&self) -> Option<Model> {
        self.0.place.model
    }

    /// The number of the worker, counted from 0, where workers can be lost.
    pub fn worker(&self) -> Option<usize> {
        self.0.place.worker
    }

    /// The process id of the worker process.
    pub fn pid(&self) -> Option<u32> {
        self.0.place.pid
    }

    /// The signal that ended the worker process.
    pub fn signal(&self) -> Option<i32> {
        match self.lost()?.end {
            End::Signal(signal) | End::OutOfMemory { signal, .. } => Some(signal),
            _ => None,
        }
    }

    /// The code that the worker process exited with.
    pub fn exit_code(&self) -> Option<i32> {
        match self.lost()?.end {
            End::Exit(code) => Some(code),
            _ => None,
        }
    }

    /// How long the chunk had been running when its worker was lost.
    pub fn ran_for(&self) -> Option<Duration> {
        self.lost()?.ran_for
    }

    /// The largest resident memory of the lost worker that was seen, in bytes. A lower bound: it is looked at now and
    /// then, and may have grown since.
    pub fn memory(&self) -> Option<u64> {
        self.lost()?.memory
    }

    /// The last lines that the lost worker wrote to its standard error, the oldest first.
    pub fn stderr_tail(&self) -> &[String] {
        self.lost().map_or(&[], |lost| &lost.stderr_tail)
    }

    /// The smallest piece of the chunk that is lost by itself, where [`bisect`](crate::Builder::bisect) was
    /// asked for and the chunk could be taken apart.
    pub fn smallest_range(&self) -> Option<&str> {
        self.lost()?.smallest_range.as_deref()
    }

    /// Which attempt at the chunk failed, counted from 1.
    pub fn attempt(&self) -> Option<u32> {
        self.0.place.attempt.map(|attempt| attempt.number)
    }

    /// How many attempts at the chunk were allowed.
    pub fn attempts(&self) -> Option<u32> {
        self.0.place.attempt.map(|attempt| attempt.of)
    }

    /// The chunks that were done, but whose outputs were lost with the worker, in ascending order.
    pub fn also_lost(&self) -> &[u64] {
        self.lost().map_or(&[], |lost| &lost.also)
    }

    /// The file, line and column of a panic: `src/main.rs:10:5`.
    pub fn panic_location(&self) -> Option<&str> {
        match &self.0.cause {
            Cause::Panic { at, .. } => at.as_deref(),
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
