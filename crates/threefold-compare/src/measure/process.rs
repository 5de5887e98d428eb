//! What the system counts for processes: processor time, queued time, and the peak of their memory.

use std::collections::BTreeSet;
use std::fs;

use procfs::process::{Process, Task, all_processes};
use rustix::time::{ClockId, clock_gettime};

/// What the scheduler counts for the threads of a process, in seconds.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Scheduled {
    /// Running on a processor.
    pub(super) ran_s: f64,
    /// Ready to run while other threads had the processors.
    pub(super) queued_s: f64,
}

impl Scheduled {
    /// What has been added since `before`. What a thread has used is gone with the thread, so that it may seem less.
    pub(super) fn since(self, before: Self) -> Self {
        Self { ran_s: (self.ran_s - before.ran_s).max(0.0), queued_s: (self.queued_s - before.queued_s).max(0.0) }
    }
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
    cpu_s(ClockId::ProcessCPUTime)
}

fn cpu_s(clock: ClockId) -> f64 {
    let time = clock_gettime(clock);
    time.tv_sec as f64 + time.tv_nsec as f64 * 1e-9
}

/// The seconds in which threads of this process were ready to run and had no processor.
fn own_queued_s() -> f64 {
    Process::myself().map_or(0.0, |own| scheduled(&[own]).queued_s)
}

/// The threads of this process.
pub(super) fn threads() -> BTreeSet<i32> {
    each_thread().map(|task| task.tid).collect()
}

/// What the scheduler has counted for the calling thread and for all threads of this process that are not among `others`.
/// The processor time of the calling thread is exact to the nanosecond.
pub(super) fn all_but(others: &BTreeSet<i32>) -> Scheduled {
    let caller = caller();
    let mut sum = Scheduled::default();
    for task in each_thread() {
        let is_caller = Some(task.tid) == caller;
        let Some(counted) = task.schedstat().ok().filter(|_| is_caller || !others.contains(&task.tid)) else {
            continue;
        };
        sum.queued_s += counted.run_delay as f64 * 1e-9;
        sum.ran_s += if is_caller { cpu_s(ClockId::ThreadCPUTime) } else { counted.sum_exec_runtime as f64 * 1e-9 };
    }
    sum
}

/// The threads of this process that are not among `others`, and the calling one.
pub(super) fn participants(others: &BTreeSet<i32>) -> Vec<i32> {
    let caller = caller();
    threads().into_iter().filter(|thread| Some(*thread) == caller || !others.contains(thread)).collect()
}

/// The calling thread.
fn caller() -> Option<i32> {
    fs::read_link("/proc/thread-self").ok()?.file_name()?.to_str()?.parse().ok()
}

fn each_thread() -> impl Iterator<Item = Task> {
    Process::myself().ok().and_then(|own| own.tasks().ok()).into_iter().flatten().flatten()
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
