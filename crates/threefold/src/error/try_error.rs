//! `TryError`: how a fold ends whose task, or whose reduction, can return an error.

use std::fmt;

use super::Error;

/// The error of [`try_fold`](crate::Executor::try_fold): either the task's own, or a failure of the fold.
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
    /// The task, or the reduction of its output, returned this error. No lower chunk failed.
    Task {
        /// The number of the chunk, counted from 0.
        chunk: u64,
        /// The error that the task or the reduction returned.
        error: E,
    },
    /// The fold itself failed: the task panicked, a worker was lost, or the fold was cancelled or could not be started.
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
    /// The source of [`Failed`](Self::Failed)'s error. [`Task`](Self::Task) has none: its error need not implement
    /// `std::error::Error` (a `String` does not), and is the variant's value instead.
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
