//! `Fed`: a work of programs whose chunks come one after another; `Wanted`: how the outputs of programs are wanted.

use threefold::Task;

use super::{Computation, Describe, TryFold};
use crate::plan::Plan;

/// A work whose chunks come one after another. They may have no end.
pub(crate) struct Fed<I, T: Task, A> {
    /// What it was made from, if the chunks are known.
    pub(crate) plan: Option<Plan>,
    pub(crate) feed: I,
    /// What a chunk covers, as text.
    pub(crate) describe: Describe,
    pub(crate) computation: Computation<T, A, TryFold>,
}

/// How the outputs of programs are wanted, which need not be text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// They are written to stdout as they come.
    AtOnce,
    /// As a text, or not at all.
    AsText,
    /// As a text that other outputs do not have.
    ToCompare,
}
