//! `--keep-going`: every failure is named, each once, however the run ends.

use std::io::{BufRead, BufReader, Read};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::{every_model, run, without_pids};
use crate::interruptible;

/// The errors in `stderr`, without what else is known of a process.
fn errors(stderr: &str) -> Vec<String> {
    let lines = without_pids(stderr);
    lines.lines().filter_map(|line| line.strip_prefix("threefold: error: ")).map(str::to_string).collect()
}

/// The numbers of the chunks that the errors name, in their order.
fn chunks_of(errors: &[String]) -> Vec<u64> {
    let number = |error: &String| error.split_once(": chunk ")?.1.split(' ').next()?.parse().ok();
    errors.iter().filter_map(number).collect()
}

#[test]
fn a_run_that_is_cancelled_names_the_chunks_that_have_failed() {
    // The last two never end.
    let command = "[ {start} -gt 4 ] && exec sleep 1000; [ {start} -lt 3 ] && exit 7; echo {start}";
    for model in every_model().filter(|&model| model != "mpi") {
        let mut arguments = vec![model, "1..=6", "--chunks", "6", "--shell", "--exec", command, "--reduce", "count"];
        arguments.extend(["--keep-going", "--progress", "always"]);
        let mut program = interruptible(arguments).spawn().expect("the program starts");
        let mut stderr = BufReader::new(program.stderr.take().expect("it is captured"));
        let mut text = String::new();
        // Four of six have come back.
        while !text.contains("67%") {
            assert!(stderr.read_line(&mut text).expect("it is text") > 0, "{model}: {text}");
        }
        kill_process(Pid::from_child(&program), Signal::INT).expect("it runs");
        stderr.read_to_string(&mut text).expect("it is text");
        assert_eq!(program.wait().expect("it is a child").code(), Some(130), "{model}");
        let errors = errors(&text);
        assert_eq!(chunks_of(&errors), [0, 1], "{model}: {text}");
        assert!(errors[2].contains(": cancelled on "), "{model}: {text}");
        assert!(text.contains("partial result: 2, from 2 finished chunks of 6"), "{model}: {text}");
    }
}

#[test]
#[cfg(feature = "processes")]
fn a_worker_that_is_lost_with_a_line_does_not_end_the_others() {
    let folder = tempfile::tempdir().expect("there is room");
    let file = folder.path().join("lines");
    std::fs::write(&file, "1\n2\n3\n4\n5\n6\n").expect("there is room");
    let command = "[ {} = 2 ] && kill -9 $PPID && sleep 1000; echo {}";
    let lines = ["--lines", file.to_str().expect("it is text")];
    for input in [&lines[..], &["1..=6", "--chunks", "6"]] {
        let command = if input == lines { command.to_string() } else { command.replace("{}", "{start}") };
        let answer = run(&[&["processes", "--keep-going", "--shell", "--exec", &command], input].concat());
        assert_eq!((answer.code, answer.stdout.as_str()), (Some(1), "1\n3\n4\n5\n6\n"), "{input:?}: {}", answer.stderr);
        let errors = errors(&answer.stderr);
        assert_eq!(chunks_of(&errors), [1], "{input:?}: {}", answer.stderr);
        assert!(errors[0].contains("was lost on processes: worker "), "{}", answer.stderr);
        assert_eq!(errors[1], "1 of 6 chunks failed, 5 were finished", "{input:?}");
    }
}

#[test]
fn an_attempt_after_which_a_chunk_is_run_again_is_no_error() {
    let folder = tempfile::tempdir().expect("there is room");
    for model in every_model() {
        // Each chunk is lost the first time; on processes with its worker, which is an attempt of another kind.
        let first = folder.path().join(model);
        let first = first.display();
        let lost = if model == "processes" { "kill -9 $PPID; sleep 1000" } else { "exit 4" };
        let command =
            format!("[ -e {first}{{start}} ] || {{ : > {first}{{start}}; {lost}; }}; [ {{start}} != 2 ] || exit 5");
        let arguments = [
            model,
            "1..=3",
            "--chunks",
            "3",
            "--retries",
            "1",
            "--keep-going",
            "--format",
            "json",
            "--shell",
            "--exec",
        ];
        let answer = run(&[&arguments[..], &[&command]].concat());
        let text = &answer.stderr;
        assert_eq!(answer.code, Some(1), "{model}: {text}");
        let listed = errors(text);
        assert_eq!((chunks_of(&listed), listed.len()), (vec![1], 2), "{model}: {text}");
        assert!(listed[0].contains("exited with code 5"), "{model}: {text}");
        assert!(text.matches("the chunk is run again").count() >= 3, "{model}: {text}");
        let object: Value = serde_json::from_str(&answer.stdout).expect("it is JSON");
        let failures = object["failures"].as_array().expect("it is an array");
        let chunks: Vec<_> = failures.iter().map(|failure| failure["chunk"].as_u64().expect("a number")).collect();
        let (final_one, again) = chunks.split_last().expect("there are some");
        assert!(*final_one == 1 && again.is_sorted() && again.len() >= 3, "{model}: {chunks:?}");
    }
}
