//! `Computation`: what a workload does with its chunks.

use std::fmt::{Debug, Display};
use std::ops::RangeInclusive;

use threefold::{Divisible, Items, Task};

use super::prepared::{Prepared, Visitor};
use crate::failure::Failure;
use crate::plan::{Cutting, Plan};

/// A task, the reduction of its outputs, and what becomes of the value.
pub(crate) struct Computation<T: Task, A> {
    pub(crate) task: T,
    pub(crate) init: A,
    pub(crate) reduce: fn(A, T::Output) -> A,
    /// The value as text, or why it must not be shown.
    pub(crate) finish: fn(A, &Plan) -> Result<String, Failure>,
}

impl<T: Task<Output = u128>> Computation<T, u128> {
    /// Adds up the outputs of `task`. Each is less than 2^100, so that no number of them exceeds 128 bits.
    pub(crate) fn sum_of(task: T) -> Self {
        Self { task, init: 0, reduce: |total, part| total + part, finish: to_text }
    }
}

impl<T, A> Computation<T, A>
where
    T: Task + Clone,
    T::Chunk: Clone + Sync,
    A: Clone + PartialEq + Debug + Send + Sync + 'static,
{
    /// Gives `visitor` this computation over the items of `plan`, which `items` makes from their numbers.
    pub(crate) fn over<W, V>(self, plan: Plan, items: impl Fn(&RangeInclusive<i64>) -> W, visitor: V) -> V::Result
    where
        W: Divisible<Chunk = T::Chunk> + Into<T::Chunk> + Clone + Send + Sync + 'static,
        V: Visitor,
    {
        match (plan.cutting, plan.ranges.as_slice()) {
            (Cutting::Into(n), [one]) => {
                let source = items(one).split_into(n);
                visitor.visit(Prepared { plan, source, computation: self })
            }
            (Cutting::Every(size), [one]) => {
                let source = items(one).chunks_of(size);
                visitor.visit(Prepared { plan, source, computation: self })
            }
            (_, several) => {
                let source = Items(several.iter().map(|range| items(range).into()).collect());
                visitor.visit(Prepared { plan, source, computation: self })
            }
        }
    }
}

fn to_text(value: impl Display, _: &Plan) -> Result<String, Failure> {
    Ok(value.to_string())
}
