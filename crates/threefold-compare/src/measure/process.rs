//! What the system counts for processes: processor time, queued time, and the peak of their memory.
//!
//! It is read from `/proc`. What cannot be read there is `None`, and never 0: a program without `/proc`, or without a
//! descriptor for it, computes all the same.

use std::collections::BTreeSet;
use std::fs;
use std::io;

use procfs::process::{Process, Task, all_processes};
use procfs::{ProcError, ProcResult};
use rustix::io::Errno;
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
    fn add(&mut self, ran_s: f64, queued_ns: u64) {
        self.ran_s += ran_s;
        self.queued_s += queued_ns as f64 * 1e-9;
    }

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
pub(super) fn own() -> Option<(Scheduled, u64)> {
    let queued_s = scheduled(&[Process::myself().ok()?])?.queued_s;
    Some((Scheduled { ran_s: own_s(), queued_s }, own_peak()?))
}

/// The peak of the memory of this process, in bytes.
pub(super) fn own_peak() -> Option<u64> {
    peaks(&[Process::myself().ok()?]).filter(|&bytes| bytes > 0)
}

/// The child processes of this process.
pub(super) fn children() -> Option<Vec<Process>> {
    let own = std::process::id() as i32;
    let mut children = Vec::new();
    for process in all_processes().ok()? {
        match process.and_then(|process| Ok((process.stat()?.ppid, process))) {
            Ok((parent, process)) if parent == own => children.push(process),
            Err(ProcError::Io(error, _)) if !is_gone(&error) => return None,
            // It is no child, or it has ended, or only its owner may see it.
            _ => {}
        }
    }
    Some(children)
}

/// The largest resident memory of each of these processes, added up, in bytes.
pub(super) fn peaks(processes: &[Process]) -> Option<u64> {
    processes
        .iter()
        .map(|process| Some(unless_gone(process.status()).ok()?.and_then(|status| status.vmhwm).unwrap_or(0) * 1024))
        .sum()
}

/// What was read of a process or a thread, which may have ended meanwhile.
fn unless_gone<T>(read: ProcResult<T>) -> ProcResult<Option<T>> {
    match read {
        Ok(read) => Ok(Some(read)),
        Err(ProcError::NotFound(_)) => Ok(None),
        Err(ProcError::Io(error, _)) if is_gone(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether this is the error of a process that has ended while it was read.
fn is_gone(error: &io::Error) -> bool {
    Errno::from_io_error(error) == Some(Errno::SRCH)
}

/// The processor seconds of this process, exact to the nanosecond.
pub(super) fn own_s() -> f64 {
    cpu_s(ClockId::ProcessCPUTime)
}

fn cpu_s(clock: ClockId) -> f64 {
    let time = clock_gettime(clock);
    time.tv_sec as f64 + time.tv_nsec as f64 * 1e-9
}

/// The threads of this process.
pub(super) fn threads() -> Option<BTreeSet<i32>> {
    Some(each_thread()?.iter().map(|task| task.tid).collect())
}

/// What the scheduler has counted for the calling thread and for all threads of this process that are not among `others`.
/// The processor time of the calling thread is exact to the nanosecond.
pub(super) fn all_but(others: &BTreeSet<i32>) -> Option<Scheduled> {
    let caller = caller()?;
    let mut sum = Scheduled::default();
    for task in each_thread()?.iter().filter(|task| task.tid == caller || !others.contains(&task.tid)) {
        let counted = match task.schedstat() {
            Err(_) if task.tid == caller => return None,
            counted => unless_gone(counted).ok()?,
        };
        let Some(counted) = counted else { continue };
        let ran_s =
            if task.tid == caller { cpu_s(ClockId::ThreadCPUTime) } else { counted.sum_exec_runtime as f64 * 1e-9 };
        sum.add(ran_s, counted.run_delay);
    }
    Some(sum)
}

/// The threads of this process that are not among `others`, and the calling one.
pub(super) fn participants(others: &BTreeSet<i32>) -> Option<Vec<i32>> {
    let caller = caller()?;
    Some(threads()?.into_iter().filter(|&thread| thread == caller || !others.contains(&thread)).collect())
}

/// The calling thread.
fn caller() -> Option<i32> {
    fs::read_link("/proc/thread-self").ok()?.file_name()?.to_str()?.parse().ok()
}

fn each_thread() -> Option<Vec<Task>> {
    tasks(&Process::myself().ok()?)
}

/// The threads of a process; none if it has ended.
fn tasks(process: &Process) -> Option<Vec<Task>> {
    let Some(tasks) = unless_gone(process.tasks()).ok()? else { return Some(Vec::new()) };
    tasks.map(unless_gone).filter_map(Result::transpose).collect::<ProcResult<_>>().ok()
}

/// What the scheduler has counted for these processes. Their processor time is exact while their threads sleep.
pub(super) fn scheduled(processes: &[Process]) -> Option<Scheduled> {
    let mut sum = Scheduled::default();
    for process in processes {
        for task in tasks(process)? {
            if let Some(counted) = unless_gone(task.schedstat()).ok()? {
                sum.add(counted.sum_exec_runtime as f64 * 1e-9, counted.run_delay);
            }
        }
    }
    Some(sum)
}
