//! `Trace` and `Span` record which worker ran which chunk, and when. `Event` reports it to an observer while the fold
//! runs ([`event`]).

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

mod event;

pub(crate) use event::Observer;
pub use event::{Event, Progress, Start};

#[cfg(all(feature = "processes", feature = "tracing", target_os = "linux"))]
pub(crate) mod capture;
#[cfg(feature = "processes")]
pub(crate) mod levels;
#[cfg(all(feature = "processes", feature = "tracing"))]
mod record;
#[cfg(all(feature = "processes", feature = "tracing"))]
pub(crate) mod replay;
#[cfg(feature = "tracing")]
pub(crate) mod scope;
#[cfg(not(feature = "tracing"))]
#[path = "trace/unscoped.rs"]
pub(crate) mod scope;
#[cfg(all(feature = "processes", feature = "tracing"))]
mod site;
#[cfg(all(test, feature = "processes", feature = "tracing", target_os = "linux"))]
mod tests;
#[cfg(all(feature = "processes", not(feature = "tracing")))]
pub(crate) mod unheard;

/// One run of one chunk: by which worker, when, and for how long.
///
/// ```
/// use threefold::Trace;
/// use threefold::prelude::*;
///
/// #[task]
/// fn add_up(chunk: std::ops::Range<u64>) -> u64 {
///     chunk.sum()
/// }
///
/// let trace = Trace::new();
/// let on = Executor::builder(Model::Threads).workers(2).build()?;
/// on.trace(&trace).for_each((0..100).split_into(4), add_up)?;
/// for span in trace.spans() {
///     assert!(span.chunk < 4 && span.worker < 2 && span.attempt == 1);
/// }
/// # Ok::<(), threefold::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Span {
    /// The number of the chunk, counted from 0.
    pub chunk: u64,
    /// The number of the worker that ran the chunk: from 0 to below the executor's number of workers.
    pub worker: usize,
    /// When the chunk began, on the monotonic clock of this machine, in whichever process it ran.
    pub started: Instant,
    /// The time from the beginning of the chunk to its output. It includes the time in which an `async` task waits.
    pub duration: Duration,
    /// The number of the attempt, counted from 1.
    pub attempt: u32,
}

/// Collects the [`Span`]s of the folds that it is given to, with [`Executor::trace`](crate::Executor::trace). Clones
/// share what they hold.
///
/// ```
/// use threefold::prelude::*;
/// use threefold::Trace;
///
/// #[task]
/// fn add_up(chunk: std::ops::Range<u64>) -> u64 {
///     chunk.sum()
/// }
///
/// let trace = Trace::new();
/// let on = Executor::new(Model::Threads)?;
/// on.trace(&trace).for_each((0..100).split_into(4), add_up)?;
/// assert_eq!(trace.spans().len(), 4);
/// # Ok::<(), threefold::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Trace(Arc<Mutex<Record>>);

#[derive(Debug, Default)]
struct Record {
    spans: Vec<Span>,
    bytes_moved: u64,
    bytes_told: u64,
}

impl Trace {
    /// Makes an empty trace.
    ///
    /// ```
    /// assert!(threefold::Trace::new().spans().is_empty());
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// A copy of all spans so far, in the order in which the chunks began. A run is in the trace if it came to its end;
    /// a failed fold leaves the spans of the chunks that were finished.
    ///
    /// ```
    /// use threefold::Trace;
    /// use threefold::prelude::*;
    ///
    /// #[task]
    /// fn double(n: u32) -> u32 {
    ///     2 * n
    /// }
    ///
    /// let trace = Trace::new();
    /// Executor::new(Model::Sequential)?.trace(&trace).for_each(Items(vec![5, 6]), double)?;
    /// let chunks: Vec<_> = trace.spans().iter().map(|span| span.chunk).collect();
    /// assert_eq!(chunks, [0, 1]);
    /// # Ok::<(), threefold::Error>(())
    /// ```
    pub fn spans(&self) -> Vec<Span> {
        self.lock().spans.clone()
    }

    /// The number of bytes that were sent to worker processes and back: tasks, chunks and outputs, with their frames. It
    /// is 0 on models whose workers share the caller's memory.
    ///
    /// ```
    /// use threefold::Trace;
    /// use threefold::prelude::*;
    ///
    /// #[task]
    /// fn length(bytes: Slice<u8>) -> usize {
    ///     bytes.len()
    /// }
    ///
    /// # fn main() -> threefold::Result<()> {
    /// threefold::init();
    /// let trace = Trace::new();
    /// Executor::new(Model::Threads)?.trace(&trace).for_each(vec![7u8; 10_000], length)?;
    /// assert_eq!(trace.bytes_moved(), 0);
    /// Executor::new(Model::Processes)?.trace(&trace).for_each(vec![7u8; 10_000], length)?;
    /// assert!(trace.bytes_moved() >= 10_000);
    /// # Ok(())
    /// # }
    /// ```
    pub fn bytes_moved(&self) -> u64 {
        self.lock().bytes_moved
    }

    /// How many of the [`bytes_moved`](Self::bytes_moved) were sent to workers before their first chunk: the task with
    /// its captures, and a source that is sent as a whole, for each worker. A worker process keeps the task, so a later
    /// fold of the same task sends fewer of these bytes.
    ///
    /// ```
    /// use threefold::Trace;
    /// use threefold::prelude::*;
    ///
    /// #[task]
    /// fn sum_of(chunk: std::ops::Range<usize>, table: &Vec<u8>) -> u64 {
    ///     chunk.map(|i| u64::from(table[i])).sum()
    /// }
    ///
    /// # fn main() -> threefold::Result<()> {
    /// threefold::init();
    /// let trace = Trace::new();
    /// let on = Executor::builder(Model::Processes).workers(1).build()?;
    /// on.trace(&trace).for_each((0..1000).split_into(2), sum_of.with(vec![1u8; 10_000]))?;
    /// assert!(trace.bytes_told() >= 10_000 && trace.bytes_told() <= trace.bytes_moved());
    /// # Ok(())
    /// # }
    /// ```
    pub fn bytes_told(&self) -> u64 {
        self.lock().bytes_told
    }

    pub(crate) fn extend(&self, spans: &[Span], bytes_moved: u64, bytes_told: u64) {
        let mut record = self.lock();
        record.spans.extend_from_slice(spans);
        record.bytes_moved += bytes_moved;
        record.bytes_told += bytes_told;
        record.spans.sort_by_key(|span| (span.started, span.chunk));
    }

    fn lock(&self) -> MutexGuard<'_, Record> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
