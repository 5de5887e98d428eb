//! `Prepared`: a workload whose input is in memory, with its types; `Visitor`: what is done with one, whatever they are.
//!
//! Every workload has chunks of its own type. To box them would measure the boxes, so a visitor takes any type instead:
//! who does something new with workloads implements one method.

use std::fmt::Debug;

use threefold::{Source, Task};

use super::computation::Computation;
use crate::plan::Plan;

/// What is done with a workload, whatever its types are.
pub(crate) trait Visitor {
    /// What comes of it.
    type Result;

    /// Does it. A clone of any part of `prepared` folds to the same value.
    fn visit<S, T, A>(self, prepared: Prepared<S, T, A>) -> Self::Result
    where
        S: Source<Chunk = T::Chunk> + Clone + Send + Sync + 'static,
        T: Task + Clone,
        A: Clone + PartialEq + Debug + Send + Sync + 'static;
}

/// A workload whose input is in memory.
pub(crate) struct Prepared<S, T: Task, A> {
    /// What the source was made from.
    pub(crate) plan: Plan,
    pub(crate) source: S,
    pub(crate) computation: Computation<T, A>,
}
