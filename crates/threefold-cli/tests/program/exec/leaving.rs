//! Processes that are told to end, on every model in the same way: SIGTERM, and SIGKILL after the grace.

use std::fs;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use super::ending::{assert_gone, is_gone, pids_in, soon, until};
use super::{every_model, run};
use crate::{has_python, interruptible, threefold};

/// Programs of which one is in another group than it was started in. It writes its number to a file, and ends by itself
/// after some seconds, which it writes to another file.
fn that_move(folder: &Path) -> Vec<String> {
    [Some(that_starts_another_group(folder)), that_moves(folder)].into_iter().flatten().collect()
}

/// A shell that waits for what is in a group of its own: `timeout` makes one.
fn that_starts_another_group(folder: &Path) -> String {
    let script = folder.join("starts.sh");
    let text = format!(
        "timeout 100 sh -c 'echo $$ >{0}/pids.new; mv {0}/pids.new {0}/pids; sleep 20; : >{0}/by-itself' &
wait
",
        folder.display()
    );
    fs::write(&script, text).expect("it is ours");
    format!("sh {}", script.display())
}

/// A shell that starts one group after the other, also at the moment when it is told to end. One of them has no parent.
fn that_starts_many_groups(folder: &Path) -> String {
    let script = folder.join("many.sh");
    let text = format!(
        "start() {{ timeout 100 sh -c 'echo $$ >>{0}/pids; exec sleep 20' & }}
(start)
while :; do start; sleep 0.001; done
",
        folder.display()
    );
    fs::write(&script, text).expect("it is ours");
    format!("sh {}", script.display())
}

#[test]
fn groups_that_are_started_while_the_processes_end_do_not_outlive_the_program() {
    for model in every_model() {
        let folder = tempfile::tempdir().expect("there is room");
        let (command, pids) = (that_starts_many_groups(folder.path()), folder.path().join("pids"));
        // On a busy machine the first times may be too short for a shell to start anything.
        let has_begun = ["0.3", "1", "5"].into_iter().any(|time| {
            let answer = run(&[model, "1..=1", "--timeout", time, "--exec", &command]);
            assert!(answer.stderr.contains("ran out of time"), "{model}: {}", answer.stderr);
            !pids_in(&pids).is_empty()
        });
        assert!(has_begun, "{model}");
        assert_gone(&pids);
    }
}

/// A program that moves to the group of its parent. No shell can do that.
fn that_moves(folder: &Path) -> Option<String> {
    let script = folder.join("moves.py");
    let text = format!(
        "import os, time
os.setpgid(0, os.getpgid(os.getppid()))
open('{0}/pids.new', 'w').write(str(os.getpid()))
os.rename('{0}/pids.new', '{0}/pids')
time.sleep(20)
open('{0}/by-itself', 'w').write('')
",
        folder.display()
    );
    fs::write(&script, text).expect("it is ours");
    has_python("a process that has moved to another group").then(|| format!("python3 {}", script.display()))
}

#[test]
fn a_process_that_has_moved_to_another_group_is_ended_when_it_is_late() {
    let folder = tempfile::tempdir().expect("there is room");
    let pids = folder.path().join("pids");
    for command in that_move(folder.path()) {
        for model in every_model() {
            let answer = run(&[model, "1..=1", "--timeout", "1", "--exec", &command]);
            assert_eq!(answer.code, Some(1), "{model}: {}", answer.stderr);
            assert!(answer.stderr.contains("ran out of time"), "{model}: {}", answer.stderr);
            assert!(!folder.path().join("by-itself").exists(), "{model}: it has ended by itself");
            assert_gone(&pids);
            fs::remove_file(&pids).expect("it has begun");
        }
    }
}

#[test]
fn a_process_that_has_moved_to_another_group_does_not_outlive_the_program() {
    let folder = tempfile::tempdir().expect("there is room");
    let pids = folder.path().join("pids");
    for command in that_move(folder.path()) {
        for model in every_model().filter(|&model| model != "mpi") {
            for signal in [Signal::INT, Signal::TERM, Signal::KILL] {
                let mut program =
                    interruptible([model, "1..=1", "--exec", &command]).spawn().expect("the program starts");
                until("the process has not begun", || pids.exists());
                kill_process(Pid::from_child(&program), signal).expect("it runs");
                program.wait().expect("it is a child");
                assert_gone(&pids);
                fs::remove_file(&pids).expect("it has begun");
            }
        }
    }
}

#[test]
fn the_guard_finds_a_process_that_it_was_not_told_of() {
    // As if the program were killed between the start of the process and the telling.
    let start = |run: &str| {
        let mut sleep = Command::new("sleep");
        sleep.arg("1000").env("THREEFOLD_RUN", run).process_group(0);
        sleep.spawn().expect("it starts")
    };
    let (mut of_run, mut of_another) = (start("7-11"), start("7-1"));
    let mut guard = Command::new(crate::program())
        .args(["threefold-guard", "7-11"])
        .env_clear()
        .process_group(0)
        .stdin(Stdio::piped())
        .spawn()
        .expect("it starts");
    drop(guard.stdin.take());
    let ended = guard.wait().expect("it is a child");
    let others_are_left = !is_gone(&of_another.id().to_string());
    let is_found = is_gone(&of_run.id().to_string());
    for child in [&mut of_run, &mut of_another] {
        child.kill().expect("it is a child");
        child.wait().expect("it is a child");
    }
    assert!(ended.success() && is_found && others_are_left);
}

#[test]
fn the_guard_looks_for_nothing_after_a_run_that_has_ended_its_processes() {
    let mut sleep = Command::new("sleep");
    let mut child = sleep.arg("1000").env("THREEFOLD_RUN", "7-12").process_group(0).spawn().expect("it starts");
    let mut guard = Command::new(crate::program())
        .args(["threefold-guard", "7-12"])
        .process_group(0)
        .stdin(Stdio::piped())
        .spawn()
        .expect("it starts");
    guard.stdin.take().expect("it is a pipe").write_all(&0_i32.to_ne_bytes()).expect("it reads");
    let ended = guard.wait().expect("it is a child");
    let is_left = !is_gone(&child.id().to_string());
    child.kill().expect("it is a child");
    child.wait().expect("it is a child");
    assert!(ended.success() && is_left);
}

/// A command that waits until it is told to end. Then it writes the file `cleaned`, and says so on stderr.
fn that_cleans_up(folder: &Path) -> String {
    let script = folder.join("cleans.sh");
    let text = format!(
        "trap ': >{0}/cleaned; echo cleaned >&2; exit 1' TERM
: >{0}/begun
while :; do sleep 100 & wait; done
",
        folder.display()
    );
    fs::write(&script, text).expect("it is ours");
    format!("sh {}", script.display())
}

/// How often a process is told to end. It has 0.1 s to clean up, and a machine that has too much to do may not give it a core
/// in that time.
const TRIES: u32 = 10;

/// Whether the process has cleaned up. What it has said on stderr by then is passed on, if somebody reads it.
fn cleans_up(folder: &Path) -> bool {
    soon(Duration::from_secs(1), || folder.join("cleaned").exists())
}

#[test]
fn ctrl_c_lets_the_processes_clean_up_on_every_model() {
    for model in every_model().filter(|&model| model != "mpi") {
        let is_cleaned_up = |_| {
            let folder = tempfile::tempdir().expect("there is room");
            let program = interruptible([model, "1..=1", "--exec", &that_cleans_up(folder.path())])
                .stderr(Stdio::piped())
                .spawn()
                .expect("the program starts");
            until("the process has not begun", || folder.path().join("begun").exists());
            kill_process(Pid::from_child(&program), Signal::INT).expect("it runs");
            let output = program.wait_with_output().expect("it is a child");
            assert_eq!(output.status.code(), Some(130), "{model}");
            // A worker process is killed at once, so that nobody reads the stderr of its children.
            let is_told = String::from_utf8_lossy(&output.stderr).contains("cleaned") || model == "processes";
            cleans_up(folder.path()) && is_told
        };
        assert!((0..TRIES).any(is_cleaned_up), "{model}");
    }
}

#[test]
fn a_program_that_is_killed_lets_its_processes_clean_up() {
    for model in every_model().filter(|&model| model != "mpi") {
        let is_cleaned_up = |_| {
            let folder = tempfile::tempdir().expect("there is room");
            let command = that_cleans_up(folder.path());
            let mut program = interruptible([model, "1..=1", "--exec", &command]).spawn().expect("the program starts");
            until("the process has not begun", || folder.path().join("begun").exists());
            kill_process(Pid::from_child(&program), Signal::KILL).expect("it runs");
            program.wait().expect("it is a child");
            cleans_up(folder.path())
        };
        assert!((0..TRIES).any(is_cleaned_up), "{model}");
    }
}

#[test]
fn a_chunk_that_fails_lets_the_processes_of_the_others_clean_up() {
    for model in every_model().filter(|&model| model != "sequential") {
        let is_cleaned_up = |_| {
            let folder = tempfile::tempdir().expect("there is room");
            let command = format!(
                "if [ {{chunk}} = 0 ]; then until [ -e {}/begun ]; do sleep 0.01; done; exit 3; fi; exec {}",
                folder.path().display(),
                that_cleans_up(folder.path())
            );
            let answer = run(&[model, "-j2", "1..=2", "--chunks", "2", "--shell", "--exec", &command]);
            assert_eq!(answer.code, Some(1), "{model}: {}", answer.stderr);
            assert!(answer.stderr.contains("exited with code 3"), "{model}: {}", answer.stderr);
            cleans_up(folder.path())
        };
        assert!((0..TRIES).any(is_cleaned_up), "{model}");
    }
}

#[test]
fn the_rest_of_a_group_has_its_time_after_the_process_itself_has_ended() {
    for model in every_model() {
        assert!((0..TRIES).any(|_| a_rest_cleans_up(model)), "{model}");
    }
}

/// Whether what a process has started cleans up after the process itself has ended, when both are told to end.
fn a_rest_cleans_up(model: &str) -> bool {
    let folder = tempfile::tempdir().expect("there is room");
    let script = folder.path().join("rest.sh");
    let text = format!(
        "end() {{
  while read -r _ _ state _ <\"/proc/$PPID/stat\" && [ \"$state\" != Z ]; do :; done
  sleep 0.03
  : >{0}/cleaned
  exit 1
}}
trap end TERM
: >{0}/begun
while :; do sleep 100 & wait; done
",
        folder.path().display()
    );
    fs::write(&script, text).expect("it is ours");
    // The shell ends at once when it is told to.
    let command = format!("sh {} & wait", script.display());
    let answer = run(&[model, "1..=1", "--timeout", "1", "--shell", "--exec", &command]);
    assert!(answer.stderr.contains("ran out of time"), "{model}: {}", answer.stderr);
    folder.path().join("begun").exists() && folder.path().join("cleaned").exists()
}

#[test]
fn a_process_has_its_memory_limit_from_its_first_instruction() {
    let command = "ulimit -d; sh -c 'ulimit -d'";
    for model in every_model() {
        let arguments = [model, "1..=8", "--chunks", "8", "--memory-limit", "64MiB", "--shell", "--exec", command];
        let output = threefold(arguments).output().expect("the program starts");
        assert_eq!(String::from_utf8_lossy(&output.stdout), "65536\n".repeat(16), "{model}");
    }
}

#[test]
fn a_program_with_a_memory_limit_is_started_as_one_without() {
    let folder = tempfile::tempdir().expect("there is room");
    let script = folder.path().join("script");
    fs::write(&script, "#!/no/such/interpreter\n").expect("it is ours");
    let made = Command::new("chmod").arg("+x").arg(&script).status();
    assert!(made.expect("it starts").success());
    let script = script.to_str().expect("it is text");
    let sees = "echo \"$0 $1\"; cat; ls -l /proc/self/fd | grep -c pipe; env | grep -c THREEFOLD_RUN";
    for (command, shell) in [(script, false), (sees, true)] {
        let of = |more: &[&str]| {
            let words = [&["threads", "1..=1", "--exec", command][..], more].concat();
            run(&[&words[..], if shell { &["--shell"] } else { &[] }].concat())
        };
        let (without, with) = (of(&[]), of(&["--memory-limit", "1GiB"]));
        assert_eq!((without.code, without.stdout), (with.code, with.stdout));
        assert_eq!(without.stderr, with.stderr);
    }
}
