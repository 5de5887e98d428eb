//! Process groups: whether anything is alive in one besides its leader, as `/proc` tells.

use std::fs;

/// Whether the group of process `leader` has a living member besides it. Where that cannot be told, it has.
///
/// The number must belong to the leader still: it is alive, or was not waited for.
pub(super) fn has_others(leader: u32) -> bool {
    let Ok(entries) = fs::read_dir("/proc") else { return true };
    let pids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    pids.filter(|&pid| pid != leader).any(|pid| is_member(pid, leader))
}

/// Whether process `pid` is alive in that group. A zombie is not.
fn is_member(pid: u32, group: u32) -> bool {
    let Ok(stat) = fs::read_to_string(format!("/proc/{pid}/stat")) else { return false };
    // The name, in parentheses, may hold anything. After it: the state, the parent, the group.
    let Some((_, rest)) = stat.rsplit_once(')') else { return false };
    let mut fields = rest.split_whitespace();
    let state = fields.next();
    state != Some("Z") && state != Some("X") && fields.nth(1).and_then(|field| field.parse().ok()) == Some(group)
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
