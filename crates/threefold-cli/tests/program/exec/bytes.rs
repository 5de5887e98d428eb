//! What the processes print arrives byte by byte, or there is an error.

use serde_json::Value;

use super::{every_model, run, value};
use crate::threefold;

/// Prints the digit 1 two hundred times through a pipe that gives one of them for each `read`: with `oflag=direct`, dd
/// switches its standard output to that.
const IN_PACKETS: &str = "printf '%0200d' 0 | tr 0 1 | dd bs=1 oflag=direct status=none";

#[test]
fn a_process_that_prints_in_packets_is_heard_to_its_end() {
    let digits = "1".repeat(200);
    for model in every_model() {
        for _ in 0..5 {
            assert_eq!(value(&[model, "1..=1", "--shell", "--exec", IN_PACKETS, "--reduce", "sum"]), digits, "{model}");
        }
        let output = threefold([model, "1..=1", "--shell", "--exec", IN_PACKETS]).output().expect("the program starts");
        assert_eq!(String::from_utf8_lossy(&output.stdout), digits, "{model}");
    }
}

#[test]
fn outputs_that_are_no_text_are_compared_byte_by_byte() {
    let folder = tempfile::tempdir().expect("there is room");
    let ran = folder.path().join("ran");
    // The first run prints another byte than all others. Neither is text.
    let command = format!("printf '\\\\'; [ -e {0} ] && printf '\\377' || printf '\\376'; touch {0}", ran.display());
    let arguments = ["compare", "1..=1", "--models", "threads", "--runs", "2", "--shell", "--exec", &command];
    let answer = run(&arguments);
    assert_eq!((answer.code, answer.stdout.as_str()), (Some(1), ""), "{}", answer.stderr);
    assert!(answer.stderr.contains(r"\\\xff"), "{}", answer.stderr);
    assert!(answer.stderr.contains(r"\\\xfe"), "{}", answer.stderr);
    let same = run(&arguments);
    assert_eq!(same.code, Some(0), "{}", same.stderr);
}

#[test]
fn json_has_the_output_as_text_or_says_that_it_is_none() {
    let object = |command: &str| {
        let answer = run(&["threads", "1..=2", "--chunks", "2", "--exec", command, "--format", "json"]);
        (answer.code, serde_json::from_str::<Value>(&answer.stdout).expect("it is JSON"))
    };
    let (code, text) = object(r"printf '\303\244\000%s\n' {start}");
    assert_eq!((code, &text["value"]), (Some(0), &"ä\u{0}1\nä\u{0}2\n".into()));
    let (code, binary) = object(r"printf 'a%s\377\n' {start}");
    assert_eq!((code, &binary["value"], &binary["error"]["kind"]), (Some(1), &Value::Null, &"failed".into()));
    let message = binary["error"]["message"].as_str().expect("it is text");
    assert!(message.contains("not valid UTF-8 at byte 2 (0xff)"), "{message}");
    // A character may begin in one chunk and end in the next.
    let (code, halves) = object("sh -c 'if [ {start} = 1 ]; then printf \"\\303\"; else printf \"\\244\"; fi'");
    assert_eq!((code, &halves["value"]), (Some(0), &"ä".into()));
}

#[test]
fn a_comparison_of_programs_speaks_of_programs() {
    let compared = |command: &str| {
        let answer = run(&["compare", "1..=1", "--models", "threads", "--runs", "2", "--shell", "--exec", command]);
        assert_eq!((answer.code, answer.stdout.as_str()), (Some(1), ""), "{}", answer.stderr);
        super::without_pids(&answer.stderr)
    };
    let folder = tempfile::tempdir().expect("there is room");
    let ran = folder.path().join("ran");
    let command = format!("[ -e {0} ] && echo again || echo first; touch {0}", ran.display());
    let texts = [compared("echo oops >&2; exit 3"), compared(&command).replace(&ran.display().to_string(), "FILE")];
    insta::assert_snapshot!(texts.join("\n"));
}
