//! `Fold`: a work made ready, with its types; `Use`: what is done with it, whatever they are.

use std::fmt::{Debug, Display};
use std::ops::RangeInclusive;

use threefold::{Divisible, Items, Source, Task};

use crate::failure::Failure;
use crate::plan::{Cutting, Plan};

/// What is done with a work, whatever its types are.
///
/// Each part of what it is given can be cloned, and clones fold to the same value.
pub(crate) trait Use {
    /// What comes of it.
    type Result;

    /// Does it.
    fn fold<S, T, A>(self, fold: Fold<S, T, A>) -> Self::Result
    where
        S: Source<Chunk = T::Chunk> + Clone + Send + Sync + 'static,
        T: Task + Clone,
        A: Clone + PartialEq + Debug + Send + Sync + 'static;
}

/// A work, its input in memory: all but the running of it.
pub(crate) struct Fold<S, T: Task, A> {
    /// What the source was made from.
    pub(crate) plan: Plan,
    pub(crate) source: S,
    pub(crate) recipe: Recipe<T, A>,
}

/// What a fold does with its chunks.
pub(crate) struct Recipe<T: Task, A> {
    pub(crate) task: T,
    pub(crate) init: A,
    pub(crate) reduce: fn(A, T::Output) -> A,
    /// The value as it is shown, or why it is not to be shown.
    pub(crate) finish: fn(A, &Plan) -> Result<String, Failure>,
}

impl<T: Task<Output = u128>> Recipe<T, u128> {
    /// Adds up what the chunks come to, each less than 2^100, so that no number of them passes 128 bits.
    pub(crate) fn adding_up(task: T) -> Self {
        Self { task, init: 0, reduce: |total, part| total + part, finish: as_it_is }
    }
}

impl<T, A> Recipe<T, A>
where
    T: Task + Clone,
    T::Chunk: Clone + Sync,
    A: Clone + PartialEq + Debug + Send + Sync + 'static,
{
    /// Lets `user` fold the items of `plan`, which `items` makes of their numbers.
    pub(crate) fn over<W, U>(self, plan: Plan, items: impl Fn(&RangeInclusive<i64>) -> W, user: U) -> U::Result
    where
        W: Divisible<Chunk = T::Chunk> + Into<T::Chunk> + Clone + Send + Sync + 'static,
        U: Use,
    {
        match (plan.cutting, plan.ranges.as_slice()) {
            (Cutting::Into(n), [one]) => {
                let source = items(one).split_into(n);
                user.fold(Fold { plan, source, recipe: self })
            }
            (Cutting::Every(size), [one]) => {
                let source = items(one).chunks_of(size);
                user.fold(Fold { plan, source, recipe: self })
            }
            (_, several) => {
                let source = Items(several.iter().map(|range| items(range).into()).collect());
                user.fold(Fold { plan, source, recipe: self })
            }
        }
    }
}

fn as_it_is(total: impl Display, _: &Plan) -> Result<String, Failure> {
    Ok(total.to_string())
}
