//! The memory of processes, and the children of a process.

use std::collections::BTreeSet;
use std::fs;

/// Bytes that a process holds in memory.
#[derive(Default)]
pub(crate) struct Holdings {
    /// The memory that only this process maps.
    pub(crate) private: u64,
    /// The memory that is in no file: heap, stacks, and changed data. All other pages can be read again.
    pub(crate) anonymous: u64,
}

impl Holdings {
    /// Those of the process `pid`. One that has ended holds nothing.
    pub(crate) fn of(pid: u32) -> Self {
        let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
        let sum = |name: &str| -> u64 {
            let lines = text.lines().filter(|line| line.starts_with(name));
            let kibibytes = lines.filter_map(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
            kibibytes.sum::<u64>() * 1024
        };
        Self { private: sum("Private_"), anonymous: sum("Anonymous:") }
    }
}

/// The children of all threads of the process `pid`.
pub(crate) fn children_of(pid: u32) -> BTreeSet<u32> {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).expect("the process is there").flatten();
    let lists = threads.filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
    lists.flat_map(|list| list.split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<_>>()).collect()
}

/// The processor time of a process, in the system's ticks.
pub(crate) fn ticks_of(pid: u32) -> u64 {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The name, which may have spaces, ends with the last parenthesis. User time is the 14th field, system time the
    // next.
    let fields = text.rsplit(") ").next().unwrap_or_default().split(' ').skip(11).take(2);
    fields.filter_map(|field| field.parse::<u64>().ok()).sum()
}
