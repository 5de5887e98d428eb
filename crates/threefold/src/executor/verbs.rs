//! The verbs: each drives a fold with its own way to take what became of the chunks.

use std::ops::ControlFlow;

use super::Executor;
use super::drive::Stops;
use crate::error::{Result, TryError};
use crate::source::Source;
use crate::task::{Task, TaskOf};

impl Executor {
    /// Maps every chunk of `source` with `task` and reduces the outputs in chunk order:
    /// `source.all_chunks().map(task).fold(init, reduce)`, with the chunks run by whatever runs them.
    ///
    /// `reduce` runs on the caller's thread, for chunk 0 first, while later chunks are still being run. The result
    /// is the same on every model, to the bit. An empty source gives `init`. A panic in `reduce` cancels the fold and
    /// unwinds from here.
    ///
    /// # Errors
    ///
    /// The failure of the lowest failing chunk, which is the one that a sequential run meets: a panic of the task, or
    /// the loss of its worker. Also a cancelled fold, and one that cannot be started.
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

    /// The fold of a task that can fail: its first `Err`, in chunk order, ends the fold and is returned with the number
    /// of its chunk.
    ///
    /// `reduce` gives the next value, or a `Result` of it: an `Err` there ends the fold likewise. Sums that must not
    /// overflow are an example:
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
    /// [`TryError::Task`] with the error of the lowest failing chunk; [`TryError::Failed`] where [`fold`](Self::fold)
    /// would fail and no chunk below gave an `Err`.
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

    /// The outputs of all chunks, in chunk order.
    ///
    /// # Errors
    ///
    /// As for [`fold`](Self::fold).
    pub fn map<S, T>(&self, source: S, task: T) -> Result<Vec<T::Output>>
    where
        S: Source,
        T: TaskOf<S::Chunk>,
    {
        let mut outputs = Vec::new();
        self.drive_whole(source, task, Stops::AtFailure, |_, output| {
            outputs.push(output);
            ControlFlow::Continue(())
        })?;
        Ok(outputs)
    }

    /// What became of each chunk, in chunk order: its output or its own failure. Nothing is given up because something
    /// else failed.
    ///
    /// ```
    /// use threefold::prelude::*;
    ///
    /// #[task]
    /// fn reciprocal(n: u32) -> u32 {
    ///     100 / n
    /// }
    ///
    /// let outcomes = Executor::new(Model::Threads)?.map_results(Items(vec![2, 0, 5]), reciprocal)?;
    /// assert_eq!(outcomes.iter().flatten().collect::<Vec<_>>(), [&50, &20]);
    /// assert!(outcomes[1].as_ref().unwrap_err().is_panic());
    /// # Ok::<(), threefold::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// A cancelled fold, and one that cannot be started or go on: failures that are no chunk's own.
    pub fn map_results<S, T>(&self, source: S, task: T) -> Result<Vec<Result<T::Output>>>
    where
        S: Source,
        T: TaskOf<S::Chunk>,
    {
        let mut outcomes = Vec::new();
        self.drive(source, task, Stops::Never, |_, outcome| {
            outcomes.push(outcome);
            ControlFlow::Continue(())
        })?;
        Ok(outcomes)
    }

    /// Runs `task` on every chunk for what it does; outputs are dropped.
    ///
    /// # Errors
    ///
    /// As for [`fold`](Self::fold).
    pub fn for_each<S, T>(&self, source: S, task: T) -> Result<()>
    where
        S: Source,
        T: TaskOf<S::Chunk>,
    {
        self.drive_whole(source, task, Stops::AtFailure, |_, _| ControlFlow::Continue(()))
    }

    /// Runs a fold that ends at its first failure.
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
