//! `--exec COMMAND`: a program for every chunk, on every model.

mod bytes;
mod ending;
mod faults;
mod keeping_going;
mod leaving;
mod refusals;
mod waiting;

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use rustix::process::Signal;
use serde_json::Value;
use threefold::Model;

use crate::{Answer, has_python, threefold};

/// What the program answers to these arguments.
fn run(arguments: &[&str]) -> Answer {
    threefold(arguments).output().map(Answer::from).expect("the program starts")
}

/// What it prints on success.
fn printed(arguments: &[&str]) -> String {
    let answer = run(arguments);
    assert_eq!((answer.code, answer.stderr.as_str()), (Some(0), ""), "{arguments:?}");
    answer.stdout
}

/// The value in the second line.
fn value(arguments: &[&str]) -> String {
    let printed = printed(arguments);
    let (time, value) = printed.split_once('\n').expect("two lines");
    assert!(time.starts_with("time: "), "{printed}");
    value.trim_end().to_string()
}

/// What the program answers to these arguments and this stdin.
fn fed(arguments: &[&str], input: &[u8]) -> std::process::Output {
    let mut program = threefold(arguments).stdin(Stdio::piped()).spawn().expect("the program starts");
    let mut stdin = program.stdin.take().expect("it is a pipe");
    // A program that needs no more of it has ended.
    let _ = stdin.write_all(input);
    drop(stdin);
    program.wait_with_output().expect("it ends")
}

/// The text with `PID` for every process id, which differs in every run.
fn without_pids(text: &str) -> String {
    let mut words = text.split("process ");
    let first = words.next().unwrap_or_default().to_string();
    words.fold(first, |text, word| {
        text + "process " + &format!("PID{}", word.trim_start_matches(|c: char| c.is_ascii_digit()))
    })
}

fn every_model() -> impl Iterator<Item = &'static str> {
    Model::available().iter().map(|model| model.name())
}

#[test]
fn the_tutorials_function_in_python_gives_the_tutorials_total_on_every_model() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/calculate_sum.py");
    let command = format!("python3 {} {{start}} {{end}}", script.display());
    let models = every_model().filter(|_| has_python("the tutorial's function"));
    for model in models {
        assert_eq!(value(&[model, "--exec", &command, "--reduce", "sum", "1..=1_000_000"]), "500000500000", "{model}");
    }
}

#[test]
fn what_the_processes_print_is_passed_on_whole_and_in_chunk_order() {
    // The first chunks end last.
    let command = "sleep 0.0$((9 - {chunk})); echo chunk {chunk}: {start} {end}; printf end";
    let expected: String =
        (0..9).map(|chunk| format!("chunk {chunk}: {} {}\nend", chunk * 2 - 4, chunk * 2 - 3)).collect();
    for model in every_model() {
        assert_eq!(printed(&[model, "--shell", "--exec", command, "-4..14", "--chunk-size", "2"]), expected, "{model}");
    }
}

#[test]
fn numbers_are_reduced_exactly() {
    let reduced = |how: &str, command: &str| {
        let mut values: Vec<_> = every_model()
            .map(|model| value(&[model, "1..=3", "--chunks", "3", "--exec", command, "--reduce", how]))
            .collect();
        values.dedup();
        values
    };
    assert_eq!(reduced("sum", "echo 0.{start}"), ["0.6"]);
    assert_eq!(
        reduced("sum", "echo {start}00000000000000000000000000000000000000001"),
        ["600000000000000000000000000000000000000003"]
    );
    assert_eq!(reduced("min", "echo -{start}e-1"), ["-0.3"]);
    assert_eq!(reduced("max", "echo ' {start}.5 '"), ["3.5"]);
    assert_eq!(reduced("count", "seq {start}"), ["6"]);
    assert_eq!(value(&["threads", "1..1", "--exec", "false", "--reduce", "sum"]), "0");
}

#[test]
fn every_line_of_stdin_is_an_argument_on_every_model() {
    for model in every_model() {
        let output = fed(&[model, "--lines", "-", "--exec", "echo item"], b"one\ntwo words\n\n-n\n$(id) ; 'x'");
        let expected = "item one\nitem two words\nitem \nitem -n\nitem $(id) ; 'x'\n";
        assert_eq!(String::from_utf8_lossy(&output.stdout), expected, "{model}");
        let output =
            fed(&[model, "--lines", "-", "-0", "--exec", "printf %s| --", "--chunk-size", "2"], b"a\nb\0\xff\0-x");
        assert_eq!(output.stdout, b"--|a\nb|\xff|--|-x|", "{model}");
    }
}

#[test]
fn a_line_is_not_run_by_a_shell_that_was_asked_for() {
    let hostile = b"$(echo run)\n`echo run`\n; echo run\n' || echo run '\n";
    for command in ["echo {}", "echo \"$@\"", ": {}; echo \"$1\""] {
        let output = fed(&["threads", "--shell", "--lines", "-", "--exec", command], hostile);
        assert_eq!(output.stdout, hostile, "{command}");
    }
    // Within quotes of the command a line may fall apart, and is still not run.
    for command in ["echo \"{}\"", "echo '{}'", "eval : {}x"] {
        let output =
            fed(&["threads", "--shell", "--lines", "-", "--exec", command], b"$(touch /no/such) $(echo r''un)\n");
        assert!(
            !String::from_utf8_lossy(&output.stdout)
                .lines()
                .any(|line| line.contains("run") && !line.contains("r''un"))
        );
    }
}

#[test]
fn a_file_of_lines_and_a_comparison_of_it() {
    let folder = tempfile::tempdir().expect("there is room");
    let path = folder.path().join("lines");
    fs::write(&path, "3\n4\n5\n").expect("it is ours");
    let path = path.to_str().expect("it is text");
    assert_eq!(value(&["threads", "--lines", path, "--exec", "echo", "--reduce", "sum"]), "12");
    let answer =
        run(&["compare", "--lines", path, "--exec", "echo", "--reduce", "sum", "--runs", "2", "--warmup", "0"]);
    assert_eq!(answer.code, Some(0), "{}", answer.stderr);
    assert!(answer.stdout.contains("sequential") && answer.stdout.contains("threads"), "{}", answer.stdout);
}

#[test]
fn a_process_knows_its_chunk_and_nothing_that_concerns_this_program_alone() {
    let command = "echo $THREEFOLD_CHUNK $THREEFOLD_START $THREEFOLD_END $THREEFOLD_ATTEMPT [$OMPI_COMM_WORLD_RANK$PMI_RANK] $HOME; \
                   ls /proc/self/fd | wc -l; cat; ps -o pgid= -p $$ | tr -d ' ' | grep -qx $$ && echo leads its group";
    // What whoever runs these tests has left open reaches every process.
    let plain = Command::new("sh").args(["-c", "ls /proc/self/fd | wc -l"]).stdin(Stdio::null()).output();
    let descriptors = String::from_utf8(plain.expect("the shell starts").stdout).expect("it is a number");
    for model in every_model() {
        let mut program = threefold([model, "5..=9", "--chunk-size", "3", "--shell", "--exec", command]);
        // MPI's own variables would make a rank of the program, so only the other models are given them.
        if model != "mpi" {
            program.env("PMI_RANK", "").env("OMPI_COMM_WORLD_RANK", "");
        }
        let answer: Answer = program.env("HOME", "/home").output().map(Answer::from).expect("the program starts");
        let each = |text: &str| format!("{text} 1 [] /home\n{descriptors}leads its group\n");
        assert_eq!(answer.stdout, each("0 5 7") + &each("1 8 9"), "{model}: {}", answer.stderr);
    }
}

#[test]
fn a_process_has_the_same_environment_on_every_model() {
    let command = "env | grep -E '_(NUM|MAX)_THREADS=' | sort; true";
    let libraries = ["OMP", "OPENBLAS", "GOTO", "MKL", "BLIS", "RAYON", "NUMBA", "NUMEXPR"];
    for model in every_model() {
        // Without a share in common with other workers, and with one.
        for workers in ["1", "2"].into_iter().filter(|&workers| model != "sequential" || workers == "1") {
            let mut program = threefold([model, "1..=1", "-j", workers, "--shell", "--exec", command]);
            for library in libraries {
                program.env_remove(format!("{library}_NUM_THREADS"));
            }
            program.env_remove("POLARS_MAX_THREADS").env("MKL_NUM_THREADS", "1");
            let answer: Answer = program.output().map(Answer::from).expect("the program starts");
            assert_eq!(answer.stdout, "MKL_NUM_THREADS=1\n", "{model}: {}", answer.stderr);
        }
    }
}

#[test]
fn json_has_the_output_and_the_number_of_chunks() {
    let answer = run(&["threads", "1..=2", "--chunks", "2", "--exec", r"printf '%s\n' {start}", "--format", "json"]);
    let object: Value = serde_json::from_str(&answer.stdout).expect("it is JSON");
    assert_eq!(object["value"], "1\n2\n");
    assert_eq!((&object["chunks"], &object["work"]), (&2.into(), &r"printf '%s\n' {start}".into()));
    let output = fed(&["async", "--lines", "-", "--exec", "echo", "--format", "json"], b"a\nb\nc\n");
    let object: Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    assert_eq!((&object["chunks"], &object["value"]), (&3.into(), &"a\nb\nc\n".into()));
}

#[test]
fn a_run_is_continued_from_its_journal_on_another_model() {
    let folder = tempfile::tempdir().expect("there is room");
    let (journal, ran) = (folder.path().join("journal"), folder.path().join("ran"));
    let command =
        format!("echo {{chunk}} >> {0}; echo {{chunk}}; [ {{chunk}} != 2 ] || [ -e {0}.mended ]", ran.display());
    let arguments = |model| {
        let words = [model, "1..=4", "--chunks", "4", "--shell", "--exec", &command, "--journal"];
        words.map(str::to_string).into_iter().chain([journal.display().to_string()]).collect::<Vec<_>>()
    };
    let first: Answer = threefold(arguments("sequential")).output().map(Answer::from).expect("the program starts");
    assert_eq!((first.code, first.stdout.as_str()), (Some(1), "0\n1\n"), "{}", first.stderr);
    assert!(first.stderr.contains("2 of 4 chunks are in the journal"), "{}", first.stderr);
    fs::write(format!("{}.mended", ran.display()), "").expect("it is ours");
    let second: Answer = threefold(arguments("async")).output().map(Answer::from).expect("the program starts");
    assert_eq!((second.code, second.stdout.as_str()), (Some(0), "0\n1\n2\n3\n"), "{}", second.stderr);
    let mut ran: Vec<_> = fs::read_to_string(ran).expect("it is text").lines().map(str::to_string).collect();
    ran.sort();
    assert_eq!(ran, ["0", "1", "2", "2", "3"]);
}

#[test]
fn a_run_is_continued_with_other_limits_and_not_with_another_command() {
    let folder = tempfile::tempdir().expect("there is room");
    let (journal, mended) = (folder.path().join("journal"), folder.path().join("mended"));
    let journal = journal.to_str().expect("it is text");
    let command = format!("echo {{chunk}}; [ {{chunk}} != 2 ] || [ -e {} ]", mended.display());
    let arguments = |model, more: &[&str]| {
        let words = [model, "1..=4", "--chunks", "4", "--shell", "--exec", &command, "--journal", journal];
        run(&[&words[..], more].concat())
    };
    assert_eq!(arguments("sequential", &[]).code, Some(1));
    fs::write(&mended, "").expect("it is ours");
    for more in [
        &["--timeout", "60", "--retries", "3", "--memory-limit", "1GiB", "--tag", "--bisect"][..],
        &["--timeout", "50"],
        &[],
    ] {
        for model in every_model() {
            let answer = arguments(model, more);
            assert_eq!((answer.code, answer.stdout.as_str()), (Some(0), "0\n1\n2\n3\n"), "{model}: {}", answer.stderr);
            assert!(answer.stderr.contains("in the journal"), "{}", answer.stderr);
        }
    }
    let others = [&["--exec", "echo x"][..], &["--exec", "echo x", "--shell"], &["--term", "i"]].map(|other| {
        let answer = run(&[&["threads", "1..=4", "--chunks", "4", "--journal", journal], other].concat());
        assert_eq!((answer.code, answer.stdout.as_str()), (Some(2), ""), "{other:?}");
        answer.stderr.replace(journal, "JOURNAL")
    });
    insta::assert_snapshot!(others.concat());
}

#[test]
fn stderr_is_passed_on_in_whole_lines_which_can_be_tagged() {
    let command = "for i in 1 2 3; do printf 'part '; printf 'of %s\\n' {chunk}; done >&2; printf open >&2";
    for model in every_model() {
        let answer = run(&[model, "1..=4", "--chunks", "4", "--shell", "--tag", "--exec", command]);
        let mut lines: Vec<_> = answer.stderr.lines().collect();
        lines.sort_unstable();
        let mut expected: Vec<_> = (0..4)
            .flat_map(|chunk| {
                [format!("chunk {chunk}: open")].into_iter().chain(vec![format!("chunk {chunk}: part of {chunk}"); 3])
            })
            .collect();
        expected.sort_unstable();
        assert_eq!(lines, expected, "{model}");
    }
}

#[test]
fn an_input_without_end_runs_until_its_reader_leaves() {
    for model in every_model() {
        let script = format!("yes line | {} {model} --lines - --exec 'echo' | head -n 3", crate::program());
        let output = Command::new("sh").args(["-c", &script]).output().expect("the shell starts");
        assert_eq!(
            (output.stdout.as_slice(), output.stderr.as_slice()),
            (&b"line\nline\nline\n"[..], &b""[..]),
            "{model}"
        );
    }
}

#[test]
fn a_range_is_given_as_it_was_typed_also_if_it_is_empty() {
    for (range, shown) in [("9..-9223372036854775808", "9..=8"), ("9..9", "9..=8"), ("9..=-7", "9..=-7")] {
        let arguments = ["sequential", range, "1..=1", "--exec", "echo {start}..={end}"];
        assert_eq!(printed(&arguments), format!("{shown}\n1..=1\n"), "{range}");
    }
}

#[test]
#[cfg(feature = "async")]
fn async_has_as_many_workers_as_were_asked_for() {
    // More than most machines have cores.
    let workers = "300";
    let arguments = ["async", "-j", workers, "1..=2", "--chunks", "2", "--exec", "echo", "--format", "json"];
    let object: Value = serde_json::from_str(&printed(&arguments)).expect("it is JSON");
    assert_eq!(object["workers"].to_string(), workers);
    let object: Value =
        serde_json::from_str(&printed(&[&arguments[..], &["--in-flight", "2"]].concat())).expect("JSON");
    assert_eq!(object["workers"], 2, "what the user says of chunks holds for workers, too");
}

#[test]
#[cfg(target_os = "linux")]
fn a_parent_that_ignores_the_end_of_children_changes_nothing() {
    for model in every_model() {
        let mut program = Command::new("env");
        program.args(["--ignore-signal=CHLD", crate::program(), model, "1..=2", "--chunks", "2", "--exec"]);
        let output = program.arg("grep SigIgn: /proc/self/status").output().expect("the program starts");
        let (ignored, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert_eq!((ignored.lines().count(), errors.as_ref()), (2, ""), "{model}");
        for mask in ignored.lines().filter_map(|line| line.strip_prefix("SigIgn:")) {
            let mask = u64::from_str_radix(mask.trim(), 16).expect("it is a mask");
            assert_eq!(mask >> (Signal::CHILD.as_raw() - 1) & 1, 0, "{model}: the processes do not ignore it");
        }
    }
}
