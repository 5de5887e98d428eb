//! The memory of processes, and which they are.

use std::fs;

/// What a process holds, in KiB.
pub(crate) struct Memory {
    /// What it shares with no other process.
    pub(crate) private: u64,
    /// What of that is in no file: heap, stacks, and changed data. The rest can be read again.
    pub(crate) anonymous: u64,
    pub(crate) resident: u64,
}

impl Memory {
    pub(crate) fn of(pid: u32) -> Self {
        let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).expect("it is a process of ours");
        let field = |name: &str| -> u64 {
            let line = text.lines().find_map(|line| line.strip_prefix(name));
            line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or_default()
        };
        let private = field("Private_Clean:") + field("Private_Dirty:");
        Self { private, anonymous: field("Anonymous:"), resident: field("Rss:") }
    }
}

/// The children of a process.
pub(crate) fn children_of(pid: u32) -> Vec<u32> {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).expect("it is a process of ours").flatten();
    let children = tasks.map(|task| fs::read_to_string(task.path().join("children")).unwrap_or_default());
    children.flat_map(|line| line.split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<_>>()).collect()
}

/// The processor time of a process, in the system's ticks.
pub(crate) fn ticks_of(pid: u32) -> u64 {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The name, which may have spaces, ends with the last parenthesis. User time is the 14th field, system time the next.
    let fields = text.rsplit(") ").next().unwrap_or_default().split(' ').skip(11).take(2);
    fields.filter_map(|field| field.parse::<u64>().ok()).sum()
}
