//! `Prepared`: a work whose input is in memory, with its types; `Visitor`: what is done with one, whatever they
//! are.
//!
//! Every work has chunks of its own type. To box them would measure the boxes, so a visitor takes any type instead:
//! who does something new with works implements one method.

use std::fmt::Debug;
use std::ops::RangeInclusive;
use std::sync::Arc;

use threefold::{Divisible, Items, Source, Task};

use super::{Computation, Verb};
#[cfg(target_os = "linux")]
use super::{Fed, Wanted};
#[cfg(target_os = "linux")]
use crate::chunk_error::ChunkError;
use crate::plan::{Cutting, Plan};

/// What is done with a work, whatever its types are.
pub(crate) trait Visitor {
    /// What comes of it.
    type Result;

    /// Does it. A clone of any part of `prepared` folds to the same value.
    fn visit<S, T, A, V>(self, prepared: Prepared<S, T, A, V>) -> Self::Result
    where
        S: Source<Chunk = T::Chunk> + Clone + Send + Sync + 'static,
        T: Task + Clone,
        A: Clone + PartialEq + Debug + Send + Sync + 'static,
        V: Verb<T>;

    /// How the outputs of programs are wanted.
    #[cfg(target_os = "linux")]
    fn wants(&self) -> Wanted {
        Wanted::ToCompare
    }

    /// Whether the chunks may come one after another from an iterator, which cannot be run again.
    #[cfg(target_os = "linux")]
    fn takes_feeds(&self) -> bool {
        false
    }

    /// Whether even chunks that are known are better had one after another: outputs are then given out as they come, also
    /// when the others are finished after a failure.
    #[cfg(target_os = "linux")]
    fn prefers_feeds(&self) -> bool {
        false
    }

    /// Does it with such chunks. It is called only if [`takes_feeds`](Self::takes_feeds) says so.
    #[cfg(target_os = "linux")]
    fn visit_feed<I, T, A, O>(self, _fed: Fed<I, T, A>) -> Self::Result
    where
        Self: Sized,
        I: Iterator<Item = T::Chunk> + Send + 'static,
        T: Task<Output = Result<O, ChunkError>>,
        T::Chunk: Clone,
    {
        unreachable!("this visitor takes no feeds")
    }
}

/// What a chunk covers, as text.
pub(crate) type Describe = Arc<dyn Fn(u64) -> String + Send + Sync>;

/// A work whose input is in memory.
pub(crate) struct Prepared<S, T: Task, A, V> {
    /// What the source was made from.
    pub(crate) plan: Plan,
    pub(crate) source: S,
    pub(crate) computation: Computation<T, A, V>,
}

impl<T, A, V> Computation<T, A, V>
where
    T: Task + Clone,
    T::Chunk: Clone + Sync,
    A: Clone + PartialEq + Debug + Send + Sync + 'static,
    V: Verb<T>,
{
    /// Gives `visitor` this computation over the items of `plan`, which `items` makes from their numbers.
    pub(crate) fn over<W, R>(self, plan: Plan, items: impl Fn(&RangeInclusive<i64>) -> W, visitor: R) -> R::Result
    where
        W: Divisible<Chunk = T::Chunk> + Into<T::Chunk> + Clone + Send + Sync + 'static,
        R: Visitor,
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
