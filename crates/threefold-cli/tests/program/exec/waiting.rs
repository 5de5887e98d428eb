//! Processes and readers that keep the program waiting: it goes on, or says why it does not.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;

use rustix::fs::{Mode, OFlags, fcntl_setfl, open};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use super::ending::{LONG, assert_gone};
use super::{every_model, fed, run};
use crate::{interruptible, threefold};

#[test]
fn a_run_that_keeps_going_passes_outputs_on_as_their_turn_comes() {
    // A lost worker process ends a stream of outputs, so these models wait for all of them.
    for model in every_model().filter(|&model| model != "processes" && model != "mpi") {
        let folder = tempfile::tempdir().expect("there is room");
        let read = folder.path().join("read");
        let command = format!(
            "[ {{chunk}} = 0 ] && echo first && exit; i=0; until [ -e {} ]; do i=$((i+1)); [ $i -lt 500 ] || exit 9; \
             sleep 0.01; done; echo last",
            read.display()
        );
        let mut program = threefold([model, "1..=2", "--chunks", "2", "--keep-going", "--shell", "--exec", &command])
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut stdout = BufReader::new(program.stdout.take().expect("it is a pipe"));
        let mut first = String::new();
        stdout.read_line(&mut first).expect("it is text");
        fs::write(&read, "").expect("it is ours");
        let mut rest = String::new();
        stdout.read_to_string(&mut rest).expect("it is text");
        assert_eq!((first.as_str(), rest.as_str()), ("first\n", "last\n"), "{model}");
        assert!(program.wait().expect("it is a child").success(), "{model}");
    }
}

#[test]
fn a_run_over_a_range_that_keeps_going_names_every_failure_on_every_model() {
    for model in every_model() {
        let command = "echo {start}; exit $(({start} % 2))";
        let answer = run(&[model, "1..=4", "--chunks", "4", "--keep-going", "--shell", "--exec", command]);
        assert_eq!((answer.code, answer.stdout.as_str()), (Some(1), "2\n4\n"), "{model}: {}", answer.stderr);
        assert!(answer.stderr.contains("chunk 0 (1..=1) was lost"), "{model}: {}", answer.stderr);
        assert!(answer.stderr.contains("chunk 2 (3..=3) was lost"), "{model}: {}", answer.stderr);
        assert!(answer.stderr.contains("2 of 4 chunks failed, 2 were finished"), "{model}: {}", answer.stderr);
    }
}

/// What the program shows on a terminal, which is its own.
fn on_a_terminal(arguments: &[&str]) -> String {
    let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("there is a terminal");
    grantpt(&ours).and_then(|()| unlockpt(&ours)).expect("it is ours");
    let name = ptsname(&ours, Vec::new()).expect("it has a name");
    let theirs = open(&name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).expect("it is ours");
    // `setsid --ctty` makes its standard input the terminal of the program's session.
    let mut program = Command::new("setsid");
    program.args(["--ctty", "--wait", crate::program()]).args(arguments);
    program.stdin(theirs.try_clone().expect("it is open"));
    program.stdout(theirs.try_clone().expect("it is open")).stderr(theirs);
    let mut child = program.spawn().expect("it starts");
    // The command holds the terminal as well, and the end comes when nobody does.
    drop(program);
    let mut shown = Vec::new();
    // A terminal that its last user has closed is an error to read.
    let _ = File::from(ours).read_to_end(&mut shown);
    child.wait().expect("it is a child");
    String::from_utf8_lossy(&shown).replace('\r', "")
}

#[test]
fn a_process_that_reads_the_terminal_is_an_error_that_says_so() {
    for model in every_model().filter(|&model| model != "mpi") {
        let shown = on_a_terminal(&[model, "1..=1", "--shell", "--exec", "read x </dev/tty; echo got $x"]);
        assert!(shown.contains("tried to use the terminal"), "{model}: {shown}");
        assert!(shown.contains("was stopped by SIGTTIN"), "{model}: {shown}");
    }
}

#[test]
fn outputs_on_a_terminal_have_their_own_lines() {
    let command = "sleep 0.7; echo out {start}; echo err {start} >&2";
    let shown = on_a_terminal(&["threads", "-j1", "1..=2", "--chunks", "2", "--shell", "--exec", command]);
    for line in ["out 1", "err 1", "out 2", "err 2"] {
        assert!(shown.lines().any(|shown| shown == line), "{shown:?}");
    }
}

#[test]
fn a_process_is_late_even_where_nobody_reads_its_stderr() {
    for model in every_model() {
        let folder = tempfile::tempdir().expect("there is room");
        let pids = folder.path().join("pids");
        let command = format!("echo $$ > {}.new; mv {0}.new {0}; exec yes >&2", pids.display());
        let mut program = interruptible([model, "1..=1", "--timeout", "1", "--shell", "--exec", &command])
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        super::ending::until("the process has not begun", || pids.exists());
        // Its stderr is not read until the process is gone.
        super::ending::until("the process is not ended", || {
            super::ending::pids_in(&pids).iter().all(|pid| super::ending::is_gone(pid))
        });
        let mut stderr = program.stderr.take().expect("it is a pipe");
        let (told, read) = mpsc::channel();
        thread::spawn(move || {
            let mut text = Vec::new();
            let _ = stderr.read_to_end(&mut text);
            let _ = told.send(text);
        });
        let text = read.recv_timeout(LONG).expect("it ends");
        assert!(String::from_utf8_lossy(&text).contains("ran out of time"), "{model}");
        program.wait().expect("it is a child");
        assert_gone(&pids);
    }
}

#[test]
fn a_stderr_that_does_not_wait_for_its_reader_gets_everything() {
    let (mut reader, writer) = std::io::pipe().expect("there are descriptors");
    fcntl_setfl(&writer, OFlags::NONBLOCK).expect("it is open");
    let command = "seq 100000 >&2; head -c 200000 /dev/zero | tr '\\0' x | fold -w 1000 >&2";
    let mut program = threefold(["threads", "1..=1", "--shell", "--exec", command]);
    let mut child = program.stderr(writer).spawn().expect("it starts");
    // The command holds the pipe as well, and the end comes when nobody does.
    drop(program);
    let mut text = Vec::new();
    reader.read_to_end(&mut text).expect("it is open");
    child.wait().expect("it is a child");
    assert_eq!(text.len(), 588_895 + 200_000 + 200);
}

#[test]
fn an_input_without_end_is_not_read_for_one_chunk_that_no_program_can_have() {
    let script =
        format!("yes | {} threads --lines - --chunk-size 1000000000 --exec true --retries 3", crate::program());
    let output = Command::new("sh").args(["-c", &script]).output().expect("the shell starts");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains("are together longer than 6 MiB"), "{stderr}");
    assert!(!stderr.contains("run again"), "{stderr}");
}

#[test]
fn what_cannot_be_started_by_another_attempt_is_not_attempted_again() {
    let folder = tempfile::tempdir().expect("there is room");
    let of = |text: &str| {
        let script = folder.path().join("script");
        fs::write(&script, text).expect("it is ours");
        assert!(Command::new("chmod").arg("+x").arg(&script).status().expect("it starts").success());
        let script = script.to_str().expect("it is text").to_string();
        run(&["threads", "1..=1", "--retries", "2", "--exec", &script]).stderr
    };
    let missing = of("#!/no/such/interpreter\n");
    assert!(missing.contains("names, /no/such/interpreter, does not exist, attempt 1 of 3"), "{missing}");
    let limited = ["threads", "1..=1", "--retries", "2", "--memory-limit", "1GiB", "--exec"];
    let none = of("echo\n");
    let script = folder.path().join("script");
    let none_limited = run(&[&limited[..], &[script.to_str().expect("it is text")]].concat());
    assert_eq!((none_limited.code, none_limited.stdout.as_str()), (Some(1), ""), "no shell is started");
    assert_eq!(none_limited.stderr, none);
    assert!(none.contains("it is neither a program nor a script whose first line names an interpreter"), "{none}");
    let lines = "x".repeat(100).to_string() + "\n";
    let arguments = ["threads", "--lines", "-", "--chunk-size", "50000", "--exec", "true", "--retries", "2"];
    let output = fed(&arguments, lines.repeat(50_000).as_bytes());
    let long = String::from_utf8_lossy(&output.stderr);
    assert!(long.contains("(lines 1..=50000) could not be started: its arguments are together longer"), "{long}");
    assert!(![missing, none, long.to_string()].iter().any(|text| text.contains("run again")));
}

#[test]
fn a_chunk_of_lines_has_one_name() {
    let arguments = ["--lines", "-", "--chunk-size", "2", "--exec", "false", "--retries", "1"];
    for model in every_model() {
        let output = fed(&[&[model][..], &arguments].concat(), b"a\nb\n");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(stderr.matches("chunk 0 (lines 1..=2)").count(), 2, "{model}: {stderr}");
    }
}

#[test]
fn a_program_that_hangs_ends_a_comparison_that_has_a_timeout() {
    let answer = run(&["compare", "1..=1", "--models", "threads", "--exec", "sleep 1000", "--timeout", "0.3"]);
    assert_eq!((answer.code, answer.stdout.as_str()), (Some(1), ""), "{}", answer.stderr);
    assert!(answer.stderr.contains("error: on sequential: sleep 1000: chunk 0 (1..=1) ran out of time"));
}
