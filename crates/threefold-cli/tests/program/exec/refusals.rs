//! What `--exec` refuses before anything is started.

use super::run;

#[test]
fn what_cannot_be_started_is_refused() {
    let refusals = [
        &["threads", "--exec", ""][..],
        &["threads", "--exec", "echo 'open"],
        &["threads", "--exec", "no-such-program {start}"],
        &["threads", "--exec", "/etc/passwd"],
        &["threads", "--exec", "{start} x"],
        &["threads", "--exec", "true", "--workload", "sum"],
        &["threads", "--shell"],
        &["threads", "--lines", "x"],
        &["threads", "--exec", "true", "-0"],
        &["threads", "--reduce", "sum"],
        &["threads", "--exec", "true", "--reduce", "product"],
        &["threads", "--exec", "true", "--lines", "no/such/file"],
        &["threads", "--exec", "true", "--lines", "/"],
        &["threads", "--exec", "true", "--lines", "-", "1..=2"],
        &["threads", "--exec", "true", "--lines", "-", "--chunks", "2"],
        &["threads", "--exec", "true", "--lines", "-", "--journal", "no/such/journal"],
        &["threads", "--exec", "true", "--keep-going", "--journal", "no/such/journal"],
        &["threads", "--term", "1 // (i - 1)", "--keep-going", "--journal", "no/such/journal"],
        &["threads", "5..1", "--exec", "printf 1", "--reduce", "min"],
        &["threads", "5..1", "--term", "i", "--reduce", "min"],
        &["compare", "5..1", "--exec", "printf 1", "--reduce", "max"],
        &["threads", "--lines", "/dev/null", "--exec", "true", "--reduce", "max"],
        &["compare", "--lines", "/dev/null", "--exec", "true", "--reduce", "max"],
        &["threads", "--exec", "--version"],
        &["threads", "--exec", "true", "--timeout", "0"],
        &["threads", "--exec", "true", "--memory-limit", "1"],
        &["compare", "--exec", "true", "--lines", "-"],
        &["threads", "--shell", "--exec", "awk '{print $1}'", "--lines", "-"],
        &["threads", "--shell", "--exec", "while read line; do echo ${line}; done", "--lines", "-"],
        &["sequential", "--exec", "true", "-j", "2"],
    ]
    .map(|arguments| {
        let answer = run(arguments);
        assert_eq!((answer.code, answer.stdout.as_str()), (Some(2), ""), "{arguments:?}: {}", answer.stderr);
        format!("$ threefold {}\n{}", shlex_of(arguments), answer.stderr)
    });
    insta::assert_snapshot!(refusals.join("\n"));
}

#[test]
fn a_shell_that_is_not_there_is_missed() {
    let mut program = crate::threefold(["threads", "--shell", "--exec", "true"]);
    let output = program.env("PATH", "/no/such/folder").output().expect("the program starts");
    assert_eq!(output.status.code(), Some(2));
    let expected = "threefold: error: --shell needs the program `sh`, which is not in the folders of PATH\n";
    assert_eq!(String::from_utf8_lossy(&output.stderr), expected);
}

#[test]
fn a_command_that_begins_with_a_hyphen_is_no_option_of_the_shell() {
    let answer = run(&["sequential", "1..=1", "--shell", "--exec=-n"]);
    assert_eq!(answer.code, Some(1));
    assert!(answer.stderr.contains("exited with code 127"), "{}", answer.stderr);
}

#[test]
fn a_line_that_no_program_can_be_given_is_refused_where_the_whole_file_is_read_first() {
    let folder = tempfile::tempdir().expect("there is room");
    let [long, zero, journal, ran] = ["long", "zero", "journal", "ran"]
        .map(|name| folder.path().join(name).to_str().expect("it is text").to_string());
    std::fs::write(&long, "first\n".to_string() + &"x".repeat(1 << 17) + "\nlast\n").expect("it is ours");
    std::fs::write(&zero, "first\na\0b\nlast\n").expect("it is ours");
    let command = format!("echo >> {ran}; : {{}}");
    let arguments = |path| ["--shell", "--lines", path, "--exec", &command].map(str::to_string);
    let refusals = [&long, &zero].map(|path| {
        let by_journal = ["threads", "--journal", &journal].map(str::to_string);
        let by_comparison = ["compare", "--runs", "2", "--models", "threads"].map(str::to_string);
        let [one, other] = [&by_journal[..], &by_comparison[..]].map(|before| {
            let answer = run(&before.iter().chain(&arguments(path)).map(String::as_str).collect::<Vec<_>>());
            assert_eq!((answer.code, answer.stdout.as_str()), (Some(2), ""), "{}", answer.stderr);
            answer.stderr
        });
        assert_eq!(one, other);
        one.replace(path, "FILE")
    });
    assert!(!std::path::Path::new(&ran).exists(), "a program was started");
    insta::assert_snapshot!(refusals.concat());
}

/// The arguments as they would be typed.
fn shlex_of(arguments: &[&str]) -> String {
    let quoted = |word: &&str| match word.chars().all(|c| c.is_ascii_alphanumeric() || "-=./_".contains(c))
        && !word.is_empty()
    {
        true => (*word).to_string(),
        false => format!("\"{word}\""),
    };
    arguments.iter().map(quoted).collect::<Vec<_>>().join(" ")
}
