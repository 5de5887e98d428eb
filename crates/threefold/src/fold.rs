//! `Fold`: one fold while it runs, as every backend sees it.
//!
//! What is the same on every model lives here, once: which chunks may start, the lowest failure, cancelling, and what
//! observers and traces are told.

use std::any::Any;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
#[cfg(feature = "async")]
use std::time::Duration;
use std::time::Instant;

use crate::backend::Backend;
use crate::backend::current::Context;
use crate::error::{Attempt, Cause, Error, Place};
#[cfg(feature = "async")]
use crate::error::{End, Lost};
use crate::model::Model;
use crate::panics::Panic;
use crate::trace::{Event, Span};

pub(crate) mod claims;
pub(crate) mod policy;
pub(crate) mod recorder;
mod sync;
pub(crate) mod work;

use claims::Claims;
use policy::Policy;
use recorder::Recorder;
use work::Job;

/// One running fold.
pub(crate) struct Fold {
    pub(crate) job: Arc<dyn Job>,
    pub(crate) chunks: u64,
    /// Shared apart from the rest, so that a worker can give up the fold, and the user's values in it, before it leaves.
    pub(crate) claims: Arc<Claims>,
    pub(crate) policy: Policy,
    /// Whether a failure is one chunk's own affair.
    keeps_going: bool,
    model: Model,
    backend: Weak<dyn Backend>,
    recorder: Option<Recorder>,
    cancelled: AtomicBool,
    /// Failures by position: the first chunk that has no output because of it. Only the lowest, unless the fold keeps
    /// going.
    failures: Mutex<BTreeMap<u64, Error>>,
    /// Why nothing can go on, where that is no chunk's failure.
    aborted: Mutex<Option<Error>>,
    /// Wakes a backend that waits, when the limit falls.
    alarm: Mutex<Option<Alarm>>,
}

/// Who asked for a fold.
pub(crate) struct Owner {
    pub(crate) model: Model,
    pub(crate) policy: Policy,
    pub(crate) backend: Weak<dyn Backend>,
}

/// Called from any thread; returns at once.
type Alarm = Box<dyn Fn() + Send>;

impl Fold {
    pub(crate) fn new(
        job: Arc<dyn Job>,
        chunks: u64,
        owner: Owner,
        keeps_going: bool,
        recorder: Option<Recorder>,
    ) -> Self {
        Self {
            job,
            chunks,
            claims: Arc::new(Claims::new(chunks)),
            policy: owner.policy,
            keeps_going,
            model: owner.model,
            backend: owner.backend,
            recorder,
            cancelled: AtomicBool::new(false),
            failures: Mutex::default(),
            aborted: Mutex::default(),
            alarm: Mutex::new(None),
        }
    }

    /// What a thread that works for this fold enters.
    pub(crate) fn context(self: &Arc<Self>) -> Context {
        Context {
            model: self.model,
            policy: self.policy,
            backend: Weak::clone(&self.backend),
            fold: Some(Arc::clone(self)),
        }
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

    /// A chunk that began at `started` is done, at this attempt.
    pub(crate) fn finished(&self, chunk: u64, worker: usize, attempt: u32, started: Option<Instant>) {
        if let (Some(recorder), Some(started)) = (&self.recorder, started) {
            let span = Span { chunk, worker, started, duration: started.elapsed(), attempt };
            if !recorder.record(span) {
                self.cancel();
            }
        }
    }

    /// Whether a chunk that panicked at this attempt is run again.
    pub(crate) fn retries_panic(&self, attempt: u32) -> bool {
        attempt < self.policy.attempts_at_panics()
    }

    /// How often a chunk may be lost, until it is given up.
    #[cfg(any(feature = "async", feature = "processes"))]
    pub(crate) fn attempts(&self) -> u32 {
        self.policy.attempts()
    }

    /// A chunk is done that ran elsewhere.
    #[cfg(feature = "processes")]
    pub(crate) fn record(&self, span: impl FnOnce() -> Span) {
        if self.recorder.as_ref().is_some_and(|recorder| !recorder.record(span())) {
            self.cancel();
        }
    }

    /// A chunk unwound for good, at this attempt, on that worker.
    pub(crate) fn panicked(&self, chunk: u64, attempt: u32, at: Place, panic: Panic) {
        self.fail(chunk, self.panic(chunk, attempt, at, panic));
    }

    /// The error of a chunk that unwound.
    pub(crate) fn panic(&self, chunk: u64, attempt: u32, at: Place, panic: Panic) -> Error {
        let attempt = Attempt { number: attempt, of: self.policy.attempts_at_panics() };
        let place = Place { worker: at.worker, pid: at.pid, attempt: Some(attempt), ..self.place(chunk) };
        Error::new(Cause::Panic { message: panic.message, at: panic.at }, place)
    }

    /// A chunk failed and will be run again.
    pub(crate) fn retried(&self, error: impl FnOnce() -> Error) {
        if let Some(recorder) = self.recorder.as_ref().filter(|recorder| recorder.is_observed())
            && !recorder.tell(&Event::Retried(&error()))
        {
            self.cancel();
        }
    }

    /// Whether a failure is one chunk's own affair.
    #[cfg(feature = "processes")]
    pub(crate) fn keeps_going(&self) -> bool {
        self.keeps_going
    }

    /// Whether nothing above a chunk that unwinds starts.
    #[cfg(feature = "processes")]
    pub(crate) fn stops_at_panics(&self) -> bool {
        !self.keeps_going && self.policy.attempts_at_panics() == 1
    }

    /// A chunk of an `async` task ran out of time for good, at this attempt.
    #[cfg(feature = "async")]
    pub(crate) fn timed_out(&self, chunk: u64, attempt: u32, ran_for: Duration) {
        let end = End::Deadline(self.policy.timeout.unwrap_or(ran_for));
        let lost = Lost { ran_for: Some(ran_for), ..Lost::new(end) };
        let attempt = Attempt { number: attempt, of: self.attempts() };
        self.fail(
            chunk,
            Error::new(Cause::Lost(Box::new(lost)), Place { attempt: Some(attempt), ..self.place(chunk) }),
        );
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
        if self.recorder.as_ref().is_some_and(|recorder| !recorder.tell(&Event::Failed(&error))) {
            self.cancel();
        }
        {
            let mut failures = self.failures();
            if self.keeps_going {
                failures.entry(position).or_insert(error);
                return self.ring();
            }
            if failures.first_key_value().is_none_or(|(&lowest, _)| position < lowest) {
                failures.clear();
                failures.insert(position, error);
            }
        }
        self.stop_at(position);
    }

    /// The machinery failed, for no chunk in particular: everything stops.
    #[cfg(any(feature = "async", feature = "processes"))]
    pub(crate) fn abort(&self, error: Error) {
        self.aborted.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        self.stop_at(0);
    }

    /// The failure of the chunk that is next, in a fold that keeps going.
    pub(crate) fn take_failure(&self, next: impl FnOnce() -> u64) -> Option<(u64, Error)> {
        if !self.keeps_going {
            return None;
        }
        let next = next();
        self.failures().remove(&next).map(|error| (next, error))
    }

    /// The failure that is reported, unless the fold is cancelled or aborted.
    #[cfg(feature = "processes")]
    pub(crate) fn failure(&self) -> Option<Error> {
        self.failures().first_key_value().map(|(_, error)| error.clone())
    }

    fn failures(&self) -> MutexGuard<'_, BTreeMap<u64, Error>> {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner)
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
        self.ring();
    }

    fn ring(&self) {
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

    /// So many bytes went between processes.
    #[cfg(feature = "processes")]
    pub(crate) fn moved(&self, bytes: u64) {
        if let Some(recorder) = &self.recorder {
            recorder.moved(bytes);
        }
    }

    /// How many bytes went between processes so far, where somebody wants to know.
    pub(crate) fn bytes_moved(&self) -> u64 {
        self.recorder.as_ref().map_or(0, Recorder::bytes_moved)
    }

    /// The panic of an observer, which cancelled the fold.
    pub(crate) fn observer_panic(&self) -> Option<Box<dyn Any + Send>> {
        self.recorder.as_ref().and_then(Recorder::take_panic)
    }

    /// Why the fold did not come to its end.
    pub(crate) fn why(&self) -> Error {
        if self.is_cancelled() {
            return Error::new(Cause::Cancelled, self.place_of_all());
        }
        let aborted = self.aborted.lock().unwrap_or_else(PoisonError::into_inner).take();
        let failed = || self.failures().pop_first().map(|(_, error)| error);
        aborted.or_else(failed).expect("a fold that stops early was cancelled, aborted, or has a failure")
    }
}
