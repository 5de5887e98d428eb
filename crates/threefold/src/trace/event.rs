//! `Event`: what an observer receives while a fold runs.

use std::ops::Range;
use std::sync::Arc;
use std::time::Instant;

use super::Span;
use crate::error::Error;

/// What an observer receives while a fold runs: see [`Executor::observe`](crate::Executor::observe).
///
/// ```
/// use std::sync::{Arc, Mutex};
/// use threefold::Event;
/// use threefold::prelude::*;
///
/// #[task]
/// fn reciprocal(n: u32) -> u32 {
///     100 / n
/// }
///
/// let log = Arc::new(Mutex::new(Vec::new()));
/// let lines = Arc::clone(&log);
/// let on = Executor::new(Model::Sequential)?.observe(move |event| {
///     let line = match event {
///         Event::Started(start) => format!("chunk {} started", start.chunk),
///         Event::Finished(span) => format!("chunk {} finished", span.chunk),
///         Event::Failed(error) => error.to_string(),
///         _ => return,
///     };
///     lines.lock().unwrap().push(line);
/// });
/// assert!(on.for_each(Items(vec![5, 0]), reciprocal).is_err());
/// let expected = [
///     "chunk 0 started",
///     "chunk 0 finished",
///     "chunk 1 started",
///     "reciprocal: chunk 1 (item 1) panicked on sequential: attempt to divide by zero",
/// ];
/// assert_eq!(*log.lock().unwrap(), expected);
/// # Ok::<(), threefold::Error>(())
/// ```
///
/// # When events are sent
///
/// The events of one attempt at one chunk are sent in order, by one thread: `Started`, then one of `Finished`, `Failed`
/// and `Retried`. Events of different chunks may be sent at the same time, on several threads. An event is never sent
/// before what it reports has happened. How long after that depends on the model:
///
/// | model | `Started` | the other events |
/// |---|---|---|
/// | sequential, async, threads | by the worker, before the task is called | by the worker, at once |
/// | processes | about 50 ms after the start; if the chunk has ended before that, together with its end | when its answer comes, some milliseconds later |
/// | mpi | together with the end of the chunk | when its answer comes, some milliseconds later |
///
/// On processes and mpi the thread that runs the fold sends all events. So it sends none while it reduces. An MPI job
/// of one rank is like threads.
///
/// If a chunk cannot be serialized, or if it is lost with its worker, then it may fail without a `Started`. After a cancel,
/// and after a chunk has failed for good, chunks that still run may end without a further event.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// The fold is continued from its journal (`Executor::journal`), which has the outputs of the chunks with the numbers in
    /// `chunks`. They count as finished, and no other event reports them. Observers receive it on the caller's thread,
    /// before the first chunk begins, and only if there are such chunks.
    Resumed {
        /// The chunks that the journal has, as ranges in ascending order.
        chunks: &'a [Range<u64>],
    },
    /// A chunk begins, or is run again.
    Started(&'a Start),
    /// A chunk is finished.
    Finished(&'a Span),
    /// A chunk failed for good. Observers receive this at once; a lower chunk may fail later, and is then the one that
    /// the fold reports.
    Failed(&'a Error),
    /// A chunk failed, or its task returned an `Err`, and it will be run again, because of
    /// [`retries`](crate::Builder::retries).
    Retried(&'a Error),
    /// How far the fold has come. It is sent once before the first chunk starts, and then after each `Finished` and
    /// each `Failed`.
    Progress(Progress),
}

/// The start of one attempt at one chunk, which [`Event::Started`] reports.
///
/// ```
/// use std::sync::Mutex;
/// use threefold::Event;
/// use threefold::prelude::*;
///
/// #[task]
/// fn add_up(chunk: std::ops::Range<u64>) -> u64 {
///     chunk.sum()
/// }
///
/// // Which chunk each of the two workers has begun last.
/// let latest = Mutex::new([None; 2]);
/// let on = Executor::builder(Model::Threads).workers(2).build()?.observe(move |event| {
///     if let Event::Started(start) = event {
///         latest.lock().unwrap()[start.worker] = Some(start.chunk);
///     }
/// });
/// on.for_each((0..100).split_into(10), add_up)?;
/// # Ok::<(), threefold::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Start {
    /// The number of the chunk, counted from 0.
    pub chunk: u64,
    /// The number of the worker that runs the chunk: from 0 to below the executor's number of workers.
    pub worker: usize,
    /// When the chunk began, on the monotonic clock of this machine, in whichever process it runs. If the chunk finishes,
    /// its [`Span`] has the same time.
    pub started: Instant,
    /// The number of the attempt, counted from 1.
    pub attempt: u32,
}

/// How far a fold has come, which [`Event::Progress`] reports: all that a progress bar needs.
///
/// ```
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicU64, Ordering};
/// use threefold::Event;
/// use threefold::prelude::*;
///
/// #[task]
/// fn add_up(chunk: std::ops::Range<u64>) -> u64 {
///     chunk.sum()
/// }
///
/// let percent = Arc::new(AtomicU64::new(0));
/// let bar = Arc::clone(&percent);
/// let on = Executor::new(Model::Threads)?.observe(move |event| {
///     if let Event::Progress(progress) = event
///         && let Some(chunks) = progress.chunks
///     {
///         bar.fetch_max(100 * progress.ended() / chunks, Ordering::Relaxed);
///     }
/// });
/// on.for_each((0..100).split_into(10), add_up)?;
/// assert_eq!(percent.load(Ordering::Relaxed), 100);
/// # Ok::<(), threefold::Error>(())
/// ```
///
/// The numbers count the chunks of one fold. If several threads tell their progress at the same time, a smaller number may
/// be sent after a larger one, so keep the larger one, as the example does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// The number of all chunks. It is `None` as long as an iterator that gives the chunks of a
    /// [`stream`](crate::Executor::stream) has not ended.
    pub chunks: Option<u64>,
    /// How many chunks are finished, those of a journal included.
    pub finished: u64,
    /// How many chunks have failed for good.
    pub failed: u64,
}

impl Progress {
    /// How many chunks are finished or have failed for good.
    ///
    /// ```
    /// use threefold::Event;
    /// use threefold::prelude::*;
    ///
    /// #[task]
    /// fn reciprocal(n: u32) -> u32 {
    ///     100 / n
    /// }
    ///
    /// let on = Executor::new(Model::Sequential)?.observe(|event| {
    ///     if let Event::Progress(progress) = event {
    ///         assert_eq!(progress.ended(), progress.finished + progress.failed);
    ///     }
    /// });
    /// on.map_results(Items(vec![5, 0]), reciprocal)?;
    /// # Ok::<(), threefold::Error>(())
    /// ```
    pub fn ended(&self) -> u64 {
        self.finished + self.failed
    }
}

/// Called with each event, on whichever thread it happens.
pub(crate) type Observer = Arc<dyn Fn(&Event<'_>) + Send + Sync>;
