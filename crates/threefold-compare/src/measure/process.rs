//! What the system counts for processes: processor time, queued time, and the peak of their memory.

use std::fs;

use procfs::process::{Process, all_processes};
use rustix::time::{ClockId, clock_gettime};

/// What the scheduler counts for the threads of a process, in seconds.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Scheduled {
    /// Running on a processor.
    pub(super) ran_s: f64,
    /// Ready to run while other threads had the processors.
    pub(super) queued_s: f64,
}

/// The peak of this process's memory is counted from here on.
pub(super) fn forget_peak() {
    // Linux resets VmHWM when a 5 is written here (proc(5)). If it cannot be written, the peak is that since the
    // process was started.
    let _ = fs::write("/proc/self/clear_refs", "5");
}

/// What the scheduler has counted for this process, with its exact processor time, and the peak of its memory in bytes.
pub(super) fn own() -> (Scheduled, u64) {
    (Scheduled { ran_s: own_s(), queued_s: own_queued_s() }, own_peak())
}

/// The peak of the memory of this process, in bytes.
pub(super) fn own_peak() -> u64 {
    Process::myself().ok().as_ref().and_then(peak).unwrap_or_default()
}

/// The child processes of this process.
pub(super) fn children() -> Vec<Process> {
    let own = std::process::id() as i32;
    let Ok(processes) = all_processes() else { return Vec::new() };
    processes.flatten().filter(|process| process.stat().is_ok_and(|stat| stat.ppid == own)).collect()
}

/// The largest resident memory of a process, in bytes.
pub(super) fn peak(process: &Process) -> Option<u64> {
    process.status().ok()?.vmhwm.map(|kibibytes| kibibytes * 1024)
}

/// The processor seconds of this process, exact to the nanosecond.
pub(super) fn own_s() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 * 1e-9
}

/// The seconds in which threads of this process were ready to run and had no processor.
pub(super) fn own_queued_s() -> f64 {
    Process::myself().map_or(0.0, |own| scheduled(&[own]).queued_s)
}

/// What the scheduler has counted for these processes. Their processor time is exact while their threads sleep.
pub(super) fn scheduled(processes: &[Process]) -> Scheduled {
    let tasks = processes.iter().filter_map(|process| process.tasks().ok()).flatten().flatten();
    let each = tasks.filter_map(|task| task.schedstat().ok());
    each.fold(Scheduled::default(), |all, task| Scheduled {
        ran_s: all.ran_s + task.sum_exec_runtime as f64 * 1e-9,
        queued_s: all.queued_s + task.run_delay as f64 * 1e-9,
    })
}
