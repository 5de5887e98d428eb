//! In place of `process` on other systems than Linux: nothing is counted for processes there, so no amount is known.

use std::collections::BTreeSet;

/// What the scheduler counts for the threads of a process, in seconds.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Scheduled {
    pub(super) ran_s: f64,
    pub(super) queued_s: f64,
}

impl Scheduled {
    pub(super) fn since(self, _before: Self) -> Self {
        self
    }
}

/// A child process. There are none: worker processes need Linux.
pub(super) enum Process {}

pub(super) fn forget_peak() {}

pub(super) fn own() -> Option<(Scheduled, u64)> {
    None
}

pub(super) fn own_peak() -> Option<u64> {
    None
}

pub(super) fn children() -> Option<Vec<Process>> {
    None
}

pub(super) fn peaks(_processes: &[Process]) -> Option<u64> {
    None
}

pub(super) fn own_s() -> f64 {
    0.0
}

pub(super) fn threads() -> Option<BTreeSet<i32>> {
    None
}

pub(super) fn all_but(_others: &BTreeSet<i32>) -> Option<Scheduled> {
    None
}

pub(super) fn scheduled(_processes: &[Process]) -> Option<Scheduled> {
    None
}
