//! `Trace` and `Span`: which worker ran which chunk, when; `Event`: the same, told as it happens.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::error::Error;

/// One run of one chunk.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Span {
    /// The number of the chunk, counted from 0.
    pub chunk: u64,
    /// The number of the worker that ran it, counted from 0, below the executor's number of workers.
    pub worker: usize,
    /// When it began, on this machine's monotonic clock, in whichever process it ran.
    pub started: Instant,
    /// From its beginning to its output. A chunk that waits is counted while it waits.
    pub duration: Duration,
    /// Which attempt it was, counted from 1.
    pub attempt: u32,
}

/// The spans of the folds that it was given to.
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
}

impl Trace {
    /// An empty trace. Clones share what they hold.
    ///
    /// ```
    /// assert!(threefold::Trace::new().spans().is_empty());
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// Every run of a chunk that came to its end, ordered by beginning. Failed folds leave what was done.
    pub fn spans(&self) -> Vec<Span> {
        self.lock().spans.clone()
    }

    /// How many bytes went to worker processes and came back: tasks, chunks and outputs, with their frames. It is 0 on
    /// models that share the caller's memory.
    ///
    /// ```
    /// assert_eq!(threefold::Trace::new().bytes_moved(), 0);
    /// ```
    pub fn bytes_moved(&self) -> u64 {
        self.lock().bytes_moved
    }

    pub(crate) fn extend(&self, spans: &[Span], bytes_moved: u64) {
        let mut record = self.lock();
        record.spans.extend_from_slice(spans);
        record.bytes_moved += bytes_moved;
        record.spans.sort_by_key(|span| (span.started, span.chunk));
    }

    fn lock(&self) -> MutexGuard<'_, Record> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What an observer is told while a fold runs.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A chunk is done.
    Finished(&'a Span),
    /// A chunk failed. The first failure is told at once; a lower chunk may still fail, and is then the one that the
    /// fold reports.
    Failed(&'a Error),
    /// A chunk failed and is run again, as was asked for.
    Retried(&'a Error),
}

/// Called with each event, on whichever thread it happens.
pub(crate) type Observer = Arc<dyn Fn(&Event<'_>) + Send + Sync>;
