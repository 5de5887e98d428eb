//! `TryError`: what ends a fold whose task can fail.

use std::fmt;

use super::Error;

/// What [`try_fold`](crate::Executor::try_fold) gives when it does not give a value.
///
/// ```
/// use threefold::prelude::*;
/// use threefold::TryError;
///
/// #[task]
/// fn squares(chunk: std::ops::Range<i32>) -> Result<i64, String> {
///     chunk.map(|i| i.checked_mul(i).map(i64::from).ok_or(format!("{i} squared overflows"))).sum()
/// }
///
/// let on = Executor::new(Model::Threads)?;
/// let error = on.try_fold((0..100_000).split_into(4), squares, 0, |total, part| total + part).unwrap_err();
/// assert!(matches!(error, TryError::Task { chunk: 1, error } if error == "46341 squared overflows"));
/// # Ok::<(), threefold::Error>(())
/// ```
#[derive(Clone, Debug)]
pub enum TryError<E> {
    /// The task, or the reduction of its output, gave this error; no chunk below failed.
    Task {
        /// The number of the chunk, counted from 0.
        chunk: u64,
        /// The error that it gave.
        error: E,
    },
    /// The fold itself failed: a panic, a lost worker, a cancelled or impossible fold.
    Failed(Error),
}

impl<E: fmt::Display> fmt::Display for TryError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Task { chunk, error } => write!(f, "chunk {chunk}: {error}"),
            Self::Failed(error) => error.fmt(f),
        }
    }
}

impl<E: fmt::Debug + fmt::Display> std::error::Error for TryError<E> {
    /// What is behind a fold that failed itself. The task's own error need not be a `std::error::Error` (a `String` is
    /// none), so it is the value of the variant and no source.
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Task { .. } => None,
            Self::Failed(error) => error.source(),
        }
    }
}

impl<E> From<Error> for TryError<E> {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}
