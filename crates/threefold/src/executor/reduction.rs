//! `Reduction`: what each verb makes of the results of the chunks. Each verb is written once here, and is driven by a
//! caller that blocks ([`drive`](super::drive)) or by a future ([`awaiting`](super::awaiting)).

use std::ops::ControlFlow;
use std::sync::Arc;

use crate::error::{Error, Result, TryError};
use crate::fold::tree::Tree;

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

/// What a verb makes of the results of the chunks, which have outputs `O`. It is given them in chunk order, on one
/// thread at a time.
pub(super) trait Reduction<O> {
    /// What the verb returns.
    type Value;
    /// Its error, if the fold fails.
    type Error: From<Error>;

    const STOPS: Stops;

    /// Takes the output of `chunk`, and may break off. Then [`finish`](Self::finish) knows why.
    fn take(&mut self, chunk: u64, output: O) -> ControlFlow<()>;

    /// The same for the failure of a chunk.
    fn take_failure(&mut self, _error: Error) -> ControlFlow<()> {
        unreachable!("a failure ends the fold unless nothing stops it")
    }

    /// The failures that it has taken.
    #[cfg(feature = "processes")]
    fn failures(&mut self) -> impl Iterator<Item = &mut Error> {
        std::iter::empty()
    }

    /// Where workers of this process merge their outputs, if they do. [`take`](Self::take) is given the other outputs.
    fn tree(&self) -> Option<Arc<Tree<O>>> {
        None
    }

    /// What the verb returns. The fold has `ended` well, if every chunk was taken or the reduction broke off.
    fn finish(self, ended: Result<()>) -> Result<Self::Value, Self::Error>;
}

/// `fold`: a value, from the one before and the output of the next chunk.
pub(super) struct ToValue<A, F> {
    /// It is missing while `reduce` has it.
    value: Option<A>,
    reduce: F,
}

impl<A, F> ToValue<A, F> {
    pub(super) fn new(init: A, reduce: F) -> Self {
        Self { value: Some(init), reduce }
    }
}

impl<O, A, F: FnMut(A, O) -> A> Reduction<O> for ToValue<A, F> {
    type Value = A;
    type Error = Error;
    const STOPS: Stops = Stops::AtFailure;

    fn take(&mut self, _chunk: u64, output: O) -> ControlFlow<()> {
        self.value = self.value.take().map(|value| (self.reduce)(value, output));
        ControlFlow::Continue(())
    }

    fn finish(self, ended: Result<()>) -> Result<A> {
        ended?;
        Ok(self.value.expect("a reduction that unwound does not come here"))
    }
}

/// `try_fold`: the same, until an `Err` of the task or of the reduction.
pub(super) struct ToErr<A, E, F> {
    /// It is missing while `reduce` has it, and after an `Err`.
    value: Option<A>,
    reduce: F,
    failed: Option<TryError<E>>,
}

impl<A, E, F> ToErr<A, E, F> {
    pub(super) fn new(init: A, reduce: F) -> Self {
        Self { value: Some(init), reduce, failed: None }
    }
}

impl<O, A, E, R, F> Reduction<Result<O, E>> for ToErr<A, E, F>
where
    F: FnMut(A, O) -> R,
    R: Reduced<A, E>,
{
    type Value = A;
    type Error = TryError<E>;
    const STOPS: Stops = Stops::AtErr;

    fn take(&mut self, chunk: u64, output: Result<O, E>) -> ControlFlow<()> {
        let next = output.and_then(|output| {
            let value = self.value.take().expect("the fold ends at the first error");
            (self.reduce)(value, output).into_result()
        });
        match next {
            Ok(next) => {
                self.value = Some(next);
                ControlFlow::Continue(())
            }
            Err(error) => {
                self.failed = Some(TryError::Task { chunk, error });
                ControlFlow::Break(())
            }
        }
    }

    fn finish(self, ended: Result<()>) -> Result<A, TryError<E>> {
        ended?;
        match self.failed {
            Some(error) => Err(error),
            None => Ok(self.value.expect("a reduction that unwound does not come here")),
        }
    }
}

/// `map`: a list of the outputs.
pub(super) struct ToList<O>(Vec<O>);

impl<O> ToList<O> {
    /// A list with capacity for so many outputs.
    pub(super) fn with_capacity(outputs: usize) -> Self {
        Self(Vec::with_capacity(outputs))
    }
}

impl<O> Reduction<O> for ToList<O> {
    type Value = Vec<O>;
    type Error = Error;
    const STOPS: Stops = Stops::AtFailure;

    fn take(&mut self, _chunk: u64, output: O) -> ControlFlow<()> {
        self.0.push(output);
        ControlFlow::Continue(())
    }

    fn finish(self, ended: Result<()>) -> Result<Vec<O>> {
        ended.map(|()| self.0)
    }
}

/// `map_results`: a list of the results, one for each chunk.
pub(super) struct ToResults<O>(Vec<Result<O>>);

impl<O> ToResults<O> {
    /// A list with capacity for so many results.
    pub(super) fn with_capacity(results: usize) -> Self {
        Self(Vec::with_capacity(results))
    }
}

impl<O> Reduction<O> for ToResults<O> {
    type Value = Vec<Result<O>>;
    type Error = Error;
    const STOPS: Stops = Stops::Never;

    fn take(&mut self, _chunk: u64, output: O) -> ControlFlow<()> {
        self.0.push(Ok(output));
        ControlFlow::Continue(())
    }

    fn take_failure(&mut self, error: Error) -> ControlFlow<()> {
        self.0.push(Err(error));
        ControlFlow::Continue(())
    }

    #[cfg(feature = "processes")]
    fn failures(&mut self) -> impl Iterator<Item = &mut Error> {
        self.0.iter_mut().filter_map(|result| result.as_mut().err())
    }

    fn finish(self, ended: Result<()>) -> Result<Vec<Result<O>>> {
        ended.map(|()| self.0)
    }
}

/// `for_each`: nothing.
pub(super) struct ToNothing;

impl<O> Reduction<O> for ToNothing {
    type Value = ();
    type Error = Error;
    const STOPS: Stops = Stops::AtFailure;

    fn take(&mut self, _chunk: u64, _output: O) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    fn finish(self, ended: Result<()>) -> Result<()> {
        ended
    }
}

/// What the reduction of a [`try_fold`](crate::Executor::try_fold) may return: the next value `A`, or a `Result<A, E>`.
/// It is implemented for these two types only.
///
/// ```
/// use threefold::prelude::*;
///
/// #[task]
/// fn parse(word: String) -> Result<u64, String> {
///     word.parse().map_err(|_| format!("`{word}` is not a number"))
/// }
///
/// let words = || Items(vec!["20".to_string(), "22".to_string()]);
/// let on = Executor::new(Model::Threads)?;
/// // The next value.
/// assert_eq!(on.try_fold(words(), parse, 0, |sum, n| sum + n).unwrap(), 42);
/// // A `Result` of it.
/// let limited = |sum: u64, n| if sum + n < 30 { Ok(sum + n) } else { Err("too much".to_string()) };
/// assert_eq!(on.try_fold(words(), parse, 0, limited).unwrap_err().to_string(), "chunk 1: too much");
/// # Ok::<(), threefold::Error>(())
/// ```
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
