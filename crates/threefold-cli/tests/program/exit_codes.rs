//! Exit codes, with what stdout then holds: 0 done, 1 failed, 2 nothing was started. `signals.rs` has 130 and 143.

use serde_json::Value;
use threefold::Model;

use crate::answer;

/// Arguments, the exit code, and the kind of the error in the JSON. `None`: there is a value.
const RUNS: [(&str, i32, Option<&str>); 9] = [
    ("sequential", 0, None),
    ("sequential 5..5", 0, None),
    ("threads --keep-going", 0, None),
    ("sequential --workload sum 0..=3 -j 1", 0, None),
    ("sequential -j 2", 2, Some("setup")),
    ("threads --timeout 1", 2, Some("setup")),
    ("threads --retries 2", 2, Some("setup")),
    ("sequential --retries 1 --term i", 2, Some("setup")),
    ("threads -j 5000", 2, Some("setup")),
];

#[cfg(feature = "async")]
const ASYNC_RUNS: [(&str, i32, Option<&str>); 5] = [
    ("async --workload wait 1..=2 --timeout 60", 0, None),
    ("async --workload wait 1..=2 --timeout 0.001", 1, Some("timeout")),
    ("async --timeout 1", 2, Some("setup")),
    ("async --workload wait 1..=2 --timeout 60 --retries 2", 0, None),
    ("async --workload wait 1..=2 --retries 2", 2, Some("setup")),
];
#[cfg(not(feature = "async"))]
const ASYNC_RUNS: [(&str, i32, Option<&str>); 1] = [("async", 2, Some("setup"))];

#[cfg(feature = "processes")]
const PROCESSES_RUNS: [(&str, i32, Option<&str>); 8] = [
    ("processes -j 1 --timeout 60 --retries 2 --memory-limit 1GiB", 0, None),
    ("processes i64::MIN..=i64::MAX -j 1 --timeout 0.05", 1, Some("timeout")),
    ("processes i64::MIN..=i64::MAX 1..=3 -j 1 --timeout 0.05 --keep-going", 1, Some("timeout")),
    ("processes --in-flight 2", 2, Some("setup")),
    ("processes i64::MIN..=i64::MAX -j 1 --timeout 1e-9", 1, Some("timeout")),
    ("processes --timeout 1e-5 --workload wait 1..=9", 1, Some("timeout")),
    ("processes --timeout 1e15 --workload wait 1..=9", 0, None),
    ("processes --timeout 31536000000000 --workload wait 1..=9", 0, None),
];
#[cfg(not(feature = "processes"))]
const PROCESSES_RUNS: [(&str, i32, Option<&str>); 1] = [("processes", 2, Some("setup"))];

#[test]
fn every_exit_code_has_its_output_in_both_formats() {
    for (arguments, code, kind) in RUNS.into_iter().chain(ASYNC_RUNS).chain(PROCESSES_RUNS) {
        let plain = answer(arguments);
        assert_eq!(plain.code, Some(code), "{arguments}: {}", plain.stderr);
        assert_eq!(plain.stdout.is_empty(), kind.is_some(), "{arguments}");
        assert_eq!(plain.stderr.contains("threefold: error: "), kind.is_some(), "{arguments}: {}", plain.stderr);
        assert_eq!(plain.stderr.is_empty(), kind.is_none(), "{arguments}: {}", plain.stderr);

        let json = answer(&format!("{arguments} --format json"));
        assert_eq!(json.code, Some(code), "{arguments}");
        let object: Value = serde_json::from_str(&json.stdout).expect("it is JSON");
        assert_eq!(object["value"].is_string(), kind.is_none(), "{arguments}");
        assert_eq!(object["error"]["kind"].as_str(), kind, "{arguments}");
        assert_eq!(object["error"].is_null(), kind.is_none(), "{arguments}");
    }
}

#[test]
fn a_model_that_is_not_in_this_build_is_refused_with_its_feature() {
    for model in Model::ALL.iter().filter(|model| !Model::available().contains(model)) {
        let answer = answer(model.name());
        assert_eq!((answer.code, answer.stdout.as_str()), (Some(2), ""), "{model}");
        assert!(answer.stderr.contains(&format!("feature `{model}`")), "{}", answer.stderr);
    }
}

#[test]
fn help_and_lists_are_done_and_wrong_arguments_start_nothing() {
    for arguments in ["--help", "help", "help compare", "--version", "workloads", "works", "async -h"] {
        assert_eq!(answer(arguments).code, Some(0), "{arguments}");
    }
    for arguments in ["", "bogus", "help bogus", "sequential 1", "compare --runs 0", "report", "report /no/such/file"] {
        let answer = answer(arguments);
        assert_eq!((answer.code, answer.stdout.as_str()), (Some(2), ""), "{arguments}");
    }
}

#[test]
#[cfg(feature = "processes")]
fn keeping_going_reports_every_failure_and_counts_them() {
    let ranges = "i64::MIN..=i64::MAX 1..=3 i64::MIN..=-1";
    let answer = answer(&format!("processes {ranges} -j 1 --timeout 0.2 --keep-going"));
    assert_eq!((answer.code, answer.stdout.as_str()), (Some(1), ""));
    // Details of a worker follow on lines of their own; process ids differ.
    let lines = answer.stderr.lines().filter(|line| line.starts_with("threefold: "));
    let lines = lines.map(|line| match (line.split_once("(pid "), line.split_once(") took longer")) {
        (Some((before, _)), Some((_, after))) => format!("{before}(pid PID) took longer{after}\n"),
        _ => format!("{line}\n"),
    });
    insta::assert_snapshot!(lines.collect::<String>());
}
