//! `Error`: what went wrong, and where.
//!
//! One type, private inside: predicates say what kind of failure it was, accessors where it happened, `Display` both
//! in one line that is written for people.

use std::fmt;
use std::time::Duration;

use crate::model::{Model, UnknownModel};

mod end;

pub(crate) use end::End;
#[cfg(feature = "processes")]
pub(crate) use end::{MemoryLimit, SIGABRT, SIGKILL};

/// A fold, or the making of an executor, that failed.
///
/// `Display` is one line; the alternate form, `{error:#}`, adds what is known of a lost worker: how long the chunk had
/// been running, the memory it had, its last words.
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

/// Where a failure happened, as far as it is known.
#[derive(Clone, Debug, Default)]
pub(crate) struct Place {
    pub(crate) model: Option<Model>,
    pub(crate) task: Option<&'static str>,
    pub(crate) chunk: Option<u64>,
    pub(crate) range: Option<String>,
    pub(crate) worker: Option<usize>,
    pub(crate) pid: Option<u32>,
    pub(crate) attempt: Option<Attempt>,
}

/// Attempt `number` of `of`, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Attempt {
    pub(crate) number: u32,
    pub(crate) of: u32,
}

/// What happened.
#[cfg_attr(
    not(all(feature = "async", feature = "processes")),
    allow(dead_code, reason = "not every model can fail like this")
)]
#[derive(Clone, Debug)]
pub(crate) enum Cause {
    /// The task unwound with this message; `at` is the file and line.
    Panic { message: String, at: Option<String> },
    /// The worker that ran the chunk is gone, or gave the chunk up.
    Lost(Box<Lost>),
    /// The fold was cancelled.
    Cancelled,
    /// The task, a chunk or an output cannot be sent between processes, or changes on the way.
    Unportable { what: &'static str, reason: String },
    /// Nothing could be started: the request or the machine does not allow it.
    Setup(String),
}

/// What is known of a loss.
#[derive(Clone, Debug)]
pub(crate) struct Lost {
    pub(crate) end: End,
    /// Chunks that were done, but whose outputs went with the worker.
    pub(crate) also: Vec<u64>,
    /// How long the chunk had been running.
    pub(crate) ran_for: Option<Duration>,
    /// The largest resident memory that was seen, in bytes: it may have been more.
    pub(crate) memory: Option<u64>,
    /// The last lines that the worker wrote to its standard error.
    pub(crate) stderr_tail: Vec<String>,
    /// The smallest piece of the chunk that is lost by itself.
    pub(crate) smallest_range: Option<String>,
}

#[cfg_attr(
    not(all(feature = "async", feature = "processes")),
    allow(dead_code, reason = "not every model can fail like this")
)]
impl Lost {
    pub(crate) fn new(end: End) -> Self {
        Self { end, also: Vec::new(), ran_for: None, memory: None, stderr_tail: Vec::new(), smallest_range: None }
    }
}

impl Error {
    pub(crate) fn new(cause: Cause, place: Place) -> Self {
        Self(Box::new(Inner { cause, place }))
    }

    pub(crate) fn setup(model: Option<Model>, reason: impl Into<String>) -> Self {
        Self::new(Cause::Setup(reason.into()), Place { model, ..Place::default() })
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
        matches!(self.0.cause, Cause::Setup(_))
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
                write!(f, ": {}", one_line(message))
            }
            Cause::Lost(lost) => lost.write(place, f),
            Cause::Cancelled => {
                f.write_str("cancelled")?;
                place.write_model(f)
            }
            Cause::Unportable { what, reason } => {
                write!(f, "{what} cannot be serialized")?;
                place.write_model(f)?;
                write!(f, ": {}", one_line(reason))
            }
            Cause::Setup(reason) => f.write_str(reason),
        }
    }
}

impl Lost {
    fn write(&self, place: &Place, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if matches!(self.end, End::Deadline(_)) { "ran out of time" } else { "was lost" })?;
        place.write_model(f)?;
        f.write_str(": ")?;
        place.write_worker(f)?;
        write!(f, "{}", self.end)?;
        if let Some(Attempt { number, of }) = place.attempt {
            write!(f, ", attempt {number} of {of}")?;
        }
        if let Some(smallest_range) = &self.smallest_range {
            write!(f, "; the smallest range that is lost too is {smallest_range}")?;
        }
        if !self.also.is_empty() {
            let numbers: Vec<_> = self.also.iter().map(u64::to_string).collect();
            write!(f, "; done there but not yet received, and lost with it: {}", numbers.join(", "))?;
        }
        if f.alternate() {
            self.write_details(f)?;
        }
        Ok(())
    }

    fn write_details(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(ran_for) = self.ran_for {
            write!(f, "\n  the chunk had been running for {}", end::duration(ran_for))?;
        }
        if let Some(memory) = self.memory {
            write!(f, "\n  the worker had at least {} of memory", end::size(memory))?;
        }
        if !self.stderr_tail.is_empty() {
            f.write_str("\n  its last words on stderr:")?;
            self.stderr_tail.iter().try_for_each(|line| write!(f, "\n    {line}"))?;
        }
        Ok(())
    }
}

impl Place {
    fn write_chunk(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.task, self.chunk, &self.range) {
            (Some(task), Some(chunk), Some(range)) => write!(f, "{task}: chunk {chunk} ({range}) "),
            (Some(task), ..) => write!(f, "{task}: "),
            _ => Ok(()),
        }
    }

    fn write_model(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.model.map_or(Ok(()), |model| write!(f, " on {model}"))
    }

    fn write_worker(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.worker, self.pid) {
            (Some(worker), Some(pid)) => write!(f, "worker {worker} (pid {pid}) "),
            (Some(worker), None) => write!(f, "worker {worker} "),
            _ => Ok(()),
        }
    }
}

/// The text on one line, as errors are.
fn one_line(text: &str) -> String {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // `main` prints errors with Debug: people read this too.
        write!(f, "Error({self})")
    }
}

impl std::error::Error for Error {}

impl From<UnknownModel> for Error {
    fn from(unknown: UnknownModel) -> Self {
        Self::setup(None, unknown.to_string())
    }
}

/// What [`try_fold`](crate::Executor::try_fold) gives when it does not give a value.
///
/// ```
/// use threefold::prelude::*;
/// use threefold::TryError;
///
/// #[task]
/// fn squares(chunk: std::ops::Range<i32>) -> Result<i64, String> {
///     chunk.map(|i| i.checked_mul(i).map(i64::from).ok_or(format!("{i} squared overflows"))).sum()
/// }
///
/// let on = Executor::new(Model::Threads)?;
/// let error = on.try_fold((0..100_000).split_into(4), squares, 0, |total, part| total + part).unwrap_err();
/// assert!(matches!(error, TryError::Task { chunk: 1, error } if error == "46341 squared overflows"));
/// # Ok::<(), threefold::Error>(())
/// ```
#[derive(Clone, Debug)]
pub enum TryError<E> {
    /// The task, or the reduction of its output, gave this error; no chunk below failed.
    Task {
        /// The number of the chunk, counted from 0.
        chunk: u64,
        /// The error that it gave.
        error: E,
    },
    /// The fold itself failed: a panic, a lost worker, a cancelled or impossible fold.
    Failed(Error),
}

impl<E: fmt::Display> fmt::Display for TryError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Task { chunk, error } => write!(f, "chunk {chunk}: {error}"),
            Self::Failed(error) => error.fmt(f),
        }
    }
}

impl<E: fmt::Debug + fmt::Display> std::error::Error for TryError<E> {}

impl<E> From<Error> for TryError<E> {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}
