//! `Policy`: what a failure means for a fold, on every model.

use std::time::Duration;

/// What is done about chunks that fail.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Policy {
    /// How often a lost chunk is run again.
    pub(crate) retries: u32,
    /// Whether a panic counts as lost.
    pub(crate) retry_panics: bool,
    /// How long a chunk may take.
    pub(crate) timeout: Option<Duration>,
    /// Whether a failure is one chunk's own affair, and the others go on.
    pub(crate) keeps_going: bool,
    /// Whether a chunk that keeps being lost is cut down to the smallest range that is lost too.
    pub(crate) bisect: bool,
}

impl Policy {
    /// How often a chunk may be lost until it is given up.
    pub(crate) fn attempts(&self) -> u32 {
        self.retries.saturating_add(1)
    }

    /// How often a chunk may panic until it is given up.
    pub(crate) fn attempts_at_panics(&self) -> u32 {
        if self.retry_panics { self.attempts() } else { 1 }
    }
}
