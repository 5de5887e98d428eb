//! Arguments, files and file names that hold anything: nothing panics, hangs, overwrites the input or controls the
//! terminal.

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::symlink;
use std::path::Path;

use proptest::prelude::*;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{Answer, answer, threefold};

/// Turns text red, clears the screen with a character of C1, and reverses what follows.
const ESCAPES: &str = "\x1b[31m\u{9b}2J\u{202e}\u{7f}";

fn output<W: AsRef<std::ffi::OsStr>>(arguments: impl IntoIterator<Item = W>) -> Answer {
    threefold(arguments).output().map(Answer::from).expect("the program starts")
}

fn assert_is_harmless(text: &str) {
    let control = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
    assert!(!text.contains(control), "{text:?}");
}

/// The JSON of a short comparison.
fn comparison(folder: &Path) -> String {
    let json = folder.join("comparison.json");
    let answer = answer(&format!("compare 1..=10 --runs 6 --progress never --export-json {}", json.display()));
    assert_eq!(answer.code, Some(0), "{}", answer.stderr);
    fs::read_to_string(json).expect("it was written")
}

#[test]
fn control_characters_in_arguments_are_escaped() {
    for arguments in [
        vec!["ARG"],
        vec!["help", "ARG"],
        vec!["threads", "ARG"],
        vec!["threads", "1..ARG"],
        vec!["threads", "-1..ARG"],
        vec!["threads", "--ARG"],
        vec!["threads", "--workload", "ARG"],
        vec!["threads", "--retries", "ARG"],
        vec!["threads", "--workload", "files", "--folder", "ARG"],
        vec!["compare", "--models", "ARG"],
        vec!["compare", "--export-json", "/no/such/folder/ARG"],
        vec!["report", "ARG"],
    ] {
        let answer = output(arguments.iter().map(|argument| argument.replace("ARG", &format!("a{ESCAPES}\nb"))));
        assert_eq!((answer.code, answer.stdout.as_str()), (Some(2), ""), "{arguments:?}");
        assert_is_harmless(&answer.stderr);
        assert!(answer.stderr.contains(r"\u{1b}[31m"), "{arguments:?}: {}", answer.stderr);
        assert!(!answer.stderr.contains("\nb"), "{arguments:?}: {}", answer.stderr);
    }
}

#[test]
fn arguments_that_are_not_text_are_no_panic() {
    let bytes = || OsString::from_vec(b"\xff\x1b".to_vec());
    for before in [vec![], vec!["help"], vec!["threads"], vec!["report"], vec!["threads", "--workload"]] {
        let answer = output(before.iter().map(OsString::from).chain([bytes()]));
        assert_eq!(answer.code, Some(2), "{before:?}: {}", answer.stderr);
        assert_is_harmless(&answer.stderr);
    }
}

#[test]
fn an_argument_that_must_be_text_and_is_not_is_named() {
    // A path need not be text.
    let path = OsString::from_vec(b"\xfe".to_vec());
    let term = OsString::from_vec(b"\xff\x1b".to_vec());
    let words = ["threads", "--folder", "", "--term", ""].map(OsString::from);
    let arguments = words.into_iter().enumerate().map(|(index, word)| match index {
        2 => path.clone(),
        4 => term.clone(),
        _ => word,
    });
    let answer = output(arguments);
    assert_eq!(answer.code, Some(2));
    assert_eq!(answer.stderr, "threefold: error: argument 5, \"\\xFF\\u{1b}\", is not UTF-8\n");
}

#[test]
fn control_characters_in_file_names_are_escaped_on_every_model() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join(format!("a{ESCAPES}\nb"));
    fs::write(&file, "two words").unwrap();
    for name in crate::every_name() {
        let folder = file.display().to_string();
        let answer = output([name, "--workload", "files", "--folder", &folder]);
        assert_eq!(answer.code, Some(2), "{name}");
        assert_is_harmless(&answer.stderr);
        assert!(answer.stderr.contains(r"\u{1b}[31m"), "{}", answer.stderr);
    }
}

#[test]
fn control_characters_in_a_comparison_are_escaped() {
    let folder = TempDir::new().unwrap();
    let json = comparison(folder.path());
    let hostile = folder.path().join("hostile.json");
    fs::write(&hostile, json.replace("\"sum\"", &serde_json::to_string(ESCAPES).unwrap())).unwrap();
    let answer = output([Path::new("report"), &hostile]);
    assert_is_harmless(&answer.stdout);
    assert_is_harmless(&answer.stderr);
}

#[test]
fn no_report_overwrites_its_input() {
    let folder = TempDir::new().unwrap();
    let json = comparison(folder.path());
    let input = folder.path().join("data.html");
    fs::write(&input, &json).unwrap();
    symlink("data.html", folder.path().join("link.html")).unwrap();
    let inputs = ["data.html", "./data.html", "link.html"];
    let pages = ["", "data.html", "./data.html", "link.html"];
    for (input, page) in inputs.into_iter().flat_map(|input| pages.map(|page| (input, page))) {
        let mut program = threefold(["report", input]);
        if !page.is_empty() {
            program.args(["--export-html", page]);
        }
        let answer = Answer::from(program.current_dir(&folder).output().expect("the program starts"));
        assert_eq!((answer.code, answer.stdout.as_str()), (Some(2), ""), "{input} {page}");
        assert!(answer.stderr.contains("would overwrite the input"), "{}", answer.stderr);
    }
    assert_eq!(fs::read_to_string(&input).unwrap(), json);
    assert!(folder.path().join("link.html").is_symlink());
    // A page replaces its file, and so breaks a hard link instead of writing to the input.
    fs::hard_link(&input, folder.path().join("hard.html")).unwrap();
    let mut program = threefold(["report", "data.html", "--export-html", "hard.html"]);
    assert_eq!(program.current_dir(&folder).output().expect("the program starts").status.code(), Some(0));
    assert_eq!(fs::read_to_string(&input).unwrap(), json);
}

#[test]
fn two_exports_to_one_file_are_refused_before_measuring() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("file").display().to_string();
    let answer = output(["compare", "i64::MIN..=i64::MAX", "--export-json", &file, "--export-csv", &file]);
    assert_eq!((answer.code, answer.stdout.as_str()), (Some(2), ""));
    assert!(answer.stderr.contains("--export-json and --export-csv name the same file"), "{}", answer.stderr);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_dangling_link_is_written_through() {
    let folder = TempDir::new().unwrap();
    let (link, target) = (folder.path().join("link.json"), folder.path().join("target.json"));
    symlink(&target, &link).unwrap();
    let arguments = format!("compare 1..=10 --runs 6 --progress never --export-json {}", link.display());
    assert_eq!(answer(&arguments).code, Some(0));
    assert!(link.is_symlink(), "the link is kept");
    assert!(fs::read_to_string(target).unwrap().starts_with('{'));
}

#[test]
fn what_is_not_a_comparison_is_refused() {
    let folder = TempDir::new().unwrap();
    let deep = format!("{{\"schema\": {}", "[".repeat(1 << 20));
    let contents: [&[u8]; 7] = [b"", b"{}", b"\xff\xfe", b"{\"schema\": 1}", b"null", deep.as_bytes(), &[b' '; 5000]];
    for content in contents {
        let file = folder.path().join("file.json");
        fs::write(&file, content).unwrap();
        let answer = output([Path::new("report"), &file]);
        assert_eq!((answer.code, answer.stdout.as_str()), (Some(2), ""));
        assert!(answer.stderr.starts_with("threefold: error: "), "{}", answer.stderr);
        assert!(answer.stderr.contains("file.json: "), "{}", answer.stderr);
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no page is written");
}

#[test]
fn a_comparison_with_impossible_numbers_is_shown_or_refused() {
    let folder = TempDir::new().unwrap();
    let comparison: Value = serde_json::from_str(comparison_once()).expect("it is JSON");
    let row = |change: fn(&mut Value)| {
        let mut comparison = comparison.clone();
        change(&mut comparison["rows"][1]);
        comparison
    };
    for (name, hostile) in [
        ("workers", row(|row| row["workers"] = json!(10u64.pow(15)))),
        ("no workers", row(|row| row["workers"] = json!(0))),
        ("no median", row(|row| row["median_s"] = Value::Null)),
        ("empty median", row(|row| row["median_s"] = json!(""))),
        ("negative median", row(|row| row["median_s"] = json!(-1.0))),
        ("endless median", row(|row| row["median_s"] = json!(f64::MAX))),
        ("no runs", row(|row| row["runs_s"] = json!([]))),
        ("late spans", row(|row| row["profile"]["spans"][0]["start_s"] = json!(1e300))),
        ("many chunks", row(|row| row["profile"]["spans"][0]["chunk"] = json!(u64::MAX))),
        ("many workers", row(|row| row["profile"]["spans"][0]["worker"] = json!(u64::MAX))),
    ] {
        let file = folder.path().join("hostile.json");
        fs::write(&file, hostile.to_string()).unwrap();
        let answer = output([Path::new("report"), &file]);
        assert!(matches!(answer.code, Some(0 | 2)), "{name}: {:?} {}", answer.code, answer.stderr);
        assert!(!answer.stderr.contains("panicked"), "{name}: {}", answer.stderr);
    }
}

#[test]
#[cfg(target_os = "linux")]
fn files_without_end_are_refused() {
    let folder = TempDir::new().unwrap();
    let page = folder.path().join("page.html").display().to_string();
    for endless in ["/dev/zero", "/dev/urandom", "/dev/full"] {
        let answer = output(["report", endless, "--export-html", &page]);
        assert_eq!((answer.code, answer.stdout.as_str()), (Some(2), ""), "{endless}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn a_changed_comparison_is_shown_or_refused(
        at in 0.0..1.0f64,
        with in "[0-9a-z\"{}\\[\\],.:-]{0,12}",
        len in 0usize..30,
    ) {
        let folder = TempDir::new().unwrap();
        let json = comparison_once();
        let start = ((json.len() - 1) as f64 * at) as usize;
        let end = (start + len).min(json.len());
        let file = folder.path().join("changed.json");
        fs::write(&file, [&json.as_bytes()[..start], with.as_bytes(), &json.as_bytes()[end..]].concat()).unwrap();
        let answer = output([Path::new("report"), &file]);
        prop_assert!(matches!(answer.code, Some(0 | 2)), "{:?}: {}", answer.code, answer.stderr);
        prop_assert!(!answer.stderr.contains("panicked"), "{}", answer.stderr);
    }
}

/// The comparison that is changed, measured once.
fn comparison_once() -> &'static str {
    static JSON: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    JSON.get_or_init(|| comparison(TempDir::new().expect("there is room for a folder").path()))
}

#[test]
#[cfg(target_os = "linux")]
fn too_few_descriptors_are_an_error_in_a_sentence() {
    for model in threefold::Model::available() {
        let mut refused = 0;
        for descriptors in 4..=16 {
            let script = format!("ulimit -n {descriptors}; exec \"$0\" \"$@\"");
            let arguments = [model.name(), "1..=2", "--chunks", "2", "--exec", "echo {start}"];
            let mut shell = std::process::Command::new("sh");
            let answer = shell.args(["-c", &script, crate::program()]).args(arguments).output();
            let answer = Answer::from(answer.expect("the shell starts"));
            // With fewer the program is not loaded.
            let is_loaded = !answer.stderr.contains("shared libraries");
            if is_loaded && answer.code != Some(0) {
                refused += 1;
                assert!(matches!(answer.code, Some(1 | 2)), "{model} {descriptors}: {}", answer.stderr);
                assert!(answer.stderr.starts_with("threefold: "), "{model} {descriptors}: {}", answer.stderr);
                assert!(!answer.stderr.contains("panicked"), "{model} {descriptors}: {}", answer.stderr);
            }
        }
        assert!(refused > 0, "{model} needs hardly any");
    }
}
