//! How a fold is driven from its start to its result: once, for every model and every verb.
//!
//! The caller's thread does this. It starts the fold, lends its thread to the backend, and takes the outputs
//! ([`taker`](super::taker)) whenever the next one is there. It returns when the fold is over *and* no worker is
//! inside it any more, so that everything it passed in (the source, the task, what its closures borrow) is its own
//! again.

use std::panic::resume_unwind;
use std::thread;

use super::Executor;
use super::reduction::{Reduction, Stops};
use super::registered::{Parent, Registered};
use super::taker::{End, Taker};
use crate::backend::{Caller, Running, current};
use crate::error::{Error, Result};
use crate::fold::claims::{Claims, WINDOW};
use crate::fold::policy::Aim;
use crate::fold::recorder::Recorder;
use crate::fold::work::{Looks, Work};
use crate::fold::{chunk, unpark};
use crate::panics::{self, Payload};
use crate::source::{Pieces, Source};
use crate::task::Task;
use crate::trace::scope::Scope;

impl Executor {
    /// Runs the fold, and reduces the results of its chunks.
    pub(super) fn drive<S, T, R>(&self, source: S, task: T, reduction: R) -> Result<R::Value, R::Error>
    where
        S: Source,
        T: Task<Chunk = S::Chunk>,
        R: Reduction<T::Output>,
    {
        let Some(fold) = self.prepare(source, task, &reduction)? else { return reduction.finish(Ok(())) };
        let work = Work::<S::Pieces, T>::of(&fold);
        let outside = (current::get(), chunk::get());
        let registered = Registered::new(self, &fold, Parent::of(&outside));
        let mut taker = Taker::new((&fold, work), outside, reduction);
        self.run(&fold, &mut taker);
        taker.take_left();
        // `run` has returned, so no worker is inside the fold any more.
        #[cfg(feature = "processes")]
        let parent = self.policy.bisect.then(|| registered.parent());
        drop(registered);
        let Taker { reduction, taken, end, unwanted, .. } = taker;
        let ended = self.conclude::<S::Pieces, T>(&fold, taken == fold.chunks, end, unwanted);
        #[cfg(feature = "processes")]
        let (ended, reduction) = match parent {
            Some(parent) => self.bisect_after::<S::Pieces, T, R>(ended, reduction, (&fold, parent)),
            None => (ended, reduction),
        };
        reduction.finish(ended)
    }

    /// Makes the fold for `reduction`, or gives `None` if there are no chunks.
    pub(super) fn prepare<S, T, R>(&self, source: S, task: T, reduction: &R) -> Result<Option<Running>>
    where
        S: Source,
        T: Task<Chunk = S::Chunk>,
        R: Reduction<T::Output>,
    {
        let pieces = source.into_pieces();
        let chunks = self.count(&pieces)?;
        if chunks == 0 {
            return Ok(None);
        }
        let looks = Looks { for_errs: R::STOPS == Stops::AtErr, for_changes: self.checked.is_first::<T>() };
        // With a journal, outputs are recorded before they are merged, and the caller merges those of earlier runs.
        let tree = if self.has_journal() { None } else { reduction.tree() };
        let recording = self.recording(&pieces, &task, chunks)?;
        let work = Work::new((pieces, task), looks, tree, recording);
        let aim = Aim { keeps_going: R::STOPS == Stops::Never, streams: false };
        self.prepare_work(work, Claims::new(chunks, WINDOW), aim).map(Some)
    }

    /// How many chunks there are.
    pub(super) fn count(&self, pieces: &impl Pieces) -> Result<u64> {
        pieces.count().map_err(|reason| Error::setup(Some(self.model), reason))
    }

    /// Makes the fold of `work`.
    pub(super) fn prepare_work<P, T>(&self, work: Work<P, T>, claims: Claims, aim: Aim) -> Result<Running>
    where
        P: Pieces<Chunk = T::Chunk>,
        T: Task,
    {
        let policy = self.policy.aimed(aim);
        let scope = Scope::of_caller(T::__entry().name, self.model, claims.limit(), || self.home.workers());
        let recorder = Recorder::new(!self.extras.traces.is_empty(), &self.extras.observers, &scope, claims.count());
        let claims = claims.without(work.recording().and_then(|recording| recording.finished()));
        let fold = Running::new(work, claims, (self.model, &self.home), policy, scope, recorder);
        let work = Work::<P, T>::of(&fold);
        if let Err(cause) = work.check_task() {
            return Err(Error::new(cause, fold.place_of_all()));
        }
        if let Some(recording) = work.recording() {
            fold.resumed(recording.ranges());
        }
        fold.begin();
        Ok(fold)
    }

    /// The outcome of a fold in which no worker is any more. The caller `has_all` that there was to take, or not. In
    /// order of precedence: a panic of an observer, a panic of the subscriber, a panic of the reduction, a panic of a
    /// destructor of what is `unwanted` or of a worker's state, the failure of a chunk or of the fold.
    pub(super) fn conclude<P, T>(
        &self,
        fold: &Running,
        has_all: bool,
        end: End,
        unwanted: impl IntoIterator,
    ) -> Result<()>
    where
        P: Pieces<Chunk = T::Chunk>,
        T: Task,
    {
        let work = Work::<P, T>::of(fold);
        // First, so that nothing is lost if a panic continues from here.
        let recorded = work.end_recording();
        if let Some(recorder) = fold.recorder() {
            let (spans, moved, told) = (recorder.take(), recorder.bytes_moved(), recorder.bytes_told());
            self.extras.traces.iter().for_each(|trace| trace.extend(&spans, moved, told));
            if let Some(payload) = recorder.take_panic() {
                unwind(work, unwanted, payload);
            }
        }
        if let Some(payload) = fold.scope.take_panic() {
            unwind(work, unwanted, payload);
        }
        let ended = match end {
            End::Unwound(payload) => unwind(work, unwanted, payload),
            End::Settled => recorded,
            End::Open if has_all && fold.is_whole() => recorded,
            End::Open => Err(fold.why()),
            End::Failed(error) => Err(error),
        };
        drop(unwanted);
        drop(work.states.take_all::<T>());
        ended
    }
}

/// Continues a panic. What is left of the fold is dropped before that: a destructor that panics while the thread unwinds
/// would end the program.
#[cold]
fn unwind<P, T>(work: &Work<P, T>, unwanted: impl IntoIterator, payload: Payload) -> !
where
    P: Pieces<Chunk = T::Chunk>,
    T: Task,
{
    work.outputs.clear();
    unwanted.into_iter().for_each(panics::drop_caught);
    panics::drop_caught(work.states.take_all::<T>());
    resume_unwind(payload)
}

impl Executor {
    /// Runs `fold` to its end. The caller lends its thread to the backend.
    ///
    /// No wake-up is lost. A caller that must wait registers its waker, and then looks once more before it parks. Every
    /// worker first changes the state (it keeps an output, or leaves the gate) and then tells the waker, which leaves a
    /// token at the thread. So if the change comes after the caller has looked, `park` finds the token and returns at
    /// once. A caller that ran every chunk itself has nothing to wait for, and registers nothing.
    pub(super) fn run(&self, fold: &Running, caller: &mut dyn Caller) {
        self.home.start(fold);
        self.home.take_part(fold, caller);
        let mut is_known = false;
        loop {
            // Before the look: it runs code of the user's, which may park and so use up the token of a wake-up.
            caller.ready();
            if fold.is_done() {
                break;
            }
            if is_known {
                // The next output unparks the caller, and so does the last worker that leaves. A token from an earlier
                // wake-up only makes the loop look once more.
                thread::park();
            }
            // After the first look, and before the second.
            fold.gate().caller.register(unpark::this_thread());
            is_known = true;
        }
        // What the last workers kept before they left: `is_done` makes it visible here.
        caller.ready();
    }
}
