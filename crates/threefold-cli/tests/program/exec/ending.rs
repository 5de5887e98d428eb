//! However the program ends, no process of its chunks is left.

use std::fs;
use std::path::Path;
use std::process::Child;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::every_model;
use crate::interruptible;

/// The promise, for a machine that has a core for the program.
const PROMISED: Duration = Duration::from_secs(1);

/// Longer than anything takes here, on any machine.
pub(super) const LONG: Duration = Duration::from_secs(60);

/// How often a state is asked for that does not tell of itself.
const POLL: Duration = Duration::from_millis(2);

/// Whether the process has ended. Its parent may not have waited for it.
pub(super) fn is_gone(pid: &str) -> bool {
    fs::read_to_string(format!("/proc/{pid}/stat"))
        .map_or(true, |stat| stat.rsplit_once(')').is_none_or(|(_, rest)| rest.trim_start().starts_with(['Z', 'X'])))
}

/// Waits until `holds`.
pub(super) fn until(what: &str, holds: impl Fn() -> bool) {
    assert!(soon(LONG, holds), "{what}");
}

/// Waits until `holds`, for `at_most` that long, and says whether it does.
pub(super) fn soon(at_most: Duration, holds: impl Fn() -> bool) -> bool {
    let since = Instant::now();
    while !holds() {
        if since.elapsed() > at_most {
            return false;
        }
        thread::sleep(POLL);
    }
    true
}

pub(super) fn pids_in(file: &Path) -> Vec<String> {
    fs::read_to_string(file).unwrap_or_default().split_whitespace().map(str::to_string).collect()
}

/// Every process whose number is in this file is soon gone.
pub(super) fn assert_gone(pids: &Path) {
    let pids = pids_in(pids);
    assert!(!pids.is_empty(), "no process has begun");
    until("a process is left", || pids.iter().all(|pid| is_gone(pid)));
}

/// Starts a run whose process and its child never end, and sends it `signal` once they run. How the program has ended, and
/// after how long all of them were gone.
fn ended_by(model: &str, signal: Signal) -> (Option<i32>, Duration) {
    let folder = tempfile::tempdir().expect("there is room");
    let pids = folder.path().join("pids");
    let command = format!("trap '' TERM INT; sleep 1000 & echo $$ $! > {}; wait", pids.display());
    let mut program: Child =
        interruptible([model, "1..=9", "--shell", "--exec", &command]).spawn().expect("the program starts");
    until("the process has not begun", || pids_in(&pids).len() >= 2);
    let pid = Pid::from_child(&program);
    kill_process(pid, signal).expect("it runs");
    let since = Instant::now();
    let status = program.wait().expect("it is a child");
    assert_gone(&pids);
    (status.code(), since.elapsed())
}

#[test]
fn ctrl_c_ends_every_process_within_a_second() {
    for model in every_model().filter(|&model| model != "mpi") {
        for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
            // The machine may have no core for some of the runs.
            let is_kept = (0..5).any(|_| {
                let (ended, after) = ended_by(model, signal);
                assert_eq!(ended, Some(code), "{model}");
                after < PROMISED
            });
            assert!(is_kept, "{model}: it always took longer than a second");
        }
    }
}

#[test]
fn the_guard_is_there_before_the_first_process() {
    // Whoever was started first has the lower number, unless the numbers begin again in between: then it is tried again.
    let command = "ps --ppid $PPID -o pid=,args= | while read pid args; do \
                   case \"$args\" in *threefold-guard*) [ $pid -lt $$ ] && echo guarded;; esac; done; true";
    for model in every_model() {
        let is_guarded = |_| {
            let answer = super::run(&[model, "1..=1", "--shell", "--exec", command]);
            assert_eq!(answer.code, Some(0), "{model}: {}", answer.stderr);
            answer.stdout == "guarded\n"
        };
        assert!((0..3).any(is_guarded), "{model}");
    }
}

#[test]
fn no_process_outlives_a_program_that_was_killed() {
    for model in every_model().filter(|&model| model != "mpi") {
        assert_eq!(ended_by(model, Signal::KILL).0, None, "{model}");
    }
}
