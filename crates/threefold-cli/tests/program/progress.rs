//! Progress is shown where it is wanted, and nowhere else.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::os::fd::OwnedFd;

use rustix::fs::{Mode, OFlags, open};
use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use crate::{answer, every_name, interruptible};

#[test]
fn short_work_shows_no_progress_on_any_model() {
    for name in every_name() {
        for when in ["auto", "never"] {
            assert_eq!(answer(&format!("{name} --progress {when}")).stderr, "", "{name} {when}");
        }
    }
}

#[test]
fn there_are_no_colours() {
    for arguments in ["--help", "bogus", "sequential 1..x", "sequential --help", "sequential -j 2"] {
        let answer = answer(arguments);
        assert!(!answer.stdout.contains('\x1b') && !answer.stderr.contains('\x1b'), "{arguments}");
    }
}

#[test]
fn on_a_terminal_a_bar_is_drawn_and_taken_away() {
    assert_eq!(
        cancelled_on_a_terminal(&[("TERM", "xterm")]),
        "threefold: \u{1b}[31m\u{1b}[1merror:\u{1b}[0m calculate_sum: cancelled on sequential"
    );
}

#[test]
fn a_terminal_whose_user_wants_no_colours_is_given_none() {
    let expected = "threefold: error: calculate_sum: cancelled on sequential";
    assert_eq!(cancelled_on_a_terminal(&[("TERM", "xterm"), ("NO_COLOR", "1")]), expected);
}

#[test]
fn nothing_forces_colours_on_a_user_who_wants_none() {
    let forced = ("CLICOLOR_FORCE", "1");
    assert!(refusal_on_a_terminal(&[("TERM", "xterm"), forced]).starts_with("threefold: \u{1b}"));
    for (variable, value) in [("NO_COLOR", "1"), ("TERM", "dumb")] {
        let refusal = refusal_on_a_terminal(&[("TERM", "xterm"), forced, (variable, value)]);
        assert!(refusal.starts_with("threefold: error: unknown command"), "{variable}: {refusal:?}");
    }
}

/// The first line of the refusal of an unknown command, on a terminal with these variables.
fn refusal_on_a_terminal(variables: &[(&str, &str)]) -> String {
    let (ours, theirs) = terminal();
    let mut program = interruptible(["bogus"]);
    program.stderr(theirs).env_remove("NO_COLOR").envs(variables.iter().copied());
    let mut child = program.spawn().expect("the program starts");
    let mut line = String::new();
    BufReader::new(File::from(ours)).read_line(&mut line).expect("the terminal is open");
    assert_eq!(child.wait().expect("it ends").code(), Some(2));
    line
}

/// A new terminal: our end and that of a program.
fn terminal() -> (OwnedFd, OwnedFd) {
    let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("there are terminals");
    grantpt(&ours).and_then(|()| unlockpt(&ours)).expect("it is ours");
    let name = ptsname(&ours, Vec::new()).expect("it has a name");
    let theirs = open(&name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).expect("it is open to us");
    (ours, theirs)
}

/// The last line of a run with a bar that is cancelled, on a terminal with these variables, after the bar was cleared away.
fn cancelled_on_a_terminal(variables: &[(&str, &str)]) -> String {
    let (ours, theirs) = terminal();
    let mut program = interruptible(["sequential", "i64::MIN..=i64::MAX"]);
    program.stderr(theirs).env_remove("NO_COLOR").envs(variables.iter().copied());
    let mut child = program.spawn().expect("the program starts");
    let mut shown = BufReader::new(File::from(ours));
    let mut until = |end: u8| {
        let mut text = Vec::new();
        shown.read_until(end, &mut text).expect("the terminal is open");
        String::from_utf8(text).expect("it is text")
    };
    let picture = until(b'%');
    assert!(picture.starts_with("[") && picture.ends_with("] 0%"), "{picture:?}");
    kill_process(Pid::from_child(&child), Signal::INT).expect("it still runs");
    let mut rest = until(b'\n');
    while !rest.contains("error") {
        rest = until(b'\n');
    }
    assert_eq!(child.wait().expect("it ends").code(), Some(130));
    let last = rest.strip_suffix("\r\n").and_then(|rest| rest.rsplit_once("\r\u{1b}[2K"));
    last.unwrap_or_else(|| panic!("the bar was not cleared away before: {rest:?}")).1.to_string()
}
