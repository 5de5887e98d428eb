//! `Fold`: one fold while it runs, as every backend sees it.
//!
//! What is the same on every model lives here, once: which chunks may start, the lowest failure, cancelling, and what
//! observers and traces are told.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Instant;

use crate::backend::Backend;
use crate::claims::Claims;
use crate::current::Context;
use crate::error::{Attempt, Cause, Error, Place};
use crate::job::Job;
use crate::model::Model;
use crate::panics::Panic;
use crate::trace::{Event, Recorder, Span};

/// One running fold.
pub(crate) struct Fold {
    pub(crate) job: Arc<dyn Job>,
    pub(crate) chunks: u64,
    /// Shared apart from the rest, so that a worker can give up the fold, and the user's values in it, before it leaves.
    pub(crate) claims: Arc<Claims>,
    model: Model,
    backend: Weak<dyn Backend>,
    recorder: Option<Recorder>,
    cancelled: AtomicBool,
    /// The failure with the lowest position so far: the first chunk that has no output because of it.
    failure: Mutex<Option<(u64, Error)>>,
    /// Wakes a backend that waits, when the limit falls.
    alarm: Mutex<Option<Alarm>>,
}

/// Called from any thread; returns at once.
type Alarm = Box<dyn Fn() + Send>;

impl Fold {
    pub(crate) fn new(
        job: Arc<dyn Job>,
        chunks: u64,
        model: Model,
        backend: &Arc<dyn Backend>,
        recorder: Option<Recorder>,
    ) -> Self {
        Self {
            job,
            chunks,
            claims: Arc::new(Claims::new(chunks)),
            model,
            backend: Arc::downgrade(backend),
            recorder,
            cancelled: AtomicBool::new(false),
            failure: Mutex::new(None),
            alarm: Mutex::new(None),
        }
    }

    /// What a thread that works for this fold enters.
    pub(crate) fn context(self: &Arc<Self>) -> Context {
        Context { model: self.model, backend: Weak::clone(&self.backend), fold: Some(Arc::clone(self)) }
    }

    /// Runs those chunks of `block` that may still start, on this thread. A panic ends up as the fold's failure.
    pub(crate) fn run(&self, block: Range<u64>, worker: usize) {
        self.job.run(block, self, worker);
    }

    /// Whether `chunk` may still start.
    pub(crate) fn may_start(&self, chunk: u64) -> bool {
        self.claims.may_start(chunk)
    }

    /// A chunk begins here: the time, where somebody wants to know.
    pub(crate) fn started(&self) -> Option<Instant> {
        self.recorder.is_some().then(Instant::now)
    }

    /// A chunk that began at `started` is done.
    pub(crate) fn finished(&self, chunk: u64, worker: usize, started: Option<Instant>) {
        if let (Some(recorder), Some(started)) = (&self.recorder, started) {
            recorder.record(Span { chunk, worker, started, duration: started.elapsed(), attempt: 1 });
        }
    }

    /// A chunk is done that ran elsewhere.
    #[cfg(feature = "processes")]
    pub(crate) fn record(&self, span: impl FnOnce() -> Span) {
        if let Some(recorder) = &self.recorder {
            recorder.record(span());
        }
    }

    /// A chunk unwound.
    pub(crate) fn panicked(&self, chunk: u64, worker: usize, pid: Option<u32>, panic: Panic) {
        let place =
            Place { worker: Some(worker), pid, attempt: Some(Attempt { number: 1, of: 1 }), ..self.place(chunk) };
        self.fail(chunk, Error::new(Cause::Panic { message: panic.message, at: panic.at }, place));
    }

    /// The place of a failure of `chunk`; who knows more adds it.
    pub(crate) fn place(&self, chunk: u64) -> Place {
        Place { chunk: Some(chunk), range: Some(self.job.describe(chunk)), ..self.place_of_all() }
    }

    /// The place of a failure that is not one chunk's.
    pub(crate) fn place_of_all(&self) -> Place {
        Place { model: Some(self.model), task: Some(self.job.task()), ..Place::default() }
    }

    /// The fold has no output for chunk `position`, because of `error`. The lowest position is the one reported.
    pub(crate) fn fail(&self, position: u64, error: Error) {
        if let Some(recorder) = &self.recorder {
            recorder.tell(&Event::Failed(&error));
        }
        {
            let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
            if failure.as_ref().is_none_or(|(lowest, _)| position < *lowest) {
                *failure = Some((position, error));
            }
        }
        self.stop_at(position);
    }

    /// The machinery failed, for no chunk in particular: everything stops.
    #[cfg(feature = "processes")]
    pub(crate) fn abort(&self, error: Error) {
        self.fail(0, error);
    }

    /// Chunk `chunk` is done and its output ends the fold: nothing above starts.
    pub(crate) fn stop_after(&self, chunk: u64) {
        self.stop_at(chunk + 1);
    }

    /// Starts no further chunk, and ends those in flight where the model can.
    pub(crate) fn cancel(&self) {
        // Relaxed: the flag is only ever asked for; what is shared travels under the locks and the claims.
        self.cancelled.store(true, Ordering::Relaxed);
        self.stop_at(0);
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    fn stop_at(&self, chunk: u64) {
        self.claims.stop_at(chunk);
        if let Some(alarm) = &*self.alarm.lock().unwrap_or_else(PoisonError::into_inner) {
            alarm();
        }
    }

    /// Has `alarm` called whenever the limit falls from now on. Ask for the limit once after this.
    #[cfg(any(feature = "async", feature = "processes"))]
    pub(crate) fn on_stop(&self, alarm: impl Fn() + Send + 'static) {
        *self.alarm.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(alarm));
    }

    /// What the trace was told so far.
    pub(crate) fn spans(&self) -> Vec<Span> {
        self.recorder.as_ref().map(Recorder::take).unwrap_or_default()
    }

    /// Why the fold did not come to its end.
    pub(crate) fn why(&self) -> Error {
        if self.is_cancelled() {
            return Error::new(Cause::Cancelled, self.place_of_all());
        }
        let failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner).take();
        failure.expect("a fold that stops early has a failure").1
    }
}
