//! However the program ends, no process of its chunks is left.

use std::fs;
use std::path::Path;
use std::process::Child;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::every_model;
use crate::interruptible;

/// The promise.
pub(super) const PROMISED: Duration = Duration::from_secs(1);

/// Longer than anything takes here, on any machine.
pub(super) const LONG: Duration = Duration::from_secs(60);

/// How often a state is asked for that does not tell of itself.
const POLL: Duration = Duration::from_millis(2);

/// Whether the process has ended. Its parent may not have waited for it.
pub(super) fn is_gone(pid: &str) -> bool {
    fs::read_to_string(format!("/proc/{pid}/stat"))
        .map_or(true, |stat| stat.rsplit_once(')').is_none_or(|(_, rest)| rest.trim_start().starts_with(['Z', 'X'])))
}

/// Waits until `holds`, for `at_most` that long.
pub(super) fn until(at_most: Duration, what: &str, holds: impl Fn() -> bool) {
    let since = Instant::now();
    while !holds() {
        assert!(since.elapsed() < at_most, "{what}");
        thread::sleep(POLL);
    }
}

pub(super) fn pids_in(file: &Path) -> Vec<String> {
    fs::read_to_string(file).unwrap_or_default().split_whitespace().map(str::to_string).collect()
}

/// Every process whose number is in this file is gone within a second.
pub(super) fn assert_gone(pids: &Path) {
    let pids = pids_in(pids);
    assert!(!pids.is_empty(), "no process has begun");
    until(PROMISED, "a process is left", || pids.iter().all(|pid| is_gone(pid)));
}

/// Starts a run whose process and its child never end, and sends it `signal` once they run. How the program has ended.
fn ended_by(model: &str, signal: Signal) -> Option<i32> {
    let folder = tempfile::tempdir().expect("there is room");
    let pids = folder.path().join("pids");
    let command = format!("trap '' TERM INT; sleep 1000 & echo $$ $! > {}; wait", pids.display());
    let mut program: Child =
        interruptible([model, "1..=9", "--shell", "--exec", &command]).spawn().expect("the program starts");
    until(LONG, "the process has not begun", || pids_in(&pids).len() >= 2);
    let pid = Pid::from_child(&program);
    kill_process(pid, signal).expect("it runs");
    let since = Instant::now();
    let status = program.wait().expect("it is a child");
    assert!(since.elapsed() < PROMISED, "{model} has not ended");
    assert_gone(&pids);
    status.code()
}

#[test]
fn ctrl_c_ends_every_process_within_a_second() {
    for model in every_model().filter(|&model| model != "mpi") {
        assert_eq!(ended_by(model, Signal::INT), Some(130), "{model}");
        assert_eq!(ended_by(model, Signal::TERM), Some(143), "{model}");
    }
}

#[test]
fn the_guard_is_there_before_the_first_process() {
    // Whoever was started first has the lower number, unless the numbers begin again in between.
    let command = "ps --ppid $PPID -o pid=,args= | while read pid args; do \
                   case \"$args\" in *threefold-guard*) [ $pid -lt $$ ] && echo guarded;; esac; done; true";
    for model in every_model() {
        let answer = super::run(&[model, "1..=1", "--shell", "--exec", command]);
        assert_eq!((answer.code, answer.stdout.as_str()), (Some(0), "guarded\n"), "{model}: {}", answer.stderr);
    }
}

#[test]
fn no_process_outlives_a_program_that_was_killed() {
    for model in every_model().filter(|&model| model != "mpi") {
        assert_eq!(ended_by(model, Signal::KILL), None, "{model}");
    }
}
