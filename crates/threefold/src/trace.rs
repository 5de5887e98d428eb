//! `Trace` and `Span`: which worker ran which chunk, when; `Event`: the same, told as it happens.

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
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
/// let mut trace = Trace::new();
/// let on = Executor::new(Model::Threads)?;
/// on.trace(&mut trace).for_each((0..100).split(4), add_up)?;
/// assert_eq!(trace.spans().len(), 4);
/// # Ok::<(), threefold::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Trace {
    spans: Vec<Span>,
    bytes_moved: u64,
}

impl Trace {
    /// An empty trace.
    pub fn new() -> Self {
        Self::default()
    }

    /// Every run of a chunk that came to its end, ordered by beginning. Failed folds leave what was done.
    pub fn spans(&self) -> &[Span] {
        &self.spans
    }

    /// How many bytes went to worker processes and came back: tasks, chunks and outputs, with their frames. 0 on models
    /// that share the caller's memory.
    pub fn bytes_moved(&self) -> u64 {
        self.bytes_moved
    }

    pub(crate) fn extend(&mut self, spans: Vec<Span>, bytes_moved: u64) {
        self.spans.extend(spans);
        self.bytes_moved += bytes_moved;
        self.spans.sort_by_key(|span| (span.started, span.chunk));
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

/// Where the spans and events of one fold go.
pub(crate) struct Recorder {
    /// The spans so far, where a trace is wanted.
    spans: Option<Mutex<Vec<Span>>>,
    bytes_moved: AtomicU64,
    observers: Vec<Observer>,
    /// The first panic of an observer, to go on from where the fold was asked for.
    panic: Mutex<Option<Box<dyn Any + Send>>>,
}

impl Recorder {
    /// `None` where nobody wants to know, so that chunks need not be timed.
    pub(crate) fn new(traced: bool, observers: Vec<Observer>) -> Option<Self> {
        (traced || !observers.is_empty()).then(|| Self {
            spans: traced.then(Mutex::default),
            bytes_moved: AtomicU64::new(0),
            observers,
            panic: Mutex::default(),
        })
    }

    /// Keeps the span and tells of it; whether all observers took it well.
    pub(crate) fn record(&self, span: Span) -> bool {
        let well = self.tell(&Event::Finished(&span));
        if let Some(spans) = &self.spans {
            spans.lock().unwrap_or_else(PoisonError::into_inner).push(span);
        }
        well
    }

    /// Tells every observer; whether all of them took it well. A panic is kept: here it would hit a worker.
    pub(crate) fn tell(&self, event: &Event<'_>) -> bool {
        // Unwind-safe: an observer that unwound is not called for another fold unless its owner chooses to.
        let told = catch_unwind(AssertUnwindSafe(|| self.observers.iter().for_each(|observer| observer(event))));
        match told {
            Ok(()) => true,
            Err(payload) => {
                self.panic.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(payload);
                false
            }
        }
    }

    /// So many bytes went between processes.
    #[cfg(feature = "processes")]
    pub(crate) fn moved(&self, bytes: u64) {
        // Relaxed: a sum that is read after the fold, by the thread that added to it.
        self.bytes_moved.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(crate) fn bytes_moved(&self) -> u64 {
        self.bytes_moved.load(Ordering::Relaxed)
    }

    pub(crate) fn is_observed(&self) -> bool {
        !self.observers.is_empty()
    }

    pub(crate) fn take_panic(&self) -> Option<Box<dyn Any + Send>> {
        self.panic.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    pub(crate) fn take(&self) -> Vec<Span> {
        self.spans
            .as_ref()
            .map(|spans| std::mem::take(&mut *spans.lock().unwrap_or_else(PoisonError::into_inner)))
            .unwrap_or_default()
    }
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder").finish_non_exhaustive()
    }
}
