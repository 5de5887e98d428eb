//! INT and TERM end the program within a second, with nothing left behind.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};
use std::{fs, thread};

use rustix::io::ioctl_fionread;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::{every_word, threefold};

/// The promise.
const PROMISED: Duration = Duration::from_secs(1);

/// A pipe holds at least so much, and the spans of 5000 chunks are more than any holds by default.
const PIPE: u64 = 16 << 10;

/// How often a state is asked for that does not tell of itself.
const POLL: Duration = Duration::from_millis(2);

/// A child that is killed when the test fails.
struct Guarded(Child);

impl Drop for Guarded {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

struct Ended {
    code: Option<i32>,
    stdout: String,
    /// After the first line of progress.
    stderr: String,
}

/// Runs `program`, which has years to go, and sends it `signal` once it works.
fn signalled(program: Command, signal: Signal) -> Ended {
    disturbed(program, |program| send(program, signal))
}

fn send(pid: u32, signal: Signal) {
    let pid = pid.try_into().ok().and_then(Pid::from_raw).expect("it is a process id");
    kill_process(pid, signal).expect("it still runs");
}

/// Runs `program`, which has years to go, and calls `disturb` with its process id once it works.
fn disturbed(mut program: Command, disturb: impl FnOnce(u32)) -> Ended {
    let mut child = Guarded(program.args(["--progress", "always"]).spawn().expect("the program starts"));
    let mut stderr = BufReader::new(child.0.stderr.take().expect("it is captured"));
    let mut first = String::new();
    // Progress is shown once the work is under way.
    stderr.read_line(&mut first).expect("it is text");
    assert!(first.starts_with("threefold: ") && first.contains("%, "), "{first}");

    disturb(child.0.id());
    let status = end_of(&mut child);
    let (mut rest, mut out) = (String::new(), String::new());
    stderr.read_to_string(&mut rest).expect("it is text");
    child.0.stdout.take().expect("it is captured").read_to_string(&mut out).expect("it is text");
    Ended { code: status.code(), stdout: out, stderr: rest }
}

/// How `child` ends, which it does soon.
fn end_of(child: &mut Guarded) -> ExitStatus {
    let since = Instant::now();
    loop {
        if let Some(status) = child.0.try_wait().expect("it is a child") {
            return status;
        }
        assert!(since.elapsed() < PROMISED, "it has not ended");
        thread::sleep(POLL);
    }
}

/// Takes years.
const LONG: &str = "i64::MIN..=i64::MAX";

#[test]
fn ctrl_c_ends_every_model_within_a_second() {
    for word in every_word() {
        let ended = signalled(threefold([word, LONG]), Signal::INT);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(130), ""), "{word}");
        // What else is known of the worker follows on lines of its own.
        let complaint = ended.stderr.lines().next().expect("it says why");
        assert!(complaint.starts_with("threefold: error: calculate_sum: cancelled on "), "{word}: {complaint}");
    }
}

#[test]
fn term_ends_every_model_within_a_second() {
    for word in every_word() {
        let ended = signalled(threefold([word, LONG, "1..=3", "-9..9"]), Signal::TERM);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(143), ""), "{word}");
    }
}

#[test]
fn a_cancelled_fold_is_an_object_too() {
    for word in every_word() {
        let ended = signalled(threefold([word, LONG, "--format", "json"]), Signal::INT);
        assert_eq!(ended.code, Some(130));
        let object: Value = serde_json::from_str(&ended.stdout).expect("it is JSON");
        assert_eq!((&object["value"], object["chunks"].as_u64()), (&Value::Null, Some(4096)));
        assert_eq!(object["error"]["kind"], "cancelled");
        assert_eq!(object["error"]["task"], "calculate_sum");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_signal_leaves_no_process_behind() {
    for (number, word) in every_word().enumerate() {
        // Whoever descends from it carries the mark.
        let mark = format!("THREEFOLD_TEST={}-{number}", std::process::id());
        let (name, value) = mark.split_once('=').expect("it has one");
        let mut program = threefold([word, LONG]);
        program.env(name, value);
        signalled(program, Signal::INT);
        let since = Instant::now();
        while let Some(pid) = carrier(&mark) {
            assert!(since.elapsed() < PROMISED, "{word}: process {pid} is left");
            thread::sleep(POLL);
        }
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_killed_worker_process_is_an_error_that_names_its_chunk() {
    let mut killed = 0;
    let program = threefold(["processes", LONG, "-j", "1", "--format", "json"]);
    let ended = disturbed(program, |pid| {
        let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).expect("Linux has it");
        let worker = children.split_whitespace().next().expect("it has a worker");
        killed = worker.parse().expect("a process id");
        send(killed, Signal::KILL);
    });
    assert_eq!(ended.code, Some(1));
    let object: Value = serde_json::from_str(&ended.stdout).expect("it is JSON");
    let error = &object["error"];
    assert_eq!((&error["kind"], &error["task"]), (&json!("lost"), &json!("calculate_sum")));
    assert_eq!((&error["pid"], &error["signal"], &error["worker"]), (&json!(killed), &json!(9), &json!(0)));
    assert_eq!((&error["chunk"], &error["attempt"], &error["attempts"]), (&json!(0), &json!(1), &json!(1)));
    assert_eq!(error["range"], format!("{}..={}", i64::MIN, i64::MIN + (1 << 52) - 1));
    // What else is known of the worker follows on lines of its own.
    let complaint = ended.stderr.lines().next().expect("it says why");
    assert_eq!(complaint.strip_prefix("threefold: error: "), error["message"].as_str());
}

#[test]
fn ctrl_c_ends_a_program_whose_output_nobody_reads() {
    let words = "sequential 1..=5000 --chunk-size 1 --format json";
    let mut child = Guarded(threefold(words.split(' ')).spawn().expect("the program starts"));
    let stdout = child.0.stdout.take().expect("it is captured");
    // It is stuck once no more comes although more is to come.
    let since = Instant::now();
    while ioctl_fionread(&stdout).expect("it is a pipe") < PIPE {
        assert!(since.elapsed() < 10 * PROMISED, "nothing is written");
        thread::sleep(POLL);
    }
    send(child.0.id(), Signal::INT);
    assert_eq!(end_of(&mut child).code(), Some(130));
}

/// A process that runs with `mark` in its environment.
fn carrier(mark: &str) -> Option<u32> {
    let processes = fs::read_dir("/proc").expect("Linux has it").flatten();
    let mut pids = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.find(|pid: &u32| {
        // Processes may end meanwhile, and those of others are not to be read.
        let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environment.split(|&byte| byte == 0).any(|variable| variable == mark.as_bytes())
    })
}

#[test]
fn a_comparison_that_is_ended_keeps_what_was_measured() {
    // Chunks of a millisecond or so, in more rounds than anyone waits for.
    let words = "compare --workload wait 1..=2 --runs 1000000 --models async,threads".split(' ');
    let ended = signalled(threefold(words), Signal::INT);
    assert_eq!(ended.code, Some(130), "{}", ended.stderr);
    assert!(ended.stdout.contains(", cancelled half way"), "{}", ended.stdout);
    assert!(ended.stdout.contains("- It was cancelled: this is what was measured until then."), "{}", ended.stdout);
}
