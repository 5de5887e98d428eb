//! `Verb`: which verb of the library folds a task, by whether its chunks can fail on their own account.

use threefold::{Executor, Source, Task, TryError};

use crate::chunk_error::ChunkError;

/// The verb for a task.
pub(crate) trait Verb<T: Task> {
    /// Runs `task` on every chunk of `source`, and gives the outputs to `take` in chunk order. The first failure ends the
    /// fold: the outputs below it were taken, and none above it is.
    ///
    /// # Errors
    ///
    /// The failure of the lowest chunk that failed, or of the fold as a whole.
    fn fold<S>(on: &Executor, source: S, task: T, take: impl FnMut(T::Output)) -> Result<(), TryError<ChunkError>>
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
#[cfg_attr(not(test), allow(dead_code, reason = "no task of this build can fail on its own account"))]
pub(crate) struct TryFold;

impl<T: Task> Verb<T> for Fold {
    fn fold<S>(on: &Executor, source: S, task: T, mut take: impl FnMut(T::Output)) -> Result<(), TryError<ChunkError>>
    where
        S: Source<Chunk = T::Chunk>,
    {
        Ok(on.fold(source, task, (), |(), output| take(output))?)
    }

    fn error(_: &T::Output) -> Option<&ChunkError> {
        None
    }
}

impl<O, T: Task<Output = Result<O, ChunkError>>> Verb<T> for TryFold {
    fn fold<S>(on: &Executor, source: S, task: T, mut take: impl FnMut(T::Output)) -> Result<(), TryError<ChunkError>>
    where
        S: Source<Chunk = T::Chunk>,
    {
        on.try_fold(source, task, (), |(), output| take(Ok(output)))
    }

    fn error(output: &T::Output) -> Option<&ChunkError> {
        output.as_ref().err()
    }
}

#[cfg(test)]
mod tests {
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
            let ended = TryFold::fold(&on, (5..45).chunks_of(2), reciprocals, |output| taken.push(output.unwrap()));
            assert!(matches!(&ended, Err(TryError::Task { chunk: 2, error }) if error.message == "divides by 10"));
            assert_eq!(taken, [20 + 16, 14 + 12], "{model}");
        }
    }
}
