//! Process groups: which processes are in a group besides its leader, as `/proc` tells.

use std::{fs, io, process};

use rustix::process::Pid;

/// Whether the group of process `leader` has a living member besides the leader. If that cannot be determined, the
/// answer is yes.
///
/// The process id must still belong to the leader: the leader is alive, or nobody has waited for it.
pub(super) fn has_others(leader: u32) -> bool {
    let Ok(mut others) = others(leader) else { return true };
    others.any(|(_, state)| !state.is_dead)
}

/// The children of this process in the group of process `leader`, except the leader itself, and whether each of them is
/// dead. If that cannot be determined, the list is empty.
///
/// The process id must still belong to the leader, as above.
pub(super) fn children_in(leader: Pid) -> Vec<(Pid, bool)> {
    let this = process::id();
    let others = others(leader.as_raw_pid().unsigned_abs()).into_iter().flatten();
    let children = others.filter(|(_, state)| state.parent == this);
    children.filter_map(|(pid, state)| Some((Pid::from_raw(pid.try_into().ok()?)?, state.is_dead))).collect()
}

/// The properties of a process that matter here.
struct State {
    /// Whether it has ended and nobody has waited for it yet.
    is_dead: bool,
    parent: u32,
    group: u32,
}

/// The other members of a group.
fn others(leader: u32) -> io::Result<impl Iterator<Item = (u32, State)>> {
    let entries = fs::read_dir("/proc")?;
    let pids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let states = pids.filter(move |&pid| pid != leader).filter_map(|pid| Some((pid, State::of(pid)?)));
    Ok(states.filter(move |(_, state)| state.group == leader))
}

impl State {
    fn of(pid: u32) -> Option<Self> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name, in parentheses, may hold anything. After it: the state, the parent, the group.
        let (_, rest) = stat.rsplit_once(')')?;
        let mut fields = rest.split_whitespace();
        let is_dead = matches!(fields.next()?, "Z" | "X");
        Some(Self { is_dead, parent: fields.next()?.parse().ok()?, group: fields.next()?.parse().ok()? })
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::CommandExt;
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn a_group_has_others_as_long_as_any_is_alive() {
        let shell = |script: &str| {
            let mut shell = Command::new("sh");
            shell.args(["-c", script]).process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap()
        };
        let mut alone = shell("read line");
        assert!(!has_others(alone.id()));
        drop(alone.stdin.take());
        alone.wait().unwrap();
        // Its child says so, and ends with the standard input.
        let mut leader = shell("cat & cat");
        let mut inside = leader.stdin.take().unwrap();
        std::io::Write::write_all(&mut inside, b"x").unwrap();
        std::io::Read::read_exact(leader.stdout.as_mut().unwrap(), &mut [0]).unwrap();
        assert!(has_others(leader.id()));
        drop(inside);
        leader.wait().unwrap();
    }
}
