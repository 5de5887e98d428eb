//! What a process holds of the system's: what must be as it was when everything is over. For more than one test program.

use std::fs;
use std::process::id;

/// What this process holds.
#[derive(Debug, PartialEq)]
pub(crate) struct Holdings {
    threads: usize,
    descriptors: usize,
    children: Vec<u32>,
}

impl Holdings {
    pub(crate) fn now() -> Self {
        let count = |folder| fs::read_dir(folder).expect("Linux has it").count();
        Self { threads: count("/proc/self/task"), descriptors: count("/proc/self/fd"), children: children() }
    }
}

/// The processes that this one has started and not waited for.
pub(crate) fn children() -> Vec<u32> {
    children_of(id())
}

pub(crate) fn children_of(parent: u32) -> Vec<u32> {
    let processes = fs::read_dir("/proc").expect("Linux has it").flatten();
    let pids = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(|&pid| stat(pid).is_some_and(|(_, its_parent)| its_parent == parent)).collect()
}

/// The state of a process and its parent.
pub(crate) fn stat(pid: u32) -> Option<(char, u32)> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name before may hold anything, brackets included.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    Some((fields.next()?.chars().next()?, fields.next()?.parse().ok()?))
}
