//! What INT and TERM leave of a result that is large, or that nobody reads.

use std::process::Stdio;
use std::time::Instant;
use std::{fs, thread};

use rustix::process::Signal;
use serde_json::Value;

use crate::interruptible;
use crate::signals::signalled;
#[cfg(target_os = "linux")]
use crate::signals::{Guarded, LONG_ENOUGH, POLL, catches, end_of, full_pipe, send};

/// More chunks than any machine runs before the signal comes, each of one integer.
const TINY: [&str; 3] = ["1..=16777216", "--chunk-size", "1"];

/// All spans of more finished chunks than this are left out.
const MOST_SPANS: usize = 400;

#[test]
fn the_object_of_a_cancelled_run_is_whole_however_many_chunks_have_ended() {
    for name in ["sequential", "threads"] {
        let program = interruptible([name].into_iter().chain(TINY).chain(["--format", "json"]));
        let ended = signalled(program, Signal::TERM);
        assert_eq!(ended.code, Some(143), "{name}: {}", ended.stderr);
        let object: Value = serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!((&object["error"]["kind"], object["chunks"].as_u64()), (&"cancelled".into(), Some(1 << 24)));
        assert!(object["spans"].as_array().is_some_and(|spans| spans.len() <= MOST_SPANS), "{name}");
        assert!(object["startup_s"].as_f64() < object["total_s"].as_f64(), "{name}: chunks have run");
        // No chunk runs for 0.4 s.
        assert!(ended.stderr.contains("threefold: error: calculate_sum: cancelled on "), "{name}: {}", ended.stderr);
        assert!(!ended.stderr.contains("a chunk in progress"), "{name}: {}", ended.stderr);
    }
}

#[test]
fn a_run_that_does_not_end_has_the_name_that_any_other_has() {
    // Its value is large, so that the chunk does not end in time.
    let ended = signalled(interruptible(["sequential", "1..=1", "--term", "3^(2^27)"]), Signal::INT);
    let said = "threefold: error: sum of 3^(2^27): cancelled on sequential; a chunk in progress was still running \
                after 0.4 s, and the program exits without waiting for it";
    assert!(ended.stderr.lines().any(|line| line == said), "{}", ended.stderr);
}

#[test]
#[cfg(target_os = "linux")]
fn a_result_that_nobody_reads_is_told_on_stderr() {
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let (_unread, full) = full_pipe();
        let mut program = interruptible(["sequential", "--format", "json"]);
        let mut child = Guarded(program.stdout(full).spawn().expect("the program starts"));
        let since = Instant::now();
        while !catches(child.0.id(), signal) {
            assert!(since.elapsed() < LONG_ENOUGH, "it does not catch {signal:?}");
            thread::sleep(POLL);
        }
        send(child.0.id(), signal);
        assert_eq!(end_of(&mut child).code(), Some(code));
        let mut stderr = String::new();
        std::io::Read::read_to_string(&mut child.0.stderr.take().expect("it is captured"), &mut stderr).expect("text");
        let said = "threefold: error: cancelled; the result could not be written within 0.4 s\n";
        assert!(stderr.ends_with(said), "{stderr}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_comparison_is_exported_also_if_nobody_reads_its_text() {
    let folder = tempfile::tempdir().expect("there is room");
    let file = folder.path().join("comparison.json");
    let (_unread, full) = full_pipe();
    let mut program = interruptible("compare 1..=10 --runs 8 --models sequential --export-json".split(' '));
    program.arg(&file).stdout(full).stderr(Stdio::null());
    let mut child = Guarded(program.spawn().expect("the program starts"));
    let since = Instant::now();
    while !file.exists() {
        assert!(since.elapsed() < LONG_ENOUGH, "nothing is written");
        thread::sleep(POLL);
    }
    send(child.0.id(), Signal::INT);
    assert_eq!(end_of(&mut child).code(), Some(130));
    let json = fs::read_to_string(&file).expect("it is there");
    let object: Value = serde_json::from_str(&json).expect("it is whole");
    assert_eq!(object["rounds"], 8);
}
