//! The verbs. Each drives a fold, and differs in what it does with the outputs of the chunks.

use std::ops::ControlFlow;

use super::Executor;
use super::drive::Stops;
use crate::error::{Result, TryError};
use crate::fold::claims::WINDOW;
use crate::source::Source;
use crate::task::{Task, TaskOf};

impl Executor {
    /// Runs `task` on every chunk of `source`, and reduces the outputs in chunk order, beginning with `init`.
    ///
    /// The result is that of `source.all_chunks().map(task).fold(init, reduce)`, bit for bit, on every model and with
    /// any number of workers. `reduce` runs on the caller's thread, first with the output of chunk 0, while later
    /// chunks still run. It may borrow whatever it likes. An empty source gives `init`.
    ///
    /// ```
    /// use threefold::prelude::*;
    ///
    /// #[task]
    /// fn add_up(chunk: std::ops::Range<u64>) -> u64 {
    ///     chunk.sum()
    /// }
    ///
    /// let on = Executor::new(Model::Threads)?;
    /// assert_eq!(on.fold(0..1_000, add_up, 0, |sum, part| sum + part)?, 499_500);
    /// # Ok::<(), threefold::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The failure of the lowest chunk that failed, which is the one that a sequential run would have met: a panic of
    /// the task ([`is_panic`](crate::Error::is_panic)), the loss of the worker process
    /// ([`is_worker_lost`](crate::Error::is_worker_lost)), a missed timeout ([`is_timeout`](crate::Error::is_timeout)),
    /// or a chunk or output that cannot be serialized ([`is_serialization`](crate::Error::is_serialization)). Otherwise
    /// an error of the whole fold: it was cancelled ([`is_cancelled`](crate::Error::is_cancelled)), or it could not be
    /// started ([`is_setup`](crate::Error::is_setup)).
    ///
    /// # Panics
    ///
    /// A panic of `reduce` cancels the fold, and unwinds from here when the chunks that had begun have ended.
    pub fn fold<S, T, A>(&self, source: S, task: T, init: A, mut reduce: impl FnMut(A, T::Output) -> A) -> Result<A>
    where
        S: Source,
        T: TaskOf<S::Chunk>,
    {
        let mut value = Some(init);
        self.drive_whole(source, task, Stops::AtFailure, |_, output| {
            value = value.take().map(|value| reduce(value, output));
            ControlFlow::Continue(())
        })?;
        Ok(value.expect("a reduction that unwound does not come here"))
    }

    /// Like [`fold`](Self::fold), for a task that returns a `Result`: the first `Err` in chunk order ends the fold and
    /// is returned with the number of its chunk.
    ///
    /// After chunk k has returned an `Err`, no chunk above k starts; chunks below k are finished. `reduce` is given the
    /// values of the `Ok`s. It returns the next value, or a `Result` of it; an `Err` ends the fold too. In this example
    /// an overflow of the total is such an `Err`.
    ///
    /// ```
    /// use std::ops::Range;
    /// use threefold::TryError;
    /// use threefold::prelude::*;
    ///
    /// #[task]
    /// fn product(chunk: Range<u32>) -> Result<u32, String> {
    ///     chunk.clone().try_fold(1, u32::checked_mul).ok_or(format!("{chunk:?} overflows"))
    /// }
    ///
    /// let on = Executor::new(Model::Threads)?;
    /// let checked = |total: u32, part| total.checked_mul(part).ok_or("the total overflows".to_string());
    /// assert_eq!(on.try_fold((1..10).split_into(3), product, 1, checked).unwrap(), 362_880);
    ///
    /// let error = on.try_fold((1..20).split_into(2), product, 1, checked).unwrap_err();
    /// assert_eq!(error.to_string(), "chunk 1: 11..20 overflows");
    /// # Ok::<(), threefold::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`TryError::Task`] with the error of the lowest chunk whose task, or whose reduction, returned an `Err`.
    /// [`TryError::Failed`] if no lower chunk returned an `Err` and a chunk failed (a panic of the task, the loss of
    /// the worker process, a missed timeout, a chunk or output that cannot be serialized), or if the fold was cancelled
    /// or could not be started.
    ///
    /// # Panics
    ///
    /// A panic of `reduce` cancels the fold, and unwinds from here when the chunks that had begun have ended.
    pub fn try_fold<S, T, A, O, E, R>(
        &self,
        source: S,
        task: T,
        init: A,
        mut reduce: impl FnMut(A, O) -> R,
    ) -> Result<A, TryError<E>>
    where
        S: Source,
        T: TaskOf<S::Chunk> + Task<Output = Result<O, E>>,
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

    /// Runs `task` on every chunk of `source`, and gives the outputs of all chunks in chunk order.
    ///
    /// ```
    /// use threefold::prelude::*;
    ///
    /// #[task]
    /// fn length(word: String) -> usize {
    ///     word.len()
    /// }
    ///
    /// let on = Executor::new(Model::Threads)?;
    /// let words = Items(vec!["one".to_string(), "three".to_string()]);
    /// assert_eq!(on.map(words, length)?, [3, 5]);
    /// # Ok::<(), threefold::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The failure of the lowest chunk that failed, which is the one that a sequential run would have met: a panic of
    /// the task ([`is_panic`](crate::Error::is_panic)), the loss of the worker process
    /// ([`is_worker_lost`](crate::Error::is_worker_lost)), a missed timeout ([`is_timeout`](crate::Error::is_timeout)),
    /// or a chunk or output that cannot be serialized ([`is_serialization`](crate::Error::is_serialization)). Otherwise
    /// an error of the whole fold: it was cancelled ([`is_cancelled`](crate::Error::is_cancelled)), or it could not be
    /// started ([`is_setup`](crate::Error::is_setup)).
    pub fn map<S, T>(&self, source: S, task: T) -> Result<Vec<T::Output>>
    where
        S: Source,
        T: TaskOf<S::Chunk>,
    {
        let mut outputs = room_for(&source);
        self.drive_whole(source, task, Stops::AtFailure, |_, output| {
            outputs.push(output);
            ControlFlow::Continue(())
        })?;
        Ok(outputs)
    }

    /// Runs `task` on every chunk of `source`, and gives for each chunk, in chunk order, its output or its own failure.
    /// A failure does not end the fold: every chunk is run.
    ///
    /// If the fold is cancelled, nothing that was finished is lost: each finished chunk has its output or its failure, and
    /// every other chunk has an error for which [`is_cancelled`](crate::Error::is_cancelled) is `true`.
    ///
    /// ```
    /// use threefold::prelude::*;
    ///
    /// #[task]
    /// fn reciprocal(n: u32) -> u32 {
    ///     100 / n
    /// }
    ///
    /// let results = Executor::new(Model::Threads)?.map_results(Items(vec![2, 0, 5]), reciprocal)?;
    /// assert_eq!(results.iter().flatten().collect::<Vec<_>>(), [&50, &20]);
    /// assert!(results[1].as_ref().unwrap_err().is_panic());
    /// # Ok::<(), threefold::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Only failures that belong to no chunk: the fold could not be started or continued
    /// ([`is_setup`](crate::Error::is_setup), or [`is_serialization`](crate::Error::is_serialization) of the task).
    pub fn map_results<S, T>(&self, source: S, task: T) -> Result<Vec<Result<T::Output>>>
    where
        S: Source,
        T: TaskOf<S::Chunk>,
    {
        let mut outcomes = room_for(&source);
        self.drive(source, task, Stops::Never, |_, outcome| {
            outcomes.push(outcome);
            ControlFlow::Continue(())
        })?;
        Ok(outcomes)
    }

    /// Runs `task` on every chunk of `source` for its effects, and drops the outputs.
    ///
    /// The effects take place where the chunk runs. A worker process has its own memory: a global variable that the
    /// task changes there does not change in this process.
    ///
    /// ```
    /// use threefold::prelude::*;
    ///
    /// #[task]
    /// fn write(name: String) {
    ///     std::fs::write(std::env::temp_dir().join(&name), name).unwrap();
    /// }
    ///
    /// let on = Executor::new(Model::Threads)?;
    /// let name = format!("threefold-for-each-{}", std::process::id());
    /// on.for_each(Items(vec![name.clone()]), write)?;
    /// std::fs::remove_file(std::env::temp_dir().join(name)).unwrap();
    /// # Ok::<(), threefold::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The failure of the lowest chunk that failed, which is the one that a sequential run would have met: a panic of
    /// the task ([`is_panic`](crate::Error::is_panic)), the loss of the worker process
    /// ([`is_worker_lost`](crate::Error::is_worker_lost)), a missed timeout ([`is_timeout`](crate::Error::is_timeout)),
    /// or a chunk or output that cannot be serialized ([`is_serialization`](crate::Error::is_serialization)). Otherwise
    /// an error of the whole fold: it was cancelled ([`is_cancelled`](crate::Error::is_cancelled)), or it could not be
    /// started ([`is_setup`](crate::Error::is_setup)).
    pub fn for_each<S, T>(&self, source: S, task: T) -> Result<()>
    where
        S: Source,
        T: TaskOf<S::Chunk>,
    {
        self.drive_whole(source, task, Stops::AtFailure, |_, _| ControlFlow::Continue(()))
    }

    /// Runs a fold that ends at its first failure, and gives `take` the outputs alone.
    fn drive_whole<S, T>(
        &self,
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

/// An empty vector with capacity for a result of each chunk, so that results are not moved again and again while their
/// number grows. A fold of very many chunks may end early, so the capacity is at most the number that can wait at once.
fn room_for<O>(source: &impl Source) -> Vec<O> {
    Vec::with_capacity(source.chunk_count().min(u128::from(WINDOW)) as usize)
}

/// What the reduction of a [`try_fold`](Executor::try_fold) may return: the next value `A`, or a `Result<A, E>`. It is
/// implemented for these two types only.
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
