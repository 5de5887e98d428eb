//! `View`: an executor with what one fold wants besides, and the verbs.
//!
//! The verbs are thin: each is [`View::drive`] with its own way to take outputs, and `drive` is where chunk order, the
//! lowest failure and panics of the caller's own closures are settled, once for every model.

use std::any::Any;
use std::fmt;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;

use crate::cancel::CancelToken;
use crate::current;
#[cfg(all(feature = "processes", debug_assertions))]
use crate::error::Place;
use crate::error::{Error, Result, TryError};
use crate::executor::Executor;
use crate::fold::Fold;
use crate::job::Work;
use crate::source::{Pieces, Source};
use crate::task::Task;
use crate::trace::{Event, Observer, Recorder, Trace};

/// An executor together with what one fold wants besides: a token to be cancelled by, observers, a trace.
///
/// Made by [`Executor::cancel`], [`Executor::observe`] and [`Executor::trace`], and used up by a fold.
#[must_use = "ask it for a fold"]
pub struct View<'a> {
    on: Executor,
    tokens: Vec<CancelToken>,
    observers: Vec<Observer>,
    trace: Option<&'a mut Trace>,
}

impl<'a> View<'a> {
    pub(crate) fn new(on: Executor) -> Self {
        Self { on, tokens: Vec::new(), observers: Vec::new(), trace: None }
    }

    /// As [`Executor::cancel`]; with several tokens, any of them ends the fold.
    pub fn cancel(mut self, token: &CancelToken) -> Self {
        self.tokens.push(token.clone());
        self
    }

    /// As [`Executor::observe`]; every observer is told.
    pub fn observe(mut self, observer: impl Fn(&Event<'_>) + Send + Sync + 'static) -> Self {
        self.observers.push(Arc::new(observer));
        self
    }

    /// As [`Executor::trace`]; the last trace given is the one that is filled.
    pub fn trace<'b>(self, trace: &'b mut Trace) -> View<'b>
    where
        'a: 'b,
    {
        View { on: self.on, tokens: self.tokens, observers: self.observers, trace: Some(trace) }
    }

    /// As [`Executor::fold`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn fold<S, T, A>(self, source: S, task: T, init: A, mut reduce: impl FnMut(A, T::Output) -> A) -> Result<A>
    where
        S: Source,
        T: Task<Chunk = S::Chunk>,
    {
        let mut value = Some(init);
        self.drive(source, task, false, |_, output| {
            value = value.take().map(|value| reduce(value, output));
            ControlFlow::Continue(())
        })?;
        Ok(value.expect("a reduction that unwound does not come here"))
    }

    /// As [`Executor::try_fold`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn try_fold<S, T, A, O, E, R>(
        self,
        source: S,
        task: T,
        init: A,
        mut reduce: impl FnMut(A, O) -> R,
    ) -> Result<A, TryError<E>>
    where
        S: Source,
        T: Task<Chunk = S::Chunk, Output = Result<O, E>>,
        R: Reduced<A, E>,
    {
        let mut value = Some(init);
        let mut failed = None;
        self.drive(source, task, true, |chunk, output| {
            let next = output.and_then(|output| {
                let value = value.take().expect("the fold ends at the first error");
                reduce(value, output).into_result()
            });
            match next {
                Ok(next) => {
                    value = Some(next);
                    ControlFlow::Continue(())
                }
                Err(error) => {
                    failed = Some(TryError::Task { chunk, error });
                    ControlFlow::Break(())
                }
            }
        })?;
        match failed {
            Some(error) => Err(error),
            None => Ok(value.expect("a reduction that unwound does not come here")),
        }
    }

    /// As [`Executor::map`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn map<S, T>(self, source: S, task: T) -> Result<Vec<T::Output>>
    where
        S: Source,
        T: Task<Chunk = S::Chunk>,
    {
        let mut outputs = Vec::new();
        self.drive(source, task, false, |_, output| {
            outputs.push(output);
            ControlFlow::Continue(())
        })?;
        Ok(outputs)
    }

    /// As [`Executor::for_each`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn for_each<S, T>(self, source: S, task: T) -> Result<()>
    where
        S: Source,
        T: Task<Chunk = S::Chunk>,
    {
        self.drive(source, task, false, |_, _| ControlFlow::Continue(()))
    }

    /// Runs the fold; `take` is given every output with its chunk's number, in chunk order, until it breaks.
    fn drive<S, T>(
        mut self,
        source: S,
        task: T,
        stops_on_err: bool,
        mut take: impl FnMut(u64, T::Output) -> ControlFlow<()>,
    ) -> Result<()>
    where
        S: Source,
        T: Task<Chunk = S::Chunk>,
    {
        let Executor { model, backend } = &self.on;
        let pieces = source.into_pieces();
        let chunks = pieces.count().map_err(|reason| Error::setup(Some(*model), reason))?;
        if chunks == 0 {
            return Ok(());
        }
        #[cfg(all(feature = "processes", debug_assertions))]
        let task = crate::roundtrip::check(&task, &pieces).map_err(|cause| {
            let place = Place { model: Some(*model), task: Some(T::__entry().name), ..Place::default() };
            Error::new(cause, place)
        })?;
        let recorder = Recorder::new(self.trace.is_some(), std::mem::take(&mut self.observers));
        let work = Arc::new(Work::new(pieces, task, stops_on_err));
        let fold = Arc::new(Fold::new(Arc::clone(&work) as _, chunks, *model, backend, recorder));
        let _registered: Vec<_> = self.tokens.iter().map(|token| token.register(&fold)).collect();

        let outside = current::get();
        let mut taken = 0;
        let mut end = End::Open;
        let mut ready = || {
            while let (End::Open, Some((first, outputs))) = (&end, work.take()) {
                let _outside = current::enter(outside.clone());
                let mut took = 0;
                // Unwind-safe: nothing that the closure touches is used after a panic, which goes on from here.
                let result = catch_unwind(AssertUnwindSafe(|| {
                    outputs.into_iter().zip(first..).try_for_each(|(output, chunk)| {
                        took += 1;
                        take(chunk, output)
                    })
                }));
                taken += took;
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

        if let (Some(trace), spans) = (&mut self.trace, fold.spans()) {
            trace.extend(spans);
        }
        if let Some(payload) = fold.observer_panic() {
            resume_unwind(payload);
        }
        match end {
            End::Unwound(payload) => resume_unwind(payload),
            End::Settled => Ok(()),
            End::Open if taken == chunks => Ok(()),
            End::Open => Err(fold.why()),
        }
    }
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

/// What the reduction of a [`try_fold`](Executor::try_fold) may give: the next value `A`, or `Result<A, E>`.
pub trait Reduced<A, E> {
    /// The value, or the error that ends the fold.
    #[doc(hidden)]
    fn into_result(self) -> Result<A, E>;
}

impl<A, E> Reduced<A, E> for A {
    fn into_result(self) -> Result<A, E> {
        Ok(self)
    }
}

impl<A, E> Reduced<A, E> for Result<A, E> {
    fn into_result(self) -> Result<A, E> {
        self
    }
}

impl fmt::Debug for View<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("View").field("on", &self.on).finish_non_exhaustive()
    }
}
