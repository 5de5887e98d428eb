//! How a fold is driven from its start to its result: once, for every model and every verb. Chunk order, the lowest
//! failure and panics of the caller's closures are decided here.
//!
//! The caller's thread does this. It starts the fold, lends its thread to the backend, and takes the outputs in chunk
//! order whenever the lowest one that it has not taken is there. It returns when the fold is over *and* no worker is
//! inside it any more, so that everything it passed in (the source, the task, what its closures borrow) is its own
//! again.

use std::any::Any;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::thread;

use super::Executor;
use crate::backend::{Running, current};
use crate::error::{Error, Result};
use crate::fold::outputs::Kept;
use crate::fold::policy::Policy;
use crate::fold::recorder::Recorder;
use crate::fold::unpark;
use crate::fold::work::Work;
use crate::fold::{Fold, chunk};
use crate::source::{Pieces, Source};
use crate::task::Task;

/// What ends a fold before its last chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stops {
    /// A failure.
    AtFailure,
    /// A failure, or an output that is `Err`.
    AtErr,
    /// Only a cancel: failures are kept like outputs.
    Never,
}

/// The caller, as it takes the results of the chunks in chunk order.
struct Taker<'a, P, T: Task, F> {
    work: &'a Work<P, T>,
    fold: &'a Fold,
    /// The fold and the chunk, if any, that the caller itself is a task of. Its closure runs as a part of that chunk,
    /// not of this fold.
    outside: (Option<current::Context>, u64),
    take: F,
    taken: u64,
    /// What came after the fold was cancelled. It is dropped after the fold: a destructor of the user's must not unwind
    /// through a backend.
    unwanted: Option<Kept<T::Output>>,
    end: End,
}

/// How far the caller has come.
enum End {
    /// It takes every result that comes.
    Open,
    /// Its closure broke off: the result of the verb is known.
    Settled,
    /// It has met the failure that ends the fold.
    Failed(Error),
    /// Its closure panicked.
    Unwound(Box<dyn Any + Send>),
}

impl Executor {
    /// Runs the fold. `take` is given the number of each chunk and its result, in chunk order, until it breaks off. It
    /// is given failures only if nothing [`Stops`] the fold.
    pub(super) fn drive<S, T>(
        &self,
        source: S,
        task: T,
        stops: Stops,
        take: impl FnMut(u64, Result<T::Output>) -> ControlFlow<()>,
    ) -> Result<()>
    where
        S: Source,
        T: Task<Chunk = S::Chunk>,
    {
        let Self { model, extras, .. } = self;
        let pieces = source.into_pieces();
        let chunks = pieces.count().map_err(|reason| Error::setup(Some(*model), reason))?;
        if chunks == 0 {
            return Ok(());
        }
        let policy = Policy { keeps_going: stops == Stops::Never, ..self.policy };
        let recorder = Recorder::new(!extras.traces.is_empty(), extras.observers.clone());
        let work = Arc::new(Work::new(pieces, task, stops == Stops::AtErr, self.checked.is_first::<T>()));
        let fold = Arc::new(Fold::new(Arc::clone(&work) as _, chunks, *model, policy, recorder));
        if let Err(cause) = work.check_task() {
            return Err(Error::new(cause, fold.place_of_all()));
        }

        // The fold is registered with everything that may cancel it before its first chunk starts. Each registration
        // looks at the state once more after it has joined (see `CancelToken::register` and `Fold::adopt`), so no
        // cancel is missed.
        let outside = current::get();
        let parent = outside.as_ref().and_then(|context| context.fold.clone());
        let tokens: Vec<_> = extras.tokens.iter().map(|token| token.register(&fold)).collect();
        let nested = parent.as_ref().map(|parent| parent.adopt(chunk::get(), &fold));

        let outside = (outside, chunk::get());
        let mut taker = Taker { work: &work, fold: &fold, outside, take, taken: 0, unwanted: None, end: End::Open };
        self.run(&fold, &mut || taker.take_ready());

        // `run` has returned, so no worker is inside the fold any more. What follows is in order of precedence: a panic of
        // an observer, a panic of the caller's closure, the result.
        drop((tokens, nested));
        let Taker { taken, end, unwanted, .. } = taker;
        if let Some(recorder) = fold.recorder() {
            let spans = recorder.take();
            extras.traces.iter().for_each(|trace| trace.extend(&spans, recorder.bytes_moved()));
        }
        if let Some(payload) = fold.observer_panic() {
            resume_unwind(payload);
        }
        drop(unwanted);
        match end {
            End::Unwound(payload) => resume_unwind(payload),
            End::Settled => Ok(()),
            End::Open if taken == chunks && !fold.is_cancelled() => Ok(()),
            End::Open => Err(fold.why()),
            #[cfg(feature = "processes")]
            End::Failed(error) => Err(self.bisect(error, &work)),
            #[cfg(not(feature = "processes"))]
            End::Failed(error) => Err(error),
        }
    }
}

impl Executor {
    /// Runs `fold` to its end. The caller lends its thread to the backend, and `ready` is called on it whenever there
    /// may be something to take.
    ///
    /// No wake-up is lost. The caller's waker is registered before anything starts. Every worker first changes the
    /// state (it keeps an output, or leaves the gate) and then tells the waker, which leaves a token at the thread. So
    /// if the change comes after the caller has looked, `park` finds the token and returns at once.
    pub(super) fn run(&self, fold: &Arc<Fold>, ready: &mut dyn FnMut()) {
        fold.gate.caller.register(unpark::this_thread());
        let running = Running::new(Arc::clone(fold), &self.backend);
        self.backend.start(&running);
        self.backend.take_part(&running, ready);
        loop {
            // Before the look: it runs code of the user's, which may park and so use up the token of a wake-up.
            ready();
            if fold.gate.is_done() {
                break;
            }
            // The next output unparks the caller, and so does the last worker that leaves. A token from an earlier
            // wake-up only makes the loop look once more.
            thread::park();
        }
        // What the last workers kept before they left: `is_done` makes it visible here.
        ready();
    }
}

impl<P, T, F> Taker<'_, P, T, F>
where
    P: Pieces<Chunk = T::Chunk>,
    T: Task,
    F: FnMut(u64, Result<T::Output>) -> ControlFlow<()>,
{
    /// Takes every result that has come, as long as the end is open.
    ///
    /// Once the fold is cancelled nothing is taken: a task that asks whether it is cancelled may return anything, and one
    /// whose nested folds were cancelled may panic. This is asked after the result was taken out of the lock under which
    /// a worker that had seen the cancel has put it.
    fn take_ready(&mut self) {
        while matches!(self.end, End::Open)
            && self.unwanted.is_none()
            && let Some((first, kept)) = self.work.outputs.take()
        {
            if self.fold.is_cancelled() {
                self.unwanted = Some(kept);
                return;
            }
            self.end = match kept {
                Kept::Failure(error) if !self.fold.policy.keeps_going => End::Failed(error),
                Kept::Failure(error) => self.hand_over(first, [Err(error)]),
                Kept::Values(values) => self.hand_over(first, values.into_iter().map(Ok)),
            };
            match self.end {
                End::Open => self.fold.taken(self.taken),
                // The result is known: whatever still runs or would run is not needed.
                _ => self.fold.cancel(),
            }
        }
    }

    /// Gives the caller's closure the results of the chunks from `first` on.
    fn hand_over(&mut self, first: u64, outcomes: impl IntoIterator<Item = Result<T::Output>>) -> End {
        let (outside, number) = &self.outside;
        let _outside = current::enter(outside.clone());
        chunk::set(*number);
        // Unwind-safe: after a panic nothing that the closure touched is used. The panic continues when the fold has
        // ended. The outputs that are left after a break are dropped here as well.
        let result = catch_unwind(AssertUnwindSafe(|| {
            outcomes.into_iter().zip(first..).try_for_each(|(outcome, chunk)| {
                self.taken += 1;
                (self.take)(chunk, outcome)
            })
        }));
        match result {
            Ok(ControlFlow::Continue(())) => End::Open,
            Ok(ControlFlow::Break(())) => End::Settled,
            Err(payload) => End::Unwound(payload),
        }
    }
}
