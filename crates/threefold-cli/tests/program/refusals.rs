//! What the program refuses: with exit code 2, nothing on stdout, and a text that says what is possible.

use crate::answer;

/// The refusal of these arguments.
fn refusal(arguments: &str) -> String {
    let answer = answer(arguments);
    assert_eq!((answer.code, answer.stdout.as_str()), (Some(2), ""), "{arguments}: {}", answer.stderr);
    assert!(answer.stderr.starts_with("threefold: error: "), "{}", answer.stderr);
    answer.stderr
}

/// All refusals, one after the other, as they would be read.
fn refusals(lines: &[&str]) -> String {
    lines.iter().map(|arguments| format!("$ threefold {arguments}\n{}\n", refusal(arguments))).collect()
}

#[test]
fn unknown_commands_are_answered_with_the_known_ones() {
    insta::assert_snapshot!(refusals(&[
        "bogus",
        "1..=10",
        "-5..5",
        "sequental",
        "mpi",
        "help bogus",
        "workloads 1..=2"
    ]));
}

#[test]
fn what_is_not_a_range_is_refused() {
    insta::assert_snapshot!(refusals(&[
        "sequential 1..x",
        "sequential 1..=2 17",
        "sequential -5",
        "sequential -5..=x",
        "sequential 0..=9223372036854775808",
        "sequential ..5",
    ]));
}

#[test]
fn cuts_that_cannot_be_made_are_refused() {
    insta::assert_snapshot!(refusals(&[
        "sequential --chunks 0",
        "sequential --chunk-size 0",
        "sequential --chunks -3",
        "sequential --chunks few",
        "sequential --chunks 20_000_000",
        "sequential 1..=100_000_000 --chunk-size 1",
        "sequential --chunks 2 --chunk-size 2",
        "sequential 1..=2 3..=4 --chunks 2",
        "sequential 1..=2 3..=4 --chunk-size 2",
    ]));
}

#[test]
fn what_the_model_cannot_do_is_refused() {
    insta::assert_snapshot!(refusals(&[
        "sequential -j 2",
        "threads -j 0",
        "threads -j 99999999999999999999",
        "threads --workers 5000",
        "multithreading --in-flight 4",
        "async --in-flight 0",
        "sequential --timeout 1",
        "threads --timeout 0.5",
        "async --timeout 1",
        "async --workload files --timeout 1",
        "threads --term i --timeout 1",
        "async --term i --timeout 1",
        "sequential --workload primes --timeout 1",
        "async --memory-limit 1GiB",
        "processes --timeout 0",
        "processes --memory-limit much",
        "processes --memory-limit 1",
        "processes --memory-limit 99999999999TiB",
        "sequential --retries 3",
        "async --retries 3",
        "async --workload wait --retries 3",
        "threads --term i --retries 3",
        "processes --retries -1",
        "processes --retries 99999999999",
        "multiprocess --in-flight 4",
    ]));
}

#[test]
fn options_that_do_not_exist_are_refused() {
    insta::assert_snapshot!(refusals(&[
        "sequential --runs 5",
        "sequential --format xml",
        "compare --format json",
        "sequential --progress",
        "--workers 2 sequential",
    ]));
}

#[test]
fn unknown_workloads_are_refused() {
    insta::assert_snapshot!(refusals(&[
        "sequential --workload nonsense",
        "sequential --work nonsense",
        "sequential --workload",
        "workloads --workload sum"
    ]));
}

#[test]
fn what_a_workload_cannot_have_is_refused() {
    insta::assert_snapshot!(refusals(&[
        "sequential --folder src",
        "sequential --workload wait --folder src",
        "sequential --workload files --folder no/such/folder",
        "sequential --workload files --folder Cargo.toml",
        "sequential --workload files -5..5",
        "sequential --workload array -5..5",
        "sequential --workload array 0..1000 -3..=-1",
        "sequential --workload array 1..=1_000_000_000",
        "sequential --workload array 0..200_000_000 0..200_000_000",
        "sequential --workload array 0..10 --chunks 0",
        "sequential --workload wait 1..=100_000_000 --chunk-size 2",
        "sequential --workload wait 1..=2 3..=4 --chunks 2",
    ]));
}

#[test]
fn comparisons_that_cannot_be_made_are_refused() {
    insta::assert_snapshot!(refusals(&[
        "compare --models quantum",
        "compare --models threads,mpi",
        "compare --runs 0",
        "compare --time-budget 0",
        "compare --workload wait --timeout 0.001",
        "compare --timeout 1",
        "compare -j 1,0",
        "compare -j 5000 --models threads",
        "compare --workload nonsense",
        "compare --workload files --folder /no/such/folder",
        "compare --export-html /no/such/folder/page.html",
        "compare --export-json -",
        "compare --retries 2",
        "compare --reference fibres",
        "compare --reference mpi",
        "compare --rank-by beauty",
        "compare --against /no/such/old.json",
        "compare --against Cargo.toml",
        "report /no/such/file.json",
        "report Cargo.toml",
    ]));
}
