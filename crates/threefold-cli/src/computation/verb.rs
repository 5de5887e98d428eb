//! `Verb`: which verb of the library folds a task, by whether its chunks can fail on their own account.

use std::ops::ControlFlow;

use threefold::{Executor, Source, Task, TryError};

use crate::chunk_error::{ChunkError, Kind};

/// The verb for a task.
pub(crate) trait Verb<T: Task> {
    /// Runs `task` on every chunk of `source`, and gives the outputs to `take` in chunk order. The first failure ends the
    /// fold: the outputs below it were taken, and none above it is. So does `take` if it breaks off, which is no failure.
    ///
    /// # Errors
    ///
    /// The failure of the lowest chunk that failed, or of the fold as a whole.
    fn fold<S>(
        on: &Executor,
        source: S,
        task: T,
        take: impl FnMut(T::Output) -> ControlFlow<()>,
    ) -> Result<(), TryError<ChunkError>>
    where
        S: Source<Chunk = T::Chunk>;

    /// Why this output is a failure of its chunk, if it is one.
    fn error(output: &T::Output) -> Option<&ChunkError>;
}

/// The verb for a task whose every output is a value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fold;

/// The verb for a task that gives a value or a [`ChunkError`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct TryFold;

impl<T: Task> Verb<T> for Fold {
    fn fold<S>(
        on: &Executor,
        source: S,
        task: T,
        mut take: impl FnMut(T::Output) -> ControlFlow<()>,
    ) -> Result<(), TryError<ChunkError>>
    where
        S: Source<Chunk = T::Chunk>,
    {
        // No value of such a task is ever full.
        Ok(on.fold(source, task, (), |(), output| {
            let _ = take(output);
        })?)
    }

    fn error(_: &T::Output) -> Option<&ChunkError> {
        None
    }
}

impl<O, T: Task<Output = Result<O, ChunkError>>> Verb<T> for TryFold {
    fn fold<S>(
        on: &Executor,
        source: S,
        task: T,
        mut take: impl FnMut(T::Output) -> ControlFlow<()>,
    ) -> Result<(), TryError<ChunkError>>
    where
        S: Source<Chunk = T::Chunk>,
    {
        let taken = |(), output| match take(Ok(output)) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(ChunkError { kind: Kind::Cancelled, ..ChunkError::default() }),
        };
        match on.try_fold(source, task, (), taken) {
            Err(TryError::Task { error: ChunkError { kind: Kind::Cancelled, .. }, .. }) => Ok(()),
            ended => ended,
        }
    }

    fn error(output: &T::Output) -> Option<&ChunkError> {
        output.as_ref().err()
    }
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use threefold::{Executor, Model, Source, TryError, task};

    use super::{TryFold, Verb};
    use crate::chunk_error::ChunkError;

    #[task]
    fn reciprocals(chunk: std::ops::Range<u32>) -> Result<u32, ChunkError> {
        let by_zero = |n| ChunkError { message: format!("divides by {n}"), ..ChunkError::default() };
        chunk.map(|n| 100_u32.checked_div(n % 10).ok_or_else(|| by_zero(n))).sum()
    }

    #[test]
    fn the_lowest_chunk_that_fails_ends_the_fold_and_those_below_it_were_taken() {
        threefold::init();
        for &model in Model::available() {
            let (on, mut taken) = (Executor::new(model).unwrap(), Vec::new());
            let ended = TryFold::fold(&on, (5..45).chunks_of(2), reciprocals, |output| {
                taken.push(output.unwrap());
                ControlFlow::Continue(())
            });
            assert!(matches!(&ended, Err(TryError::Task { chunk: 2, error }) if error.message == "divides by 10"));
            assert_eq!(taken, [20 + 16, 14 + 12], "{model}");
        }
    }

    #[test]
    fn a_fold_that_breaks_off_has_not_failed() {
        threefold::init();
        let (on, mut taken) = (Executor::new(Model::Threads).unwrap(), 0);
        let ended = TryFold::fold(&on, (5..45).chunks_of(1), reciprocals, |_| {
            taken += 1;
            if taken < 3 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        assert!(ended.is_ok());
        assert_eq!(taken, 3);
    }
}
