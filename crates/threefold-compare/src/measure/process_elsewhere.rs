//! In place of `process` on other systems than Linux: nothing is counted for processes there, so each amount is 0.

/// What the scheduler counts for the threads of a process, in seconds.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Scheduled {
    pub(super) ran_s: f64,
    pub(super) queued_s: f64,
}

/// A child process. There are none: worker processes need Linux.
pub(super) enum Process {}

pub(super) fn forget_peak() {}

pub(super) fn own() -> (Scheduled, u64) {
    (Scheduled::default(), own_peak())
}

pub(super) fn own_peak() -> u64 {
    0
}

pub(super) fn children() -> Vec<Process> {
    Vec::new()
}

pub(super) fn peak(process: &Process) -> Option<u64> {
    match *process {}
}

pub(super) fn own_s() -> f64 {
    0.0
}

pub(super) fn own_queued_s() -> f64 {
    0.0
}

pub(super) fn scheduled(_processes: &[Process]) -> Scheduled {
    Scheduled::default()
}
