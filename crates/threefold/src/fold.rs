//! `Fold`: one fold while it runs, as every backend sees it.
//!
//! What is the same on every model lives here, once: which chunks may start ([`claims`]), what became of each
//! ([`outputs`]), what a failure means ([`policy`]), who is told ([`notify`]), and what observers and traces are told
//! ([`recorder`]). A fold knows its chunks by number only; their types end in [`work`].

use std::any::Any;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use crate::error::{Cause, Error};
use crate::model::Model;
use crate::trace::{Event, Span};

pub(crate) mod chunk;
pub(crate) mod claims;
mod failure;
pub(crate) mod gate;
pub(crate) mod group;
pub(crate) mod job;
pub(crate) mod notify;
pub(crate) mod outputs;
pub(crate) mod policy;
pub(crate) mod recorder;
mod sync;
pub(crate) mod work;

use claims::Claims;
use gate::Gate;
use group::{Group, Membership};
use job::Job;
use notify::Notify;
use policy::Policy;
use recorder::Recorder;

/// One running fold.
pub(crate) struct Fold {
    pub(crate) job: Arc<dyn Job>,
    pub(crate) chunks: u64,
    pub(crate) model: Model,
    pub(crate) policy: Policy,
    pub(crate) gate: Arc<Gate>,
    /// Those who run chunks: told when the limit falls, and when the window opens after it was closed.
    pub(crate) workers: Notify,
    /// Folds that are nested in chunks of this one, by the number of the chunk.
    nested: Group<Fold>,
    recorder: Option<Recorder>,
    cancelled: AtomicBool,
    /// Why nothing can go on, where that is no chunk's failure.
    aborted: Mutex<Option<Error>>,
}

impl Fold {
    pub(crate) fn new(
        job: Arc<dyn Job>,
        chunks: u64,
        model: Model,
        policy: Policy,
        recorder: Option<Recorder>,
    ) -> Self {
        Self {
            job,
            chunks,
            model,
            policy,
            gate: Gate::new(chunks, claims::WINDOW),
            workers: Notify::default(),
            nested: Group::default(),
            recorder,
            cancelled: AtomicBool::new(false),
            aborted: Mutex::default(),
        }
    }

    pub(crate) fn claims(&self) -> &Claims {
        &self.gate.claims
    }

    /// Runs those chunks of `block` that may still start, on this thread. A panic ends up as the fold's failure.
    pub(crate) fn run(&self, block: Range<u64>, worker: usize) {
        self.job.run(block, self, worker);
    }

    /// Whether `chunk` may still start.
    pub(crate) fn may_start(&self, chunk: u64) -> bool {
        self.claims().may_start(chunk)
    }

    /// A chunk begins here: the time, where somebody wants to know.
    pub(crate) fn started(&self) -> Option<Instant> {
        self.recorder.is_some().then(Instant::now)
    }

    /// A chunk that began at `started` is done, at this attempt.
    pub(crate) fn finished(&self, chunk: u64, worker: usize, attempt: u32, started: Option<Instant>) {
        if let Some(started) = started {
            self.record(|| Span { chunk, worker, started, duration: started.elapsed(), attempt });
        }
    }

    /// A chunk is done.
    pub(crate) fn record(&self, span: impl FnOnce() -> Span) {
        if self.recorder.as_ref().is_some_and(|recorder| !recorder.record(span())) {
            self.cancel();
        }
    }

    /// Values or a failure are kept; `is_next` where the caller can take them at once.
    pub(crate) fn arrived(&self, is_next: bool) {
        if is_next {
            self.gate.caller.tell();
        }
    }

    /// The caller has taken all chunks below `chunk`.
    pub(crate) fn taken(&self, chunk: u64) {
        if self.claims().take(chunk) {
            self.workers.tell();
        }
    }

    /// A chunk failed and will be run again.
    pub(crate) fn retried(&self, error: impl FnOnce() -> Error) {
        if let Some(recorder) = self.recorder.as_ref().filter(|recorder| recorder.is_observed())
            && !recorder.tell(&Event::Retried(&error()))
        {
            self.cancel();
        }
    }

    /// The fold has no output for chunk `position`, because of `error`. Nothing above starts, unless failures are kept.
    pub(crate) fn fail(&self, position: u64, error: Error) {
        if self.recorder.as_ref().is_some_and(|recorder| !recorder.tell(&Event::Failed(&error))) {
            self.cancel();
        }
        let is_next = self.job.fail(position, error);
        if !self.policy.keeps_going {
            self.stop_at(position);
        }
        self.arrived(is_next);
    }

    /// The machinery failed, for no chunk in particular: everything stops.
    #[cfg(any(feature = "async", feature = "processes"))]
    pub(crate) fn abort(&self, error: Error) {
        self.aborted.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        self.stop_at(0);
    }

    /// Chunk `chunk` is done and its output ends the fold: nothing above starts.
    pub(crate) fn stop_after(&self, chunk: u64) {
        self.stop_at(chunk + 1);
    }

    /// Starts no further chunk, and ends those in flight where the model can, with the folds that are nested in them.
    pub(crate) fn cancel(&self) {
        // Relaxed: the flag is only ever asked for; what is shared travels under the locks and the claims.
        self.cancelled.store(true, Ordering::Relaxed);
        self.stop_at(0);
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    fn stop_at(&self, chunk: u64) {
        self.claims().stop_at(chunk);
        self.workers.tell();
        // It may wait for a window that will not open any more.
        self.gate.caller.tell();
        // Their outputs are not wanted any more.
        self.nested.tell_from(chunk, Fold::cancel);
    }

    /// `nested` was asked for in `chunk` of this fold, and ends with it, until the result is dropped.
    pub(crate) fn adopt(&self, chunk: u64, nested: &Arc<Fold>) -> Membership<'_, Fold> {
        let membership = self.nested.join(chunk, nested);
        if !self.may_start(chunk) {
            nested.cancel();
        }
        membership
    }

    /// What the traces and the caller are told at the end: the spans, the bytes between processes, an observer's panic.
    pub(crate) fn recorder(&self) -> Option<&Recorder> {
        self.recorder.as_ref()
    }

    /// So many bytes went between processes.
    #[cfg(feature = "processes")]
    pub(crate) fn moved(&self, bytes: u64) {
        if let Some(recorder) = &self.recorder {
            recorder.moved(bytes);
        }
    }

    /// The panic of an observer, which cancelled the fold.
    pub(crate) fn observer_panic(&self) -> Option<Box<dyn Any + Send>> {
        self.recorder.as_ref().and_then(Recorder::take_panic)
    }

    /// Why the fold did not come to its end, where no chunk failed.
    pub(crate) fn why(&self) -> Error {
        if self.is_cancelled() {
            return Error::new(Cause::Cancelled, self.place_of_all());
        }
        let aborted = self.aborted.lock().unwrap_or_else(PoisonError::into_inner).take();
        aborted.expect("a fold that ends early without a failure was cancelled or aborted")
    }
}
