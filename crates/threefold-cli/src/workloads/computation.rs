//! `Computation`: what a workload does with its chunks.

use std::fmt::Display;

use threefold::Task;

use crate::failure::Failure;
use crate::plan::Plan;

/// A task, the reduction of its outputs, and what becomes of the value.
pub(crate) struct Computation<T: Task, A> {
    pub(crate) task: T,
    pub(crate) init: A,
    pub(crate) reduce: fn(A, T::Output) -> A,
    /// The value as text, or why it must not be shown.
    pub(crate) finish: fn(A, &Plan) -> Result<String, Failure>,
    /// The value of some of the chunks as text, if it can be shown.
    pub(crate) partial: fn(A) -> Option<String>,
}

impl<T: Task<Output = u128>> Computation<T, u128> {
    /// Adds up the outputs of `task`. Each is less than 2^100, so that no number of them exceeds 128 bits.
    pub(crate) fn sum_of(task: T) -> Self {
        Self {
            task,
            init: 0,
            reduce: |total, part| total + part,
            finish: to_text,
            partial: |total| Some(total.to_string()),
        }
    }
}

fn to_text(value: impl Display, _: &Plan) -> Result<String, Failure> {
    Ok(value.to_string())
}
