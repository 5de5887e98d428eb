//! Processes that fail in every way that a process can.

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::{every_model, printed, run, value, without_pids};

/// What the program says to these arguments, on every model the same, with exit code 1 and nothing on stdout.
fn failure(arguments: &[&str]) -> String {
    let mut texts: Vec<_> = every_model()
        .map(|model| {
            let answer = run(&[&[model], arguments].concat());
            assert_eq!(
                (answer.code, answer.stdout.as_str()),
                (Some(1), ""),
                "{model} {arguments:?}: {}",
                answer.stderr
            );
            without_pids(&answer.stderr)
        })
        .collect();
    texts.dedup();
    assert_eq!(texts.len(), 1, "{texts:?}");
    texts.concat()
}

#[test]
fn a_process_that_fails_is_an_error_that_says_how() {
    let texts = [
        &["1..=3", "--shell", "--exec", "echo first >&2; echo second >&2; exit 3"][..],
        &["1..=3", "--shell", "--exec", "kill -SEGV $$"],
        &["1..=3", "--shell", "--exec", "kill -KILL $$"],
        &["1..=3", "--exec", "true", "--reduce", "sum"],
        &["1..=3", "--exec", "echo 1 2", "--reduce", "sum"],
        &[
            "1..=3",
            "--exec",
            r"printf '\377\033[2J 7 and so on, and so on, and so on, and so on, and so on, and so on'",
            "--reduce",
            "max",
        ],
        &["1..=3", "--exec", "yes", "--reduce", "min"],
        &["1..=3", "--exec", "sh -c '[ $THREEFOLD_ATTEMPT = 9 ]'", "--retries", "2"],
        &["0..=1000", "--shell", "--exec", "[ {start} -gt 777 ] || [ {end} -lt 777 ]", "--bisect"],
        &["1..=3", "--chunks", "3", "--shell", "--exec", "exit {chunk}", "--keep-going"],
    ]
    .map(|arguments| format!("$ {}\n{}", arguments.join(" "), failure(arguments)));
    insta::assert_snapshot!(texts.join("\n"));
}

#[test]
fn the_lowest_chunk_that_fails_is_reported_and_what_came_before_it_was_passed_on() {
    for model in every_model() {
        let command = "[ {chunk} = 2 ] && sleep 0.1; echo {chunk}; [ {chunk} -lt 2 ]";
        let answer = run(&[model, "1..=9", "--chunks", "9", "--shell", "--exec", command]);
        assert_eq!((answer.code, answer.stdout.as_str()), (Some(1), "0\n1\n"), "{model}");
        assert!(answer.stderr.contains("chunk 2 (3..=3) was lost"), "{model}: {}", answer.stderr);
    }
}

#[test]
fn an_object_names_the_failure() {
    for model in every_model() {
        let answer = run(&[model, "1..=3", "--exec", "sh -c 'exit 7'", "--format", "json"]);
        let object: Value = serde_json::from_str(&answer.stdout).expect("it is JSON");
        let error = &object["error"];
        assert_eq!((&error["kind"], &error["exit_code"], &error["chunk"]), (&"lost".into(), &7.into(), &0.into()));
        assert_eq!((&error["range"], &error["attempt"]), (&"1..=3".into(), &1.into()), "{model}");
        assert!(error["pid"].is_u64() && error["signal"].is_null(), "{model}");
    }
}

#[test]
fn a_chunk_that_fails_once_is_run_again() {
    for model in every_model() {
        let command = "[ $THREEFOLD_ATTEMPT = 2 ] && echo {chunk}";
        let answer = run(&[model, "1..=2", "--chunks", "2", "--retries", "1", "--shell", "--exec", command]);
        assert_eq!((answer.code, answer.stdout.as_str()), (Some(0), "0\n1\n"), "{model}");
        assert_eq!(answer.stderr.matches("the chunk is run again").count(), 2, "{model}: {}", answer.stderr);
    }
}

#[test]
fn an_object_names_the_attempts_that_failed() {
    for model in every_model() {
        let object = |more: &[&str], command| {
            let before = [model, "1..=2", "--chunks", "2", "--retries", "2", "--format", "json", "--shell", "--exec"];
            let answer = run(&[&before[..], &[command], more].concat());
            serde_json::from_str::<Value>(&answer.stdout).expect("it is JSON")
        };
        let told = |object: &Value| {
            let each = object["failures"].as_array().expect("it is an array").iter();
            each.map(|failure| format!("{} {} {}", failure["chunk"], failure["attempt"], failure["exit_code"]))
                .collect::<Vec<_>>()
        };
        let mended = object(&[], "[ $THREEFOLD_ATTEMPT = 3 ] || exit 4");
        assert_eq!(told(&mended), ["0 1 4", "0 2 4", "1 1 4", "1 2 4"], "{model}");
        assert!(mended["error"].is_null(), "{model}");
        let failed = object(&["-j1"], "exit 5");
        assert_eq!(told(&failed), ["0 1 5", "0 2 5"], "{model}");
        assert_eq!(failed["error"]["attempt"], 3, "{model}");
        let all = object(&["--keep-going"], "exit 6");
        assert_eq!(told(&all), ["0 1 6", "0 2 6", "1 1 6", "1 2 6", "0 3 6", "1 3 6"], "{model}");
    }
}

#[test]
fn the_lines_after_one_that_no_program_can_be_given_are_run() {
    let input = "first\n".to_string() + &"x".repeat(1 << 17) + "\nnext\na\0b\nlast\n";
    for model in every_model() {
        let output = super::fed(&[model, "--lines", "-", "--exec", "echo", "--keep-going"], input.as_bytes());
        assert_eq!(String::from_utf8_lossy(&output.stdout), "first\nnext\nlast\n", "{model}");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(errors.contains("2 of 5 chunks failed, 3 were finished"), "{model}: {errors}");
    }
}

#[test]
fn errors_name_the_command_and_what_its_chunk_covers() {
    let answer = run(&["processes", "1..=3", "--chunks", "3", "--shell", "--exec", "kill -9 $PPID; sleep 1000"]);
    assert_eq!(answer.code, Some(1));
    let lost = "threefold: error: kill -9 $PPID; sleep 1000: chunk 0 (1..=1) was lost on processes: worker ";
    assert!(answer.stderr.contains(lost), "{}", answer.stderr);
    let arguments = ["processes", "1..=1", "--retries", "1", "--format", "json", "--shell", "--exec"];
    let answer = run(&[&arguments[..], &["kill -9 $PPID; sleep 1000"]].concat());
    let object: Value = serde_json::from_str(&answer.stdout).expect("it is JSON");
    for failure in [&object["error"], &object["failures"][0]] {
        assert_eq!((&failure["task"], &failure["chunk"]), (&"kill -9 $PPID; sleep 1000".into(), &0.into()));
        assert_eq!(failure["range"], "1..=1");
        assert!(!failure["message"].as_str().is_some_and(|text| text.contains("run_chunk")), "{failure}");
    }
}

#[test]
fn a_process_that_hangs_is_ended_with_its_whole_group() {
    for model in every_model() {
        let folder = tempfile::tempdir().expect("there is room");
        let pids = folder.path().join("pids");
        // It does not listen to SIGTERM, and neither does what it starts.
        let command = format!("trap '' TERM; sleep 1000 & echo $$ $! > {}; wait", pids.display());
        let answer = run(&[model, "1..=3", "--timeout", "0.3", "--shell", "--exec", &command]);
        assert_eq!(answer.code, Some(1), "{model}");
        assert!(answer.stderr.contains("ran out of time: process "), "{model}: {}", answer.stderr);
        super::ending::assert_gone(&pids);
    }
}

#[test]
fn a_process_that_takes_too_much_memory_fails_alone() {
    for model in every_model() {
        // It reads a block of so many MiB into its memory.
        let command = "dd if=/dev/zero of=/dev/null bs={start}M count=1 status=none && echo $(({start} << 20))";
        let limited = ["1..=3000", "--chunk-size", "2999", "--memory-limit", "200MiB", "--shell", "--exec", command];
        let answer = run(&[&[model][..], &limited].concat());
        assert_eq!((answer.code, answer.stdout.as_str()), (Some(1), "1048576\n"), "{model}: {}", answer.stderr);
        assert!(answer.stderr.contains("chunk 1 (3000..=3000) was lost"), "{model}: {}", answer.stderr);
        assert!(answer.stderr.contains("it could have 200 MiB of memory"), "{model}: {}", answer.stderr);
    }
}

#[test]
fn a_gibibyte_is_passed_on_whole_and_more_is_an_error() {
    let program = crate::program();
    let script = format!("{program} threads 1..=1 --exec 'head -c 1G /dev/zero' | wc -c");
    let output = std::process::Command::new("sh").args(["-c", &script]).output().expect("the shell starts");
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), (1_u64 << 30).to_string());
    let answer = run(&["threads", "1..=1", "--exec", "cat /dev/zero"]);
    assert_eq!((answer.code, answer.stdout.as_str()), (Some(1), ""));
    assert!(answer.stderr.contains("printed more than 1 GiB"), "{}", answer.stderr);
}

#[test]
fn no_output_and_a_closed_stdin_are_no_failures() {
    for model in every_model() {
        assert_eq!(printed(&[model, "1..=3", "--exec", "cat"]), "", "{model}");
        assert_eq!(value(&[model, "1..=3", "--exec", "cat", "--reduce", "count"]), "0", "{model}");
    }
}

#[test]
fn bytes_that_are_no_text_are_passed_on_as_they_are() {
    for model in every_model() {
        let output =
            crate::threefold([model, "1..=2", "--chunks", "2", "--exec", r"printf '\377\000%s' {start}"]).output();
        assert_eq!(output.expect("the program starts").stdout, b"\xff\x001\xff\x002", "{model}");
    }
}

#[test]
fn what_a_process_leaves_behind_is_killed_and_not_waited_for() {
    for model in every_model() {
        let folder = tempfile::tempdir().expect("there is room");
        let pids = folder.path().join("pids");
        let command = format!("sleep 1000 & echo $! >> {}; echo 7", pids.display());
        assert_eq!(
            value(&[model, "1..=2", "--chunks", "2", "--shell", "--exec", &command, "--reduce", "sum"]),
            "14",
            "{model}"
        );
        super::ending::assert_gone(&pids);
    }
}

#[test]
fn a_process_that_has_left_the_group_is_not_waited_for() {
    // It keeps stdout open for as long as it lives.
    for model in every_model() {
        let folder = tempfile::tempdir().expect("there is room");
        let pid = folder.path().join("pid");
        // It says itself that it is there, which it does not before it has left.
        let file = pid.display();
        let leaves = format!("setsid sh -c 'echo $$ > {file}; exec sleep 1000'");
        let command = format!("{leaves} & while [ ! -s {file} ]; do sleep 0.01; done; echo 7");
        assert_eq!(value(&[model, "1..=1", "--shell", "--exec", &command, "--reduce", "sum"]), "7", "{model}");
        let [pid] = &super::ending::pids_in(&pid)[..] else { panic!("it has a number") };
        assert!(!super::ending::is_gone(pid), "{model} waited");
        let pid = pid.parse().ok().and_then(Pid::from_raw).expect("it is a process id");
        kill_process(pid, Signal::KILL).expect("it runs");
    }
}
