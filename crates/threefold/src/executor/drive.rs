//! How a fold is driven, once for every model and every verb: chunk order, the lowest failure, and panics of the
//! caller's own closures are settled here.

use std::any::Any;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;

use super::Executor;
use crate::backend::current;
#[cfg(all(feature = "processes", debug_assertions))]
use crate::error::Place;
use crate::error::{Error, Result};
use crate::fold::Fold;
use crate::fold::recorder::Recorder;
use crate::fold::work::Work;
use crate::source::{Pieces, Source};
use crate::task::Task;

/// What ends a fold before its last chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stops {
    /// A failure.
    AtFailure,
    /// A failure, or an output that is `Err`.
    AtErr,
    /// Nothing but a cancel: failures are outcomes.
    Never,
}

/// How far the caller has come with the outputs.
enum End {
    /// It takes all that come.
    Open,
    /// It knows the answer.
    Settled,
    /// Its closure unwound.
    Unwound(Box<dyn Any + Send>),
}

impl Executor {
    /// Runs the fold; `take` is given every chunk's outcome with the chunk's number, in chunk order, until it breaks. An
    /// outcome is a failure only where nothing [`Stops`] the fold.
    pub(crate) fn drive<S, T>(
        &self,
        source: S,
        task: T,
        stops: Stops,
        mut take: impl FnMut(u64, Result<T::Output>) -> ControlFlow<()>,
    ) -> Result<()>
    where
        S: Source,
        T: Task<Chunk = S::Chunk>,
    {
        let Executor { model, backend, extras, .. } = self;
        let pieces = source.into_pieces();
        let chunks = pieces.count().map_err(|reason| Error::setup(Some(*model), reason))?;
        if chunks == 0 {
            return Ok(());
        }
        #[cfg(all(feature = "processes", debug_assertions))]
        let task = crate::task::roundtrip::check(&task, &pieces).map_err(|cause| {
            let place = Place { model: Some(*model), task: Some(T::__entry().name), ..Place::default() };
            Error::new(cause, place)
        })?;
        let recorder = Recorder::new(!extras.traces.is_empty(), extras.observers.clone());
        let work = Arc::new(Work::new(pieces, task, stops == Stops::AtErr));
        let fold = Arc::new(Fold::new(Arc::clone(&work) as _, chunks, self.owner(), stops == Stops::Never, recorder));
        let registered: Vec<_> = extras.tokens.iter().map(|token| token.register(&fold)).collect();

        let outside = current::get();
        let mut taken = 0;
        let mut end = End::Open;
        let mut ready = || {
            while let (End::Open, Some((first, outcomes))) = (&end, arrived(&work, &fold)) {
                let _outside = current::enter(outside.clone());
                // Unwind-safe: nothing that the closure touches is used after a panic, which goes on from here.
                let result = catch_unwind(AssertUnwindSafe(|| {
                    outcomes.zip(first..).try_for_each(|(outcome, chunk)| {
                        taken += 1;
                        take(chunk, outcome)
                    })
                }));
                end = match result {
                    Ok(ControlFlow::Continue(())) => continue,
                    Ok(ControlFlow::Break(())) => End::Settled,
                    Err(payload) => End::Unwound(payload),
                };
                fold.cancel();
            }
        };
        backend.run(&fold, &mut ready);
        ready();

        drop(registered);
        if !extras.traces.is_empty() {
            let spans = fold.spans();
            extras.traces.iter().for_each(|trace| trace.extend(&spans, fold.bytes_moved()));
        }
        if let Some(payload) = fold.observer_panic() {
            resume_unwind(payload);
        }
        match end {
            End::Unwound(payload) => resume_unwind(payload),
            End::Settled => Ok(()),
            End::Open if taken == chunks => Ok(()),
            #[cfg(feature = "processes")]
            End::Open => Err(self.examine(fold.why(), &work)),
            #[cfg(not(feature = "processes"))]
            End::Open => Err(fold.why()),
        }
    }
}

/// The next outcomes in chunk order, with the number of the first: a block of outputs, or one failure.
fn arrived<P: Pieces<Chunk = T::Chunk>, T: Task>(
    work: &Work<P, T>,
    fold: &Fold,
) -> Option<(u64, impl Iterator<Item = Result<T::Output>>)> {
    let (first, outputs, failure) = match work.take() {
        Some((first, outputs)) => (first, outputs, None),
        None => {
            let (chunk, failure) = fold.take_failure(|| work.next())?;
            work.skip();
            (chunk, Vec::new(), Some(failure))
        }
    };
    Some((first, outputs.into_iter().map(Ok).chain(failure.map(Err))))
}
