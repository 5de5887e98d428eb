//! `Recorder`: collects the spans of one fold, counts its chunks, and tells its observers.
//!
//! A fold that nobody observes or traces has no recorder, and pays nothing for it but the question whether it has one.

use std::any::Any;
use std::fmt;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::error::Error;
use crate::panics;
use crate::trace::scope::Scope;
use crate::trace::{Event, Observer, Progress, Span, Start};

/// The number of chunks if it is not known yet. No fold has so many.
const UNKNOWN: u64 = u64::MAX;

/// The spans, the observers and the traffic of one fold.
pub(crate) struct Recorder {
    /// The spans so far, if a trace is wanted.
    spans: Option<Mutex<Vec<Span>>>,
    bytes_moved: AtomicU64,
    bytes_told: AtomicU64,
    observers: Vec<Observer>,
    /// Observers run in the span of the fold's caller, on whichever thread.
    scope: Scope,
    /// The number of all chunks, or [`UNKNOWN`].
    chunks: AtomicU64,
    finished: AtomicU64,
    failed: AtomicU64,
    /// Whether an observer has panicked. No observer is called any more after that.
    is_broken: AtomicBool,
    /// The first panic of an observer, which continues on the caller's thread.
    panic: Mutex<Option<Box<dyn Any + Send>>>,
}

impl Recorder {
    /// The recorder of a fold with so many chunks, if this number is known. `None` if nobody wants to know, so that chunks
    /// need not be timed.
    pub(crate) fn new(traced: bool, observers: &[Observer], scope: &Scope, chunks: Option<u64>) -> Option<Box<Self>> {
        let new = || Self {
            spans: traced.then(Mutex::default),
            bytes_moved: AtomicU64::new(0),
            bytes_told: AtomicU64::new(0),
            observers: observers.to_vec(),
            scope: scope.clone(),
            chunks: AtomicU64::new(chunks.unwrap_or(UNKNOWN)),
            finished: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            is_broken: AtomicBool::new(false),
            panic: Mutex::default(),
        };
        (traced || !observers.is_empty()).then(|| Box::new(new()))
    }

    /// These chunks count as finished. Tells the observers. Returns `false` if one has panicked.
    pub(crate) fn resume(&self, chunks: &[Range<u64>]) -> bool {
        let count = chunks.iter().map(|chunks| chunks.end - chunks.start).sum();
        self.finished.fetch_add(count, Ordering::Relaxed);
        self.observers.is_empty() || self.tell(&Event::Resumed { chunks })
    }

    /// Tells the observers that the fold begins. Returns `false` if one has panicked.
    pub(crate) fn begin(&self) -> bool {
        self.tell_progress()
    }

    /// The number of all chunks is known now.
    pub(crate) fn ends_at(&self, chunks: u64) {
        self.chunks.store(chunks, Ordering::Relaxed);
    }

    /// Tells the observers that an attempt at a chunk begins. Returns `false` if one has panicked.
    pub(crate) fn start(&self, start: impl FnOnce() -> Start) -> bool {
        self.observers.is_empty() || self.tell(&Event::Started(&start()))
    }

    /// Keeps the span and tells the observers. Returns `false` if one has panicked.
    pub(crate) fn record(&self, span: Span) -> bool {
        let well = self.observers.is_empty() || {
            let well = self.tell(&Event::Finished(&span));
            self.finished.fetch_add(1, Ordering::Relaxed);
            well && self.tell_progress()
        };
        if let Some(spans) = &self.spans {
            spans.lock().unwrap_or_else(PoisonError::into_inner).push(span);
        }
        well
    }

    /// Tells the observers that a chunk has failed for good. Returns `false` if one has panicked.
    pub(crate) fn fail(&self, error: &Error) -> bool {
        self.observers.is_empty() || {
            let well = self.tell(&Event::Failed(error));
            self.failed.fetch_add(1, Ordering::Relaxed);
            well && self.tell_progress()
        }
    }

    /// Relaxed, here and where the numbers are changed: each is a number of its own, and none of them publishes data. The
    /// thread that tells has counted its own chunk. It may tell an old number after a newer one of another thread, as the
    /// documentation says: the order could only be kept with a lock that is held while observers run.
    fn tell_progress(&self) -> bool {
        let chunks = self.chunks.load(Ordering::Relaxed);
        let chunks = (chunks != UNKNOWN).then_some(chunks);
        let (finished, failed) = (self.finished.load(Ordering::Relaxed), self.failed.load(Ordering::Relaxed));
        self.tell(&Event::Progress(Progress { chunks, finished, failed }))
    }

    /// Tells every observer. Returns `false` if one has panicked, now or before. The panic is kept, since here it would
    /// unwind through a worker.
    pub(crate) fn tell(&self, event: &Event<'_>) -> bool {
        // Acquire: pairs with the store below, so that a thread that gets here after a panic sees it.
        if self.is_broken.load(Ordering::Acquire) {
            return false;
        }
        // Unwind-safe: after a panic this fold calls no observer again. Whether another fold does is up to its owner. A
        // subscriber may panic as well when the caller's span is entered.
        let told = catch_unwind(AssertUnwindSafe(|| {
            let _listening = self.scope.listen();
            self.observers.iter().for_each(|observer| observer(event));
        }));
        match told {
            Ok(()) => true,
            Err(payload) => {
                self.is_broken.store(true, Ordering::Release);
                let mut first = self.panic.lock().unwrap_or_else(PoisonError::into_inner);
                if first.is_none() {
                    *first = Some(payload);
                } else {
                    drop(first);
                    panics::drop_quietly(payload);
                }
                false
            }
        }
    }

    /// Counts bytes that were sent between processes.
    #[cfg(feature = "processes")]
    pub(crate) fn moved(&self, bytes: u64) {
        // Relaxed: the sum is read after the fold, by the thread that added to it.
        self.bytes_moved.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Counts bytes that tell a worker of its task and of the fold.
    #[cfg(feature = "processes")]
    pub(crate) fn told(&self, bytes: u64) {
        // Relaxed, for the same reason.
        self.bytes_told.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(crate) fn bytes_told(&self) -> u64 {
        self.bytes_told.load(Ordering::Relaxed)
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
