//! `FoldPort`: a running fold as its workers elsewhere see it. The only file of this folder that calls the fold.

use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;

use super::dispatch::{Loss, Sent, Terms};
use super::wire::Rules;
use crate::error::{Attempt, Cause, Error, Lost, Place, Rank};
use crate::fold::Fold;
use crate::fold::finished::Finished;
pub(crate) use crate::fold::job::Refused;
use crate::fold::recorder::Recorder;
use crate::panics::{self, Panic};
#[cfg(feature = "tracing")]
pub(crate) use crate::trace::replay::Replay;
#[cfg(feature = "tracing")]
use crate::trace::scope::ChunkSpan;
#[cfg(not(feature = "tracing"))]
use crate::trace::scope::Nothing as ChunkSpan;
#[cfg(not(feature = "tracing"))]
pub(crate) use crate::trace::unheard::Replay;
use crate::trace::{Span, Start};

/// A running fold.
pub(crate) struct FoldPort<'a> {
    fold: &'a Arc<Fold>,
}

/// Where a chunk ran.
#[derive(Clone, Debug)]
pub(crate) struct Spot {
    pub(crate) worker: usize,
    pub(crate) pid: Option<u32>,
    pub(crate) rank: Option<Rank>,
}

impl Spot {
    fn on(self, place: Place) -> Place {
        place.at(Place { worker: Some(self.worker), pid: self.pid, rank: self.rank, ..Place::default() })
    }
}

impl<'a> FoldPort<'a> {
    pub(crate) fn new(fold: &'a Arc<Fold>) -> Self {
        Self { fold }
    }

    /// What is asked of a dispatcher with so many workers, each for so many chunks in its life.
    pub(crate) fn terms(&self, workers: usize, chunks_per_worker: Option<usize>) -> Terms {
        let policy = &self.fold.policy;
        Terms {
            chunks: self.fold.chunks,
            workers,
            attempts: policy.attempts(),
            attempts_at_panics: policy.attempts_at_panics(),
            keeps_going: policy.keeps_going,
            chunks_per_worker: chunks_per_worker.map(|most| most as u64),
            timeout: policy.timeout.map(|timeout| u64::try_from(timeout.as_nanos()).unwrap_or(u64::MAX)),
            window: self.fold.claims().window(),
        }
    }

    /// The chunks that nobody is to run, if there are any.
    pub(crate) fn finished(&self) -> Option<Arc<Finished>> {
        self.fold.claims().finished().cloned()
    }

    /// What workers do by themselves.
    pub(crate) fn rules(&self) -> Rules {
        let policy = &self.fold.policy;
        Rules {
            // A worker does not know which attempt is the last.
            stop_on_err: self.fold.job.stops_on_err() && policy.attempts_at_errors() == 1,
            stop_on_panic: !policy.keeps_going && policy.attempts_at_panics() == 1,
            // An answer that is held back would fail, or use up an attempt, with a chunk that is not its own. And the taker
            // of a stream would wait for as long as that chunk takes.
            answer_each: policy.keeps_going || policy.attempts() > 1 || policy.streams,
            time_each: policy.timeout.is_some() || self.fold.recorder().is_some(),
            levels: self.fold.scope.levels(),
        }
    }

    /// What a worker finds the task by, and its captures as bytes.
    pub(crate) fn task(&self) -> Result<(Vec<u8>, Vec<u8>), Error> {
        self.fold.job.encode_task().map_err(|cause| Error::new(cause, self.fold.place_of_all()))
    }

    /// Has `waker` woken when the limit falls.
    pub(crate) fn on_stop(&self, waker: Waker) {
        self.fold.workers.register(waker);
    }

    /// One past the last chunk that may start.
    pub(crate) fn limit(&self) -> u64 {
        self.fold.claims().limit()
    }

    /// One past the last chunk that may be sent for now. If chunk `next` may not, the waker of [`on_stop`](Self::on_stop)
    /// is called when the window moves: the caller may take outputs on another thread.
    pub(crate) fn window_end(&self, next: u64) -> u64 {
        self.fold.claims().window_end(next)
    }

    /// Every chunk below the limit is done.
    pub(crate) fn settled(&self) {
        self.fold.claims().claimed_up_to(self.limit());
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        self.fold.is_cancelled()
    }

    /// Whether results still count.
    pub(crate) fn counts_results(&self) -> bool {
        self.fold.counts_results()
    }

    /// Appends `chunk` as bytes.
    pub(crate) fn encode(&self, chunk: u64, out: &mut Vec<u8>) -> Result<(), Cause> {
        self.fold.job.encode(chunk, out)
    }

    /// The serialized source, if workers cut the chunks from it.
    pub(crate) fn source(&self) -> Option<Vec<u8>> {
        self.fold.job.source()
    }

    /// Restores and keeps the outputs of the chunks from `first` on. Returns how many were kept. The next one may be
    /// refused.
    pub(crate) fn decode(
        &self,
        first: u64,
        attempt: u32,
        outputs: &mut dyn Iterator<Item = &[u8]>,
    ) -> (u64, Result<(), Refused>) {
        self.fold.job.decode(first, attempt, outputs, self.fold)
    }

    /// The moment before which a chunk must not run again, after this attempt. The dispatcher was told the time before
    /// the last wait, so this needs a new reading of the clock, if the chunk has to wait at all.
    pub(crate) fn not_before(&self, attempt: u32, now: &dyn Fn() -> u64) -> u64 {
        match u64::try_from(self.fold.pause(attempt).as_nanos()).unwrap_or(u64::MAX) {
            0 => 0,
            pause => now().saturating_add(pause),
        }
    }

    /// The output of a chunk is an `Err`, and the chunk runs again.
    pub(crate) fn erred(&self, sent: Sent, at: Spot) {
        self.fold.retried(|| self.fold.returned_err(sent.chunk, sent.attempt, at.on(Place::default())));
    }

    /// Whether observers want to know when chunks start.
    pub(crate) fn is_observed(&self) -> bool {
        self.fold.recorder().is_some_and(Recorder::is_observed)
    }

    /// A chunk has started.
    pub(crate) fn start(&self, start: impl FnOnce() -> Start) {
        self.fold.start(start);
    }

    /// The task has told `tracing` and `log` this, in a chunk that is not answered yet.
    pub(crate) fn heard(&self, replay: &mut Replay, sent: Sent, worker: usize, records: &[u8]) -> Result<(), ()> {
        let tell = || replay.tell(&self.fold.scope, sent.chunk, || self.span(sent, worker), records);
        self.guarded(tell).unwrap_or(Ok(()))
    }

    /// `count` chunks from this one on are answered.
    pub(crate) fn answered(&self, replay: &mut Replay, sent: Sent, count: u64, worker: usize) {
        let span = |chunk| self.span(Sent { chunk, ..sent }, worker);
        self.guarded(|| replay.answered(&self.fold.scope, sent.chunk, count, span));
    }

    /// The worker is gone, or the fold has ended: the spans that it has not closed are closed.
    pub(crate) fn forget(&self, replay: &mut Replay) {
        self.guarded(|| {
            let _listening = self.fold.scope.listen();
            // Also if a destructor panics, nothing is left to be dropped outside of the guard.
            *replay = Replay::default();
        });
    }

    /// The span of a chunk.
    fn span(&self, sent: Sent, worker: usize) -> ChunkSpan {
        self.fold.scope.chunk(sent.chunk, sent.attempt, worker, || self.fold.job.describe(sent.chunk))
    }

    /// Calls the user's subscriber or logger. If it panics, the fold is cancelled, and the panic continues when the fold
    /// has ended, as that of an observer does.
    fn guarded<R>(&self, tell: impl FnOnce() -> R) -> Option<R> {
        match panics::catch_payload(tell) {
            Ok(told) => Some(told),
            Err(payload) => {
                if let Some(payload) = self.fold.scope.keep_panic(payload) {
                    // There is only a logger.
                    self.give_up(format!("the logger panicked: {}", panics::describe(payload).message));
                }
                self.fold.cancel();
                None
            }
        }
    }

    /// A chunk has run.
    pub(crate) fn record(&self, span: impl FnOnce() -> Span) {
        self.fold.record(span);
    }

    /// `chunk` cannot be sent to any worker.
    pub(crate) fn unsendable(&self, chunk: u64, cause: Cause) {
        self.fold.fail(chunk, Error::new(cause, self.fold.place(chunk)));
    }

    /// A part of `chunk` cannot be serialized or restored.
    pub(crate) fn unportable(&self, chunk: u64, at: Spot, cause: Cause) {
        self.fold.fail(chunk, Error::new(cause, at.on(self.fold.place(chunk))));
    }

    /// A chunk panicked, and has failed for good.
    pub(crate) fn panicked(&self, sent: Sent, at: Spot, panic: Panic) {
        self.fold.panicked(sent.chunk, sent.attempt, at.on(Place::default()), panic);
    }

    /// A chunk panicked, and runs again.
    pub(crate) fn retried_after_panic(&self, sent: Sent, at: Spot, panic: Panic) {
        self.fold.retried(|| self.fold.panic(sent.chunk, sent.attempt, at.on(Place::default()), panic));
    }

    /// A chunk ended after its deadline, and has failed for good.
    pub(crate) fn late(&self, sent: Sent, at: Spot, ran_for: Duration) {
        let error = self.fold.timeout(sent.chunk, sent.attempt, at.on(Place::default()), ran_for);
        self.fold.fail(sent.chunk, error);
    }

    /// A chunk ended after its deadline, and runs again.
    pub(crate) fn retried_after_deadline(&self, sent: Sent, at: Spot, ran_for: Duration) {
        self.fold.retried(|| self.fold.timeout(sent.chunk, sent.attempt, at.on(Place::default()), ran_for));
    }

    /// Chunks were lost with their worker. Returns the error, if it ends the fold.
    pub(crate) fn lost(&self, loss: &Loss, lost: &Lost, at: Spot) -> Option<Error> {
        let error = |sent: &Sent, also: Vec<u64>| {
            let attempt = Attempt { number: sent.attempt, of: self.fold.policy.attempts() };
            let place = Place { attempt: Some(attempt), ..at.clone().on(self.fold.place(sent.chunk)) };
            Error::new(Cause::Lost(Box::new(Lost { also, ..lost.clone() })), place)
        };
        for sent in &loss.again {
            self.fold.retried(|| error(sent, Vec::new()));
        }
        if self.fold.policy.keeps_going {
            for sent in &loss.given_up {
                self.fold.fail(sent.chunk, error(sent, Vec::new()));
            }
        } else if let Some((named, also)) = loss.given_up.split_first() {
            // The first is the one that was running, where there is one: it is named, and the others listed. The fold
            // ends at the lowest of them.
            let mut also: Vec<u64> = also.iter().map(|sent| sent.chunk).collect();
            also.sort_unstable();
            let lowest = also.first().map_or(named.chunk, |&lowest| lowest.min(named.chunk));
            let error = error(named, also);
            self.fold.fail(lowest, error.clone());
            return Some(error);
        }
        None
    }

    /// The machinery has failed: nothing goes on.
    pub(crate) fn abort(&self, error: Error) {
        self.fold.abort(error);
    }

    /// The same, for that reason.
    pub(crate) fn give_up(&self, reason: String) {
        self.abort(Error::setup(self.fold.place_of_all().model, reason));
    }

    /// The same, for a reason that lies in the task.
    pub(crate) fn give_up_task(&self, reason: String) {
        self.abort(Error::new(Cause::Setup { reason, source: None }, self.fold.place_of_all()));
    }

    /// So many bytes tell a worker of its task and of the fold. They are sent later, with all others.
    pub(crate) fn told(&self, bytes: u64) {
        self.fold.told(bytes);
    }

    /// So many bytes went to workers and came from them.
    pub(crate) fn moved(&self, bytes: u64) {
        self.fold.moved(bytes);
    }
}
