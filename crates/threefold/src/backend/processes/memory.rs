//! What the system says of memory: how much a worker had, and whether the kernel has killed for want of it.

use std::fs;
use std::sync::atomic::{AtomicU64, Ordering};

/// The largest resident memory that process `pid` has had so far, in bytes (`VmHWM`). What wait4 tells is no use: after
/// a spawn it is the parent's.
pub(super) fn peak(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let kilobytes = field(&status, "VmHWM:")?;
    Some(kilobytes * 1024)
}

/// How often the kernel has killed a process for want of memory, when this was last asked.
#[derive(Debug)]
pub(super) struct OomKills {
    machine: AtomicU64,
    container: AtomicU64,
}

impl OomKills {
    pub(super) fn new() -> Self {
        Self { machine: AtomicU64::new(machine().unwrap_or(0)), container: AtomicU64::new(container().unwrap_or(0)) }
    }

    /// What speaks for another such kill since this was last asked.
    pub(super) fn increased(&self) -> Option<&'static str> {
        // Relaxed: two counters that are compared with the kernel's, and with nothing of ours.
        let rose =
            |counter: &AtomicU64, now: Option<u64>| now.is_some_and(|now| now > counter.swap(now, Ordering::Relaxed));
        let in_container = rose(&self.container, container());
        let on_machine = rose(&self.machine, machine());
        match (in_container, on_machine) {
            (true, _) => Some("the container's count of such kills, oom_kill in memory.events, rose"),
            (_, true) => Some("the machine's count of such kills, oom_kill in /proc/vmstat, rose"),
            _ => None,
        }
    }
}

fn machine() -> Option<u64> {
    field(&fs::read_to_string("/proc/vmstat").ok()?, "oom_kill")
}

/// Of the control group of this process, which its workers are in too.
fn container() -> Option<u64> {
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    let group = groups.lines().find_map(|line| line.strip_prefix("0::"))?;
    field(&fs::read_to_string(format!("/sys/fs/cgroup{group}/memory.events")).ok()?, "oom_kill")
}

/// The number after `name` at the beginning of a line.
fn field(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find(|line| line.split_whitespace().next() == Some(name))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_of_a_process_is_at_least_what_it_touched() {
        let touched = vec![1u8; 32 << 20];
        let peak = peak(std::process::id()).unwrap();
        assert!(peak >= 32 << 20, "{peak}, with {} bytes touched", touched.len());
    }

    #[test]
    fn fields_are_found_by_their_whole_name() {
        assert_eq!(field("oom_kill_group 1\noom_kill 7\n", "oom_kill"), Some(7));
        assert_eq!(field("VmHWM:\t    1024 kB\n", "VmHWM:"), Some(1024));
        assert_eq!(field("", "oom_kill"), None);
    }
}
