//! `View`: an executor with what one fold wants besides, and the verbs.
//!
//! The verbs are thin: each drives the fold with its own way to take outputs.

use std::fmt;
use std::ops::ControlFlow;
use std::sync::Arc;

use crate::cancel::CancelToken;
use crate::drive::Stops;
use crate::error::{Result, TryError};
use crate::executor::Executor;
use crate::source::Source;
use crate::task::Task;
use crate::trace::{Event, Observer, Trace};

/// An executor together with what one fold wants besides: a token to be cancelled by, observers, a trace.
///
/// Made by [`Executor::cancel`], [`Executor::observe`] and [`Executor::trace`], and used up by a fold.
#[must_use = "ask it for a fold"]
pub struct View<'a> {
    pub(crate) on: Executor,
    pub(crate) tokens: Vec<CancelToken>,
    pub(crate) observers: Vec<Observer>,
    pub(crate) trace: Option<&'a mut Trace>,
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
        self.drive_whole(source, task, Stops::AtFailure, |_, output| {
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
        self.drive_whole(source, task, Stops::AtErr, |chunk, output| {
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
        self.drive_whole(source, task, Stops::AtFailure, |_, output| {
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
        self.drive_whole(source, task, Stops::AtFailure, |_, _| ControlFlow::Continue(()))
    }

    /// As [`Executor::outcomes`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn outcomes<S, T>(self, source: S, task: T) -> Result<Vec<Result<T::Output>>>
    where
        S: Source,
        T: Task<Chunk = S::Chunk>,
    {
        let mut outcomes = Vec::new();
        self.drive(source, task, Stops::Never, |_, outcome| {
            outcomes.push(outcome);
            ControlFlow::Continue(())
        })?;
        Ok(outcomes)
    }

    /// Runs a fold that ends at its first failure.
    fn drive_whole<S, T>(
        self,
        source: S,
        task: T,
        stops: Stops,
        mut take: impl FnMut(u64, T::Output) -> ControlFlow<()>,
    ) -> Result<()>
    where
        S: Source,
        T: Task<Chunk = S::Chunk>,
    {
        self.drive(source, task, stops, |chunk, outcome| match outcome {
            Ok(output) => take(chunk, output),
            Err(_) => unreachable!("failures are taken in folds that keep going only"),
        })
    }
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
