//! `Work`: what is run on every chunk. Only this file knows which kinds of work there are.
//!
//! Everything else asks a work for its name and its items, and gives a [`Visitor`], which takes any types.

use crate::computation::Visitor;
use crate::plan::Input;
use crate::workloads::Workload;

/// What is run on every chunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    /// A computation that is built in.
    Workload(Workload),
}

impl Default for Work {
    fn default() -> Self {
        Self::Workload(Workload::default())
    }
}

impl Work {
    /// What the user calls it.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Workload(workload) => workload.description().name,
        }
    }

    /// The word for its items.
    pub(crate) fn items(&self) -> &str {
        match self {
            Self::Workload(workload) => workload.description().items,
        }
    }

    /// The formula that gives the same value without running a chunk, if there is one.
    pub(crate) fn formula(&self) -> Option<&'static str> {
        match self {
            Self::Workload(Workload::Sum) => Some("n(a+b)/2"),
            Self::Workload(_) => None,
        }
    }

    /// Whether its chunks wait without computing: its task is an `async fn`.
    pub(crate) fn waits(&self) -> bool {
        match self {
            Self::Workload(workload) => workload.description().waits,
        }
    }

    /// Whether it takes at most a few milliseconds for this input.
    pub(crate) fn is_brief(&self, input: &Input) -> bool {
        match self {
            Self::Workload(workload) => input.is_brief(workload.description()),
        }
    }

    /// Prepares this work for `input`, then gives it to `visitor`.
    ///
    /// # Errors
    ///
    /// Why this work cannot have this input, and what it can have. `visitor` was not called.
    pub(crate) fn visit<V: Visitor>(&self, input: &Input, visitor: V) -> Result<V::Result, String> {
        match self {
            Self::Workload(workload) => workload.visit(input, visitor),
        }
    }
}
