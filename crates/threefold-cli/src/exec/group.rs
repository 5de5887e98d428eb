//! Who is in a process group.

use std::fs;

use rustix::process::Pid;

/// Whether a process other than its leader is in `group`, and has not ended. It takes a look at every process of the
/// machine, so it is asked only of groups that were told to end.
pub(super) fn has_others(group: Pid) -> bool {
    let group = group.as_raw_pid();
    every_process().any(|pid| pid != group && standing(pid).is_some_and(|it| !it.is_over && it.group == group))
}

/// The numbers of all processes.
pub(super) fn every_process() -> impl Iterator<Item = i32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

/// Where a process stands.
#[derive(Clone, Copy)]
pub(super) struct Standing {
    /// Whether it has ended and is not waited for.
    pub(super) is_over: bool,
    pub(super) parent: i32,
    pub(super) group: i32,
    /// 0 if the leader of the session is in another PID namespace. `getsid` cannot say so.
    pub(super) session: i32,
}

/// Where this process stands, if there is one.
pub(super) fn standing(pid: i32) -> Option<Standing> {
    let stat = fs::read(format!("/proc/{pid}/stat")).ok()?;
    // The name, in parentheses, may hold anything.
    let after_name = stat.iter().rposition(|&byte| byte == b')')? + 1;
    let mut fields = std::str::from_utf8(&stat[after_name..]).ok()?.split_ascii_whitespace();
    let is_over = matches!(fields.next()?, "Z" | "X");
    let mut number = || fields.next()?.parse().ok();
    let (parent, group, session) = (number()?, number()?, number()?);
    Some(Standing { is_over, parent, group, session })
}
