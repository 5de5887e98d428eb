//! How a fold is driven, once for every model and every verb: chunk order, the lowest failure, and panics of the
//! caller's own closures are settled here.

use std::any::Any;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::thread;

use super::Executor;
use crate::backend::{Running, current};
use crate::error::{Error, Result};
use crate::fold::notify;
use crate::fold::outputs::Kept;
use crate::fold::policy::Policy;
use crate::fold::recorder::Recorder;
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
    /// Nothing but a cancel: failures are kept like outputs.
    Never,
}

/// The caller, who takes what became of the chunks in their order.
struct Taker<'a, P, T: Task, F> {
    work: &'a Work<P, T>,
    fold: &'a Fold,
    /// Whom the caller works for itself, and in which chunk: its closure runs there, not in the fold.
    outside: (Option<current::Context>, u64),
    take: F,
    taken: u64,
    end: End,
}

/// How far the caller has come.
enum End {
    /// It takes all that come.
    Open,
    /// It knows the answer.
    Settled,
    /// It met the failure that the fold ends with.
    Failed(Error),
    /// Its closure unwound.
    Unwound(Box<dyn Any + Send>),
}

impl Executor {
    /// Runs the fold; `take` is given what became of each chunk with the chunk's number, in chunk order, until it breaks.
    /// That is a failure only where nothing [`Stops`] the fold.
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

        let outside = current::get();
        let parent = outside.as_ref().and_then(|context| context.fold.clone());
        let tokens: Vec<_> = extras.tokens.iter().map(|token| token.register(&fold)).collect();
        let nested = parent.as_ref().map(|parent| parent.adopt(chunk::get(), &fold));

        let outside = (outside, chunk::get());
        let mut taker = Taker { work: &work, fold: &fold, outside, take, taken: 0, end: End::Open };
        self.run(&fold, &mut || taker.take_ready());

        drop((tokens, nested));
        let Taker { taken, end, .. } = taker;
        if let Some(recorder) = fold.recorder() {
            let spans = recorder.take();
            extras.traces.iter().for_each(|trace| trace.extend(&spans, recorder.bytes_moved()));
        }
        if let Some(payload) = fold.observer_panic() {
            resume_unwind(payload);
        }
        match end {
            End::Unwound(payload) => resume_unwind(payload),
            End::Settled => Ok(()),
            End::Open if taken == chunks => Ok(()),
            End::Open => Err(fold.why()),
            #[cfg(feature = "processes")]
            End::Failed(error) => Err(self.bisect(error, &work)),
            #[cfg(not(feature = "processes"))]
            End::Failed(error) => Err(error),
        }
    }
}

impl Executor {
    /// Runs `fold` to its end; the caller lends its thread, and is `ready` whenever something may have come.
    pub(super) fn run(&self, fold: &Arc<Fold>, ready: &mut dyn FnMut()) {
        fold.gate.caller.register(notify::this_thread());
        let running = Running::new(Arc::clone(fold), &self.backend);
        self.backend.start(&running);
        self.backend.take_part(&running, ready);
        while !fold.gate.is_done() {
            // The next output, and the last worker that leaves, unpark. A token left over only makes the loop ask again.
            ready();
            thread::park();
        }
        ready();
    }
}

impl<P, T, F> Taker<'_, P, T, F>
where
    P: Pieces<Chunk = T::Chunk>,
    T: Task,
    F: FnMut(u64, Result<T::Output>) -> ControlFlow<()>,
{
    /// Takes all that have come, as long as the answer is not known.
    fn take_ready(&mut self) {
        while let (End::Open, Some((first, kept))) = (&self.end, self.work.outputs.take()) {
            self.end = match kept {
                Kept::Failure(error) if !self.fold.policy.keeps_going => End::Failed(error),
                Kept::Failure(error) => self.hand_over(first, [Err(error)]),
                Kept::Values(values) => self.hand_over(first, values.into_iter().map(Ok)),
            };
            match self.end {
                End::Open => self.fold.taken(self.taken),
                // All that is still to run is not wanted.
                _ => self.fold.cancel(),
            }
        }
    }

    fn hand_over(&mut self, first: u64, outcomes: impl IntoIterator<Item = Result<T::Output>>) -> End {
        let (outside, number) = &self.outside;
        let _outside = current::enter(outside.clone());
        chunk::set(*number);
        let mut outcomes = outcomes.into_iter().zip(first..);
        // Unwind-safe: nothing that the closure touches is used after a panic, which goes on at the end of the fold.
        let result = catch_unwind(AssertUnwindSafe(|| {
            outcomes.try_for_each(|(outcome, chunk)| {
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
