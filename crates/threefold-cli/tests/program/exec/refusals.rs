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
        &["threads", "--exec", "true", "--timeout", "0"],
        &["threads", "--exec", "true", "--memory-limit", "1"],
        &["compare", "--exec", "true", "--lines", "-"],
        &["sequential", "--exec", "true", "-j", "2"],
    ]
    .map(|arguments| {
        let answer = run(arguments);
        assert_eq!((answer.code, answer.stdout.as_str()), (Some(2), ""), "{arguments:?}: {}", answer.stderr);
        format!("$ threefold {}\n{}", shlex_of(arguments), answer.stderr)
    });
    insta::assert_snapshot!(refusals.join("\n"));
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
