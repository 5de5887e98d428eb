//! `Fold`: one fold while it runs, as every backend sees it.
//!
//! What is the same on every model is here, once: which chunks may start ([`claims`]), when the last worker has left
//! ([`gate`]), the results of the chunks ([`outputs`]), what a failure means ([`policy`]), who is woken ([`notify`]),
//! and what observers and traces are told ([`recorder`]). A fold knows its chunks by number only; their types end in
//! [`work`].

use std::any::Any;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering, fence};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::task::Waker;
use std::time::Instant;

use crate::error::{Cause, Error};
use crate::model::Model;
use crate::trace::scope::Scope;
use crate::trace::{Event, Span, Start};

pub(crate) mod chunk;
pub(crate) mod claims;
mod failure;
#[cfg_attr(
    not(all(feature = "journal", feature = "processes")),
    allow(dead_code, reason = "only journals have finished chunks, and only workers elsewhere need their number")
)]
pub(crate) mod finished;
pub(crate) mod gate;
pub(crate) mod group;
pub(crate) mod job;
pub(crate) mod notify;
pub(crate) mod outputs;
pub(crate) mod policy;
pub(crate) mod recorder;
#[cfg(feature = "journal")]
pub(crate) mod recording;
#[cfg(not(feature = "journal"))]
#[path = "fold/unrecorded.rs"]
pub(crate) mod recording;
mod states;
mod sync;
pub(crate) mod tree;
pub(crate) mod unpark;
mod whole;
pub(crate) mod work;

use claims::Claims;
use gate::Gate;
use group::Group;
use job::Job;
use notify::Notify;
use policy::Policy;
use recorder::Recorder;

/// One running fold, with its job in place: all of it is one allocation. The type `J` of the job is erased as soon as the
/// fold is made.
pub(crate) struct Fold<J: ?Sized = dyn Job> {
    /// Where the fold runs: the backend's own, of which nothing is known here. Weak: a worker that is still leaving a
    /// fold must not be the one that drops the executor.
    pub(crate) home: Weak<dyn Any + Send + Sync>,
    pub(crate) chunks: u64,
    pub(crate) model: Model,
    pub(crate) policy: Policy,
    /// Who listens to the events of its tasks.
    pub(crate) scope: Scope,
    claims: Claims,
    /// See [`Fold::gate`].
    gate: OnceLock<Arc<Gate>>,
    /// Those who run chunks. They are told when the limit falls, and when the window opens after it has turned somebody
    /// away.
    pub(crate) workers: Notify,
    /// See [`Fold::nested`]. Apart, so that a nested fold need not own this one: it may end later.
    nested: OnceLock<Arc<Group<Fold>>>,
    /// In a box, since few folds have one.
    recorder: Option<Box<Recorder>>,
    cancelled: AtomicBool,
    /// What tasks have printed is lost.
    unprinted: AtomicBool,
    /// The failure that belongs to no chunk, if there was one.
    aborted: Mutex<Option<Error>>,
    pub(crate) job: J,
}

impl<J> Fold<J> {
    pub(crate) fn new(
        job: J,
        claims: Claims,
        (model, home): (Model, Weak<dyn Any + Send + Sync>),
        policy: Policy,
        scope: Scope,
        recorder: Option<Box<Recorder>>,
    ) -> Self {
        Self {
            home,
            chunks: claims.limit(),
            model,
            policy,
            scope,
            claims,
            gate: OnceLock::new(),
            workers: Notify::default(),
            nested: OnceLock::new(),
            recorder,
            cancelled: AtomicBool::new(false),
            unprinted: AtomicBool::new(false),
            aborted: Mutex::default(),
            job,
        }
    }
}

impl Fold {
    pub(crate) fn claims(&self) -> &Claims {
        &self.claims
    }

    /// Where workers enter and leave, and where the caller waits for them. It is made when it is first asked for.
    pub(crate) fn gate(&self) -> &Arc<Gate> {
        self.gate.get_or_init(Gate::new)
    }

    /// How many workers can have a chunk at the same time, at most `most` and at least 1.
    #[cfg(feature = "processes")]
    pub(crate) fn occupies(&self, most: usize) -> usize {
        let chunks = self.claims.finished().map_or(self.chunks, |finished| self.chunks - finished.count());
        most.min(usize::try_from(chunks).unwrap_or(usize::MAX)).max(1)
    }

    /// Whether the journal has the outputs of all chunks.
    #[cfg(feature = "processes")]
    pub(crate) fn is_recorded(&self) -> bool {
        self.claims.finished().is_some_and(|finished| finished.count() == self.chunks)
    }

    /// How many workers other than the caller are inside, at about this time.
    pub(crate) fn helpers(&self) -> usize {
        self.gate.get().map_or(0, |gate| gate.inside())
    }

    /// Whether a worker other than the caller has come, at about this time.
    pub(crate) fn had_help(&self) -> bool {
        self.gate.get().is_some_and(|gate| gate.was_entered())
    }

    /// Whether every chunk that may run has run, and nobody is inside. The caller asks this after its own part, when no
    /// further worker can find the fold.
    ///
    /// A fold without a gate has had no worker but its caller. A worker that finds the fold in a list enters, and so
    /// makes the gate, under the lock of the list, which the caller has had after that.
    pub(crate) fn is_done(&self) -> bool {
        // The order matters: see `Gate::is_idle`.
        self.claims.is_over() && self.gate.get().is_none_or(|gate| gate.is_idle())
    }

    /// Runs the chunks of `block` that may still start, on this thread. A panic of the task becomes a failure of its
    /// chunk.
    pub(crate) fn run(&self, block: Range<u64>, worker: usize) {
        self.job.run(block, self, worker);
    }

    /// Whether `chunk` may still start.
    pub(crate) fn may_start(&self, chunk: u64) -> bool {
        self.claims.may_start(chunk)
    }

    /// An attempt at a chunk begins. Tells the observers, and returns the time, if a trace or an observer wants to know.
    #[inline]
    pub(crate) fn started(&self, chunk: u64, worker: usize, attempt: u32) -> Option<Instant> {
        if self.recorder.is_some() { Some(self.tell_start(chunk, worker, attempt)) } else { None }
    }

    /// Apart, so that the loop over cheap chunks stays small.
    #[cold]
    fn tell_start(&self, chunk: u64, worker: usize, attempt: u32) -> Instant {
        let started = Instant::now();
        self.start(|| Start { chunk, worker, started, attempt });
        started
    }

    /// Tells the observers that an attempt at a chunk has begun.
    pub(crate) fn start(&self, start: impl FnOnce() -> Start) {
        if self.recorder.as_ref().is_some_and(|recorder| !recorder.start(start)) {
            self.cancel();
        }
    }

    /// Tells the observers that the fold begins.
    pub(crate) fn begin(&self) {
        if self.recorder.as_ref().is_some_and(|recorder| recorder.is_observed() && !recorder.begin()) {
            self.cancel();
        }
    }

    /// Records that a chunk which began at `started` is finished, at this attempt.
    #[inline]
    pub(crate) fn finished(&self, chunk: u64, worker: usize, attempt: u32, started: Option<Instant>) {
        if let Some(started) = started {
            self.record(|| Span { chunk, worker, started, duration: started.elapsed(), attempt });
        }
    }

    /// Records the span of a finished chunk.
    pub(crate) fn record(&self, span: impl FnOnce() -> Span) {
        if self.recorder.as_ref().is_some_and(|recorder| !recorder.record(span())) {
            self.cancel();
        }
    }

    /// Tells the caller that outputs or a failure were kept, if it can take them at once (`is_next`).
    pub(crate) fn arrived(&self, is_next: bool) {
        if is_next {
            self.gate().caller.tell();
        }
    }

    /// The caller has taken all chunks below `chunk`, which moves the window.
    ///
    /// A fold that is not larger than the window is never held up by it. So the window need not move, which would take a
    /// fence for each block of the caller.
    pub(crate) fn taken(&self, chunk: u64) {
        if self.chunks > self.claims.window() && self.claims.take(chunk) {
            self.workers.tell();
        }
    }

    /// The caller has taken `count` outputs in any order, of which the journal had `recorded`. This moves the window, which
    /// bounds how many chunks have begun and were not taken.
    pub(crate) fn taken_in_any_order(&self, count: u64, recorded: u64) {
        let finished = self.claims.finished();
        // The chunks that were taken lie anywhere. As many open ones as were run and taken may begin anew.
        self.taken(finished.map_or(count, |finished| finished.nth_open(count - recorded)));
    }

    /// All chunks below `chunk` have come from the iterator that supplies them.
    pub(crate) fn supplied(&self, chunk: u64) {
        if self.claims.supply(chunk) {
            self.workers.tell();
        }
    }

    /// There are no chunks from `chunk` on.
    pub(crate) fn ends_at(&self, chunk: u64) {
        if let Some(recorder) = &self.recorder {
            recorder.ends_at(chunk);
        }
        self.stop_at(chunk);
    }

    /// Tells the observers that the journal has these chunks of the fold.
    pub(crate) fn resumed(&self, chunks: &[Range<u64>]) {
        let recorder = self.recorder.as_ref().filter(|_| !chunks.is_empty());
        if recorder.is_some_and(|recorder| !recorder.resume(chunks)) {
            self.cancel();
        }
    }

    /// Tells the observers that a chunk failed and will be run again.
    pub(crate) fn retried(&self, error: impl FnOnce() -> Error) {
        if let Some(recorder) = self.recorder.as_ref().filter(|recorder| recorder.is_observed())
            && !recorder.tell(&Event::Retried(&error()))
        {
            self.cancel();
        }
    }

    /// The fold gets no output for chunk `position`, because of `error`. No chunk above it starts any more, unless
    /// failures are kept.
    ///
    /// The error may name a higher chunk. If a worker process is lost together with outputs that it had not sent,
    /// `position` is the lowest of the lost chunks, and the error names the one that was running.
    pub(crate) fn fail(&self, position: u64, error: Error) {
        if !self.counts_results() {
            return;
        }
        if self.recorder.as_ref().is_some_and(|recorder| !recorder.fail(&error)) {
            self.cancel();
        }
        let is_next = self.job.fail(position, error);
        if !self.policy.keeps_going {
            self.stop_at(position);
        }
        self.arrived(is_next);
    }

    /// Something failed that belongs to no chunk: the whole fold stops.
    pub(crate) fn abort(&self, error: Error) {
        self.aborted.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        self.stop_at(0);
    }

    /// Chunk `chunk` is finished, and its output ends the fold: no chunk above it starts any more.
    pub(crate) fn stop_after(&self, chunk: u64) {
        self.stop_at(chunk + 1);
    }

    /// No chunk starts any more. Running chunks are stopped if the model can, and the folds that are nested in them are
    /// cancelled. The thread holds no lock.
    pub(crate) fn cancel(&self) {
        self.cancel_quietly().into_iter().for_each(notify::wake);
    }

    /// Cancels the fold, as [`cancel`](Self::cancel) does, on a thread that may hold locks. Returns the wakers of the
    /// futures that await this fold and those in it, which are to be [woken](notify::wake) when no lock is held.
    #[must_use]
    pub(crate) fn cancel_quietly(&self) -> Vec<Waker> {
        // Relaxed: the fall of the limit, which follows, publishes it. See `why`.
        self.cancelled.store(true, Ordering::Relaxed);
        self.stop_quietly(0)
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    /// Whether a result that has come about on this thread counts. After a cancel it does not: a task that asks whether
    /// it is cancelled may return anything, and one whose nested folds were cancelled may panic. A task can learn of the
    /// cancel only by what this asks too, so a result that counts was made without knowledge of it.
    ///
    /// In a fold that ends at its first failure this need not be asked, since after a cancel its caller takes nothing.
    pub(crate) fn counts_results(&self) -> bool {
        !(self.policy.keeps_going && self.is_cancelled())
    }

    /// No chunk from `chunk` on starts any more. The thread holds no lock.
    fn stop_at(&self, chunk: u64) {
        self.stop_quietly(chunk).into_iter().for_each(notify::wake);
    }

    /// No chunk from `chunk` on starts any more. Returns the wakers of futures.
    ///
    /// The limit falls first, and then everybody is told who may act on it: a worker that claims or checks a chunk
    /// later sees the new limit by itself, and one that waits is woken and looks again.
    fn stop_quietly(&self, chunk: u64) -> Vec<Waker> {
        self.claims.stop_at(chunk);
        let worker = self.workers.tell_ours();
        // The caller may wait for a window that will not open any more. If it is about to register with the gate, the
        // lock of its list orders the two.
        let caller = self.gate().caller.tell_ours();
        // Folds that are nested in these chunks work for outputs that are not needed any more.
        let nested = self.nested().tell_from(chunk, Fold::cancel_quietly);
        worker.into_iter().chain(caller).chain(nested.into_iter().flatten()).collect()
    }

    /// The folds that are nested in chunks of this one, each by the number of its chunk. They are cancelled when the chunk
    /// is not needed any more.
    ///
    /// Another thread may lower the limit at the same time. It lowers the limit and then walks the members; the thread of
    /// the nested fold joins them, and learns whether members of its chunk were told. The members' lock orders the two.
    pub(crate) fn nested(&self) -> &Arc<Group<Fold>> {
        self.nested.get_or_init(Arc::default)
    }

    /// What the traces and the caller are told at the end: the spans, the bytes between processes, the panic of an
    /// observer.
    pub(crate) fn recorder(&self) -> Option<&Recorder> {
        self.recorder.as_deref()
    }

    /// Counts bytes that tell a worker of its task and of the fold.
    #[cfg(feature = "processes")]
    pub(crate) fn told(&self, bytes: u64) {
        if let Some(recorder) = &self.recorder {
            recorder.told(bytes);
        }
    }

    /// Counts bytes that were sent between processes.
    #[cfg(feature = "processes")]
    pub(crate) fn moved(&self, bytes: u64) {
        if let Some(recorder) = &self.recorder {
            recorder.moved(bytes);
        }
    }

    /// The reason why the fold ended early, if no chunk failed.
    pub(crate) fn why(&self) -> Error {
        // Acquire: pairs with the fall of the limit, which the caller has seen before it asks. So it sees the reason too.
        fence(Ordering::Acquire);
        if self.is_cancelled() {
            return Error::new(Cause::Cancelled, self.place_of_all());
        }
        let aborted = self.aborted.lock().unwrap_or_else(PoisonError::into_inner).take();
        aborted.expect("a fold that ends early without a failure was cancelled or aborted")
    }
}
