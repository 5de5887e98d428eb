//! INT and TERM end the program within a second, with nothing left behind.

use std::io::{BufRead, BufReader, Read};
#[cfg(target_os = "linux")]
use std::io::{PipeReader, PipeWriter, Write, pipe};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};
use std::{fs, thread};

#[cfg(target_os = "linux")]
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::io::ioctl_fionread;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::{NOT_IGNORED, every_name, interruptible};

/// The promise, for a machine that has a core for the program.
const PROMISED: Duration = Duration::from_secs(1);

/// Longer than anything takes here, also on a machine that stands still for a while.
pub(crate) const LONG_ENOUGH: Duration = Duration::from_secs(20);

/// A pipe holds at least so much, and the spans of 5000 chunks are more than any holds by default.
const PIPE: u64 = 16 << 10;

/// How often a state is asked for that does not tell of itself.
pub(crate) const POLL: Duration = Duration::from_millis(2);

/// A child that is killed when the test fails.
pub(crate) struct Guarded(pub(crate) Child);

impl Drop for Guarded {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    /// How long it took to end.
    after: Duration,
    pub(crate) stdout: String,
    /// After the line of progress that was waited for.
    pub(crate) stderr: String,
}

/// Runs `program`, which has years to go, and sends it `signal` once it works.
pub(crate) fn signalled(program: Command, signal: Signal) -> Ended {
    disturbed(program, |program| send(program, signal))
}

pub(crate) fn send(pid: u32, signal: Signal) {
    let pid = pid.try_into().ok().and_then(Pid::from_raw).expect("it is a process id");
    kill_process(pid, signal).expect("it still runs");
}

/// Runs `program`, which has years to go, and calls `disturb` with its process id once it works.
fn disturbed(program: Command, disturb: impl FnOnce(u32)) -> Ended {
    // Progress is shown once the work is under way.
    disturbed_at("%", program, disturb)
}

/// The same, once its progress is so `far`.
fn disturbed_at(far: &str, mut program: Command, disturb: impl FnOnce(u32)) -> Ended {
    let mut child = Guarded(program.args(["--progress", "always"]).spawn().expect("the program starts"));
    let mut stderr = BufReader::new(child.0.stderr.take().expect("it is captured"));
    let mut line = String::new();
    while !line.contains(far) {
        line.clear();
        stderr.read_line(&mut line).expect("it is text");
        assert!(line.starts_with("threefold: ") && line.contains('%'), "{line}");
    }

    disturb(child.0.id());
    let since = Instant::now();
    let status = end_of(&mut child);
    let after = since.elapsed();
    let (mut rest, mut out) = (String::new(), String::new());
    stderr.read_to_string(&mut rest).expect("it is text");
    child.0.stdout.take().expect("it is captured").read_to_string(&mut out).expect("it is text");
    Ended { code: status.code(), after, stdout: out, stderr: rest }
}

/// How `child` ends, which it does soon.
pub(crate) fn end_of(child: &mut Guarded) -> ExitStatus {
    let since = Instant::now();
    loop {
        if let Some(status) = child.0.try_wait().expect("it is a child") {
            return status;
        }
        assert!(since.elapsed() < LONG_ENOUGH, "it has not ended");
        thread::sleep(POLL);
    }
}

/// Asserts that the promise is kept: by one of a few runs, since the machine may have no core for some of them.
fn assert_promised(what: &str, run: impl Fn() -> Ended) {
    let times: Vec<_> = (0..5).map(|_| run().after).take_while(|&after| after >= PROMISED).collect();
    assert!(times.len() < 5, "{what} took {times:?}");
}

/// Takes years.
const LONG: &str = "i64::MIN..=i64::MAX";

#[test]
fn ctrl_c_ends_every_model_within_a_second() {
    for name in every_name() {
        assert_promised(name, || {
            let ended = signalled(interruptible([name, LONG]), Signal::INT);
            assert_eq!((ended.code, ended.stdout.as_str()), (Some(130), ""), "{name}");
            // What else is known of the worker follows on lines of its own.
            let complaint = ended.stderr.lines().next().expect("it says why");
            assert!(complaint.starts_with("threefold: error: calculate_sum: cancelled on "), "{name}: {complaint}");
            ended
        });
    }
}

#[test]
fn term_ends_every_model_within_a_second() {
    for name in every_name() {
        assert_promised(name, || {
            let ended = signalled(interruptible([name, LONG, "1..=3", "-9..9"]), Signal::TERM);
            assert_eq!((ended.code, ended.stdout.as_str()), (Some(143), ""), "{name}");
            ended
        });
    }
}

#[test]
fn a_cancelled_fold_is_an_object_too() {
    for name in every_name() {
        let ended = signalled(interruptible([name, LONG, "--format", "json"]), Signal::INT);
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
    for (number, name) in every_name().enumerate() {
        // Every descendant of it has the mark in its environment.
        let mark = format!("THREEFOLD_TEST={}-{number}", std::process::id());
        let (variable, value) = mark.split_once('=').expect("it has one");
        let mut program = interruptible([name, LONG]);
        program.env(variable, value);
        signalled(program, Signal::INT);
        let since = Instant::now();
        while let Some(pid) = carrier(&mark) {
            assert!(since.elapsed() < LONG_ENOUGH, "{name}: process {pid} is left");
            thread::sleep(POLL);
        }
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_signal_ends_a_brief_run_at_once_with_nothing_left_behind() {
    for (number, name) in every_name().enumerate() {
        for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
            let mark = format!("THREEFOLD_BRIEF_TEST={}-{number}", std::process::id());
            let (variable, value) = mark.split_once('=').expect("it has one");
            let (_unread, full) = full_pipe();
            let mut child =
                Guarded(interruptible([name]).env(variable, value).stdout(full).spawn().expect("the program starts"));
            // It has a result that it cannot write, so that it does not end by itself.
            let since = Instant::now();
            while !catches(child.0.id(), signal) {
                assert!(since.elapsed() < LONG_ENOUGH, "{name}: it does not catch {signal:?}");
                thread::sleep(POLL);
            }
            send(child.0.id(), signal);
            assert_eq!(end_of(&mut child).code(), Some(code), "{name}");
            let since = Instant::now();
            while let Some(pid) = carrier(&mark) {
                assert!(since.elapsed() < LONG_ENOUGH, "{name}: process {pid} is left");
                thread::sleep(POLL);
            }
        }
    }
}

#[test]
#[cfg(target_os = "linux")]
fn what_was_ignored_when_the_program_started_stays_ignored() {
    // `nohup` and shells without job control start a program so: Ctrl-C is for the one in the foreground.
    for (signal, ignored, other, code) in
        [(Signal::INT, "INT", Signal::TERM, 143), (Signal::TERM, "TERM", Signal::INT, 130)]
    {
        for range in ["1..=9", LONG] {
            let mut shell = Command::new("env");
            shell.args([NOT_IGNORED, "sh", "-c", &format!("trap '' {ignored}; exec \"$@\""), "sh", crate::program()]);
            let (_unread, full) = full_pipe();
            let shell = shell.args(["sequential", range]).stdin(Stdio::null()).stdout(full).stderr(Stdio::null());
            let mut child = Guarded(shell.spawn().expect("the shell starts"));
            let since = Instant::now();
            // The shell, too, catches INT until it has become the program.
            let mut is_program = false;
            while !is_program || !catches(child.0.id(), other) {
                assert!(since.elapsed() < LONG_ENOUGH, "{range}: it does not catch {other:?}");
                thread::sleep(POLL);
                is_program |= status(child.0.id()).starts_with("Name:\tthreefold\n");
            }
            assert!(!catches(child.0.id(), signal), "{range}: it catches {signal:?}");
            send(child.0.id(), signal);
            send(child.0.id(), other);
            assert_eq!(end_of(&mut child).code(), Some(code), "{range}");
        }
    }
}

/// A pipe that holds all that it can: its two ends.
#[cfg(target_os = "linux")]
pub(crate) fn full_pipe() -> (PipeReader, PipeWriter) {
    let (reader, mut writer) = pipe().expect("a pipe can be made");
    let flags = fcntl_getfl(&writer).expect("a pipe has flags");
    fcntl_setfl(&writer, flags | OFlags::NONBLOCK).expect("the flag can be set");
    while writer.write(&[b'x'; 4096]).is_ok() {}
    fcntl_setfl(&writer, flags).expect("the flag can be removed");
    (reader, writer)
}

/// The kernel's report on a process.
#[cfg(target_os = "linux")]
fn status(pid: u32) -> String {
    fs::read_to_string(format!("/proc/{pid}/status")).expect("it still runs")
}

/// Whether a process has a handler for `signal`.
#[cfg(target_os = "linux")]
pub(crate) fn catches(pid: u32, signal: Signal) -> bool {
    has(&status(pid), "SigCgt:", signal)
}

/// Whether `signal` is in that set of the kernel's report on a process.
#[cfg(target_os = "linux")]
fn has(status: &str, set: &str, signal: Signal) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix(set)).expect("Linux says so");
    let mask = u64::from_str_radix(mask.trim(), 16).expect("it is a mask");
    mask >> (signal.as_raw() - 1) & 1 == 1
}

/// Sends `signal` to a process that catches it, and waits until the process has taken it. Whether it ran until then.
#[cfg(target_os = "linux")]
fn is_taken(pid: u32, signal: Signal) -> bool {
    send(pid, signal);
    loop {
        // Nobody waits for it meanwhile, so it has a status also after its end.
        let status = status(pid);
        if status.contains("State:\tZ") || !has(&status, "ShdPnd:", signal) {
            return !status.contains("State:\tZ");
        }
        thread::sleep(POLL);
    }
}

#[test]
#[cfg(all(feature = "processes", target_os = "linux"))]
fn a_killed_worker_process_is_an_error_that_names_its_chunk() {
    let mut killed = 0;
    let program = interruptible(["processes", LONG, "-j", "1", "--format", "json"]);
    let ended = disturbed(program, |pid| {
        let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).expect("Linux has it");
        let worker = children.split_whitespace().next().expect("it has a worker");
        killed = worker.parse().expect("a process id");
        send(killed, Signal::KILL);
    });
    assert_eq!(ended.code, Some(1));
    let object: Value = serde_json::from_str(&ended.stdout).expect("it is JSON");
    let error = &object["error"];
    assert_eq!((&error["kind"], &error["task"]), (&serde_json::json!("lost"), &serde_json::json!("calculate_sum")));
    assert_eq!(
        (&error["pid"], &error["signal"], &error["worker"]),
        (&serde_json::json!(killed), &serde_json::json!(9), &serde_json::json!(0))
    );
    assert_eq!(
        (&error["chunk"], &error["attempt"], &error["attempts"]),
        (&serde_json::json!(0), &serde_json::json!(1), &serde_json::json!(1))
    );
    assert_eq!(error["range"], format!("{}..={}", i64::MIN, i64::MIN + (1 << 52) - 1));
    // What else is known of the worker follows on lines of its own.
    let complaint = ended.stderr.lines().next().expect("it says why");
    assert_eq!(complaint.strip_prefix("threefold: error: "), error["message"].as_str());
}

#[test]
fn ctrl_c_ends_a_program_whose_output_nobody_reads() {
    // The machine may have no core for some of the runs.
    let is_promised = |_| {
        let arguments = "sequential 1..=5000 --chunk-size 1 --format json";
        let mut child = Guarded(interruptible(arguments.split(' ')).spawn().expect("the program starts"));
        let stdout = child.0.stdout.take().expect("it is captured");
        // It is stuck once no more comes although more is to come.
        let since = Instant::now();
        while ioctl_fionread(&stdout).expect("it is a pipe") < PIPE {
            assert!(since.elapsed() < LONG_ENOUGH, "nothing is written");
            thread::sleep(POLL);
        }
        send(child.0.id(), Signal::INT);
        let since = Instant::now();
        assert_eq!(end_of(&mut child).code(), Some(130));
        since.elapsed() < PROMISED
    };
    assert!((0..5).any(is_promised), "it always took longer than a second");
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
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        // Chunks of a millisecond or so, in more rounds than anyone waits for.
        let arguments = "compare --workload wait 1..=2 --runs 1000000 --models threads".split(' ');
        let ended = signalled(interruptible(arguments), signal);
        assert_eq!(ended.code, Some(code), "{}", ended.stderr);
        assert!(ended.stdout.starts_with("wait: 2 waits in 2 chunks; "), "{}", ended.stdout);
        assert!(ended.stdout.contains("cancelled"), "{}", ended.stdout);
    }
}

#[test]
fn a_comparison_whose_chunk_does_not_end_says_so() {
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let ended = signalled(interruptible(["compare", "1..=1", "--term", "3^(2^27)"]), signal);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(code), ""), "{}", ended.stderr);
        // Other lines are those of progress.
        let said: Vec<_> =
            ended.stderr.lines().filter(|line| line.contains(": error: ") || line.contains(": note: ")).collect();
        let error = "threefold: error: sum of 3^(2^27): the comparison was cancelled; \
                     a fold was still running after 0.4 s, and the program exits without waiting for it";
        assert_eq!(said, [error, "threefold: note: nothing was measured"], "{}", ended.stderr);
    }
}

#[test]
fn a_signal_does_not_wait_until_a_large_file_is_read() {
    let folder = tempfile::tempdir().expect("there is room");
    // It takes no room on the disk.
    fs::File::create(folder.path().join("large")).and_then(|file| file.set_len(4 << 30)).expect("it is ours");
    for name in every_name() {
        let mut program = interruptible([name, "--workload", "files", "--folder"]);
        program.arg(folder.path());
        let ended = signalled(program, Signal::TERM);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(143), ""), "{name}: {}", ended.stderr);
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_comparison_that_is_ended_before_every_model_has_run_says_what_was_measured() {
    let ended = signalled(interruptible(["compare", "1..=1", "--exec", "sleep 60"]), Signal::INT);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(130), ""), "{}", ended.stderr);
    let said = "threefold: error: the comparison was cancelled before every model had run once\n\
                threefold: note: nothing was measured\n";
    assert!(ended.stderr.ends_with(said), "{}", ended.stderr);
}

#[test]
fn ctrl_c_ends_a_run_that_keeps_going() {
    for name in every_name() {
        let ended = signalled(interruptible([name, LONG, "1..=3", "--keep-going"]), Signal::INT);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(130), ""), "{name}: {}", ended.stderr);
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_second_ctrl_c_changes_nothing() {
    for name in every_name() {
        // Worker processes end at once, and the program with them, perhaps before it is sent the second signal.
        let runs = (0..50).map(|_| {
            let mut taken = 0;
            let ended = disturbed(interruptible([name, "1..=1", "--term", "3^(2^27)"]), |pid| {
                taken = (0..2).take_while(|_| is_taken(pid, Signal::INT)).count();
            });
            assert_eq!((ended.code, ended.stdout.as_str()), (Some(130), ""), "{name}: {}", ended.stderr);
            taken
        });
        assert!(runs.into_iter().any(|taken| taken == 2), "{name}: no program has taken a second signal");
    }
}

#[test]
fn a_chunk_that_does_not_end_is_left_with_a_message_and_an_object() {
    for name in every_name() {
        let program = || interruptible([name, "1..=1", "--term", "3^(2^27)"]);
        let ended = signalled(program(), Signal::INT);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(130), ""), "{name}");
        let complaint = ended.stderr.lines().find(|line| line.starts_with("threefold: error: ")).expect("it says why");
        assert!(complaint.starts_with("threefold: error: sum of 3^(2^27): cancelled on "), "{name}: {complaint}");
        let mut program = program();
        program.args(["--format", "json"]);
        let ended = signalled(program, Signal::TERM);
        let object: Value = serde_json::from_str(&ended.stdout).expect("it is JSON");
        assert_eq!((ended.code, object["chunks"].as_u64(), &object["value"]), (Some(143), Some(1), &Value::Null));
        assert_eq!(
            (&object["error"]["kind"], &object["error"]["task"]),
            (&"cancelled".into(), &"sum of 3^(2^27)".into())
        );
    }
}

#[test]
fn what_is_recorded_is_told_also_if_a_chunk_does_not_end() {
    let folder = tempfile::tempdir().expect("there is room");
    let journal = folder.path().join("journal");
    let mut program =
        interruptible(["sequential", "1..=3", "--chunks", "3", "--term", "if(i < 3, i, 3^(2^27))", "--journal"]);
    program.arg(&journal);
    let ended = signalled(program, Signal::INT);
    assert_eq!(ended.code, Some(130));
    assert!(ended.stderr.contains(" of 3 chunks are in the journal "), "{}", ended.stderr);
}

/// Three chunks of as many items. Two are soon finished, and the third takes minutes.
const TWO_OF_THREE: [&str; 5] = ["1..=30000", "--chunks", "3", "--term", "if(i <= 20000, 1, 3^(2^20))"];

#[test]
fn ctrl_c_keeps_what_is_finished() {
    for name in every_name() {
        for (option, which) in [(None, "the first 2"), (Some("--keep-going"), "2 finished")] {
            let program = || interruptible([name].into_iter().chain(TWO_OF_THREE).chain(option));
            let interrupted = |program| disturbed_at(" 67%", program, |pid| send(pid, Signal::INT));
            let ended = interrupted(program());
            assert_eq!((ended.code, ended.stdout.as_str()), (Some(130), ""), "{name}: {}", ended.stderr);
            let note = format!("threefold: note: partial result: 20000, from {which} chunks of 3");
            assert!(ended.stderr.lines().any(|line| line == note), "{name}: {}", ended.stderr);
            let mut program = program();
            program.args(["--format", "json"]);
            let object: Value = serde_json::from_str(&interrupted(program).stdout).expect("it is JSON");
            assert_eq!((&object["value"], &object["error"]["kind"]), (&Value::Null, &"cancelled".into()));
            assert_eq!((&object["partial"]["chunks"], &object["partial"]["value"]), (&2.into(), &"20000".into()));
        }
    }
}
