//! `Computation`: what a work does with its chunks.
//!
//! A computation with the source of its chunks is [`Prepared`], and what is done with that is a [`Visitor`].

#[cfg(target_os = "linux")]
mod fed;
mod prepared;
mod verb;

use std::fmt::Display;
use std::marker::PhantomData;

use threefold::Task;

#[cfg(target_os = "linux")]
pub(crate) use self::fed::{Fed, Wanted};
pub(crate) use self::prepared::{Describe, Prepared, Visitor};
pub(crate) use self::verb::{Fold, TryFold, Verb};
use crate::chunk_error::ChunkError;
use crate::failure::Failure;
use crate::plan::Plan;

/// A task, the reduction of its outputs, and what becomes of the value. The verb `V` folds the task.
pub(crate) struct Computation<T: Task, A, V = Fold> {
    pub(crate) task: T,
    pub(crate) init: A,
    pub(crate) reduce: fn(A, T::Output) -> A,
    /// The failures after which the task itself has run the chunk of this output again.
    pub(crate) retried: fn(&T::Output) -> &[ChunkError],
    /// Whether no further output can change the value.
    pub(crate) is_full: fn(&A) -> bool,
    /// The value as text, or why it must not be shown.
    pub(crate) finish: fn(A, &Plan) -> Result<String, Failure>,
    /// The value of some of the chunks as text, if it can be shown.
    pub(crate) partial: fn(A) -> Option<String>,
    pub(crate) verb: PhantomData<V>,
}

impl<T: Task<Output = u128>> Computation<T, u128> {
    /// Adds up the outputs of `task`. Each is less than 2^100, so that no number of them exceeds 128 bits.
    pub(crate) fn sum_of(task: T) -> Self {
        Self {
            task,
            init: 0,
            reduce: |total, part| total + part,
            retried: |_| &[],
            is_full: |_| false,
            finish: to_text,
            partial: |total| Some(total.to_string()),
            verb: PhantomData,
        }
    }
}

fn to_text(value: impl Display, _: &Plan) -> Result<String, Failure> {
    Ok(value.to_string())
}
