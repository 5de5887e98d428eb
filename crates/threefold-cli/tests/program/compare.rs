//! `threefold compare` and `threefold report`, from outside.

use std::fs;
use std::path::Path;

use serde_json::Value;
use threefold::Model;

use crate::answer;

/// A few short rounds.
const BRIEF: &str = "--runs 8 --progress never";

fn exported(folder: &Path, arguments: &str) -> Value {
    let json = folder.join("comparison.json");
    let answer = answer(&format!("compare {arguments} {BRIEF} --export-json {}", json.display()));
    assert_eq!(answer.code, Some(0), "{arguments}: {}", answer.stderr);
    serde_json::from_str(&fs::read_to_string(json).expect("it was written")).expect("it is JSON")
}

#[test]
fn every_model_is_a_line_and_one_is_marked() {
    let answer = answer(&format!("compare 1..=100_000 {BRIEF}"));
    assert_eq!((answer.code, answer.stderr.as_str()), (Some(0), ""));
    for model in Model::available() {
        let lines = answer.stdout.lines().filter(|line| line.trim_start_matches(['*', ' ']).starts_with(model.name()));
        assert!(lines.count() >= 1, "{model}\n{}", answer.stdout);
    }
    assert_eq!(answer.stdout.lines().filter(|line| line.starts_with("* ")).count(), 1, "{}", answer.stdout);
    assert!(answer.stdout.contains("n(a+b)/2 (n integers from a to b) gives"), "{}", answer.stdout);
    assert!(!answer.stdout.contains('\u{1b}'), "no colours where stdout is not a terminal");
}

#[test]
fn every_workload_is_compared_and_all_models_agree() {
    let folder = tempfile::tempdir().unwrap();
    let texts = crate::workloads::texts();
    let files = format!("--workload files --folder {}", texts.path().display());
    for (arguments, value) in [
        ("1..=1000000", "500000500000"),
        ("--workload primes 1..=20000 --chunks 8", "2262"),
        ("--workload wait 1..=4", "4"),
        ("--workload locked 1..=40 --chunks 4", "105244747200"),
        ("--workload array 0..100000 --chunks 4", "922338126700561917050907"),
        ("--workload allocate 1..=200 --chunks 4", "186821"),
        ("--workload mixed 1..=2", "7294253917"),
        ("--workload pi 1..=30000 --chunks 7", "3.1378666666666666"),
        (&files, "190"),
    ] {
        let object = exported(folder.path(), arguments);
        assert_eq!(object["schema"], 2);
        assert_eq!(object["rounds"], 8, "{arguments}");
        assert_eq!(object["rows"].as_array().unwrap().len(), Model::available().len(), "{arguments}");
        assert_eq!(object["value"], value, "{arguments}");
        let rows = object["rows"].as_array().unwrap();
        for row in rows {
            let chunks = row["profile"]["spans"].as_array().unwrap().len() as u64;
            assert_eq!(Some(chunks), object["chunks"].as_u64(), "{arguments}");
            assert_eq!(row["runs_s"].as_array().unwrap().len(), 8, "{arguments}");
        }
    }
}

#[test]
fn several_numbers_of_workers_give_scaling() {
    let folder = tempfile::tempdir().unwrap();
    let object = exported(folder.path(), "1..=200000 --chunks 8 -j 1,2,2 --models threads,sequential");
    let rows: Vec<(&str, u64)> = object["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["model"].as_str().unwrap(), row["workers"].as_u64().unwrap()))
        .collect();
    assert_eq!(rows, [("sequential", 1), ("threads", 1), ("threads", 2)]);
    assert_eq!(object["scaling"].as_array().unwrap().len(), 1);
}

#[test]
#[cfg(all(target_os = "linux", feature = "async"))]
fn every_number_of_workers_is_a_row_of_its_own_also_for_programs() {
    let folder = tempfile::tempdir().unwrap();
    let json = folder.path().join("comparison.json");
    let arguments = "compare 1..=2 --chunks 2 --models async -j 1,300,400 --runs 1 --progress never --exec".split(' ');
    let output = crate::threefold(arguments).args(["echo", "--export-json"]).arg(&json).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let object: Value = serde_json::from_str(&fs::read_to_string(json).unwrap()).unwrap();
    let rows = object["rows"].as_array().unwrap().iter().filter(|row| row["model"] == "async");
    assert_eq!(rows.map(|row| row["workers"].as_u64().unwrap()).collect::<Vec<_>>(), [1, 300, 400]);
}

#[test]
fn every_export_is_written_and_the_page_is_made_again_from_its_json() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    let exports: String = ["json", "csv", "markdown", "html", "svg", "trace"]
        .map(|kind| format!(" --export-{kind} {}", file(kind).display()))
        .concat();
    let answer = answer(&format!("compare 1..=100000 {BRIEF}{exports}"));
    assert_eq!(answer.code, Some(0), "{}", answer.stderr);
    let text = |name: &str| fs::read_to_string(file(name)).expect("it was written");
    assert_eq!(text("csv").lines().count(), 1 + Model::available().len());
    assert!(text("markdown").contains("| **"), "{}", text("markdown"));
    let trace: Value = serde_json::from_str(&text("trace")).expect("it is JSON");
    assert!(trace["traceEvents"].as_array().unwrap().len() > 4);
    assert!(text("svg").starts_with("<svg ") && text("svg").contains("than it ran"), "{}", text("svg"));
    let page = text("html");
    assert!(page.starts_with("<!DOCTYPE html>") && page.contains("<svg role=\"img\""));
    for from_elsewhere in ["<script", "src=", "href=", "url(", "@import"] {
        assert!(!page.contains(from_elsewhere), "{from_elsewhere}");
    }
    let again = crate::answer(&format!("report {} --export-html {}", file("json").display(), file("again").display()));
    assert_eq!(again.code, Some(0), "{}", again.stderr);
    assert_eq!(text("again"), page);
    assert_eq!(again.stdout, answer.stdout);
}

#[test]
fn a_file_that_cannot_be_written_is_found_out_before_measuring() {
    let folder = tempfile::tempdir().unwrap();
    let kept = folder.path().join("kept.json");
    fs::write(&kept, "what was there").unwrap();
    let arguments = format!(
        "compare i64::MIN..=i64::MAX --export-json {} --export-csv {} --export-html /no/such/folder/page.html",
        kept.display(),
        folder.path().join("new.csv").display()
    );
    let answer = answer(&arguments);
    assert_eq!((answer.code, answer.stdout.as_str()), (Some(2), ""));
    assert!(answer.stderr.contains("/no/such/folder/page.html: No such file"), "{}", answer.stderr);
    assert_eq!(fs::read_to_string(&kept).unwrap(), "what was there");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left behind");
}

#[test]
#[cfg(target_os = "linux")]
fn every_export_that_cannot_be_written_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("page.html");
    let exports = format!("--export-json /dev/full --export-csv /dev/no-such-file --export-html {}", page.display());
    let answer = answer(&format!("compare 1..=1000 --models threads {BRIEF} {exports}"));
    assert_eq!(answer.code, Some(1), "{}", answer.stderr);
    for file in ["/dev/full: No space left", "/dev/no-such-file: No such file"] {
        assert!(answer.stderr.contains(file), "{file}: {}", answer.stderr);
    }
    assert!(page.exists(), "the others are written all the same");
}

#[test]
#[cfg(target_os = "linux")]
fn a_page_by_default_is_written_beside_a_file_only_and_its_error_says_why_it_is_written() {
    let folder = tempfile::tempdir().unwrap();
    exported(folder.path(), "1..=1000 --models threads");
    let json = folder.path().join("comparison.json");
    let input = fs::File::open(&json).unwrap();
    let piped = crate::threefold(["report", "/dev/stdin"]).stdin(input).output().unwrap();
    assert_eq!((piped.status.code(), String::from_utf8_lossy(&piped.stderr)), (Some(0), "".into()));
    assert!(String::from_utf8_lossy(&piped.stdout).contains("sequential"));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no page is written");
    fs::create_dir(json.with_extension("html")).unwrap();
    let refused = answer(&format!("report {}", json.display()));
    assert_eq!((refused.code, refused.stdout.as_str()), (Some(2), ""));
    let (begin, end) =
        ("threefold: error: the page beside FILE ", "; --export-html names another place, or /dev/null for no page\n");
    assert!(refused.stderr.starts_with(begin) && refused.stderr.ends_with(end), "{}", refused.stderr);
}

#[test]
#[cfg(target_os = "linux")]
fn chunks_whose_processor_time_cannot_be_read_are_not_said_to_wait() {
    // No descriptor is left for /proc.
    let script = "ulimit -n 5; exec \"$@\"";
    let arguments = ["compare", "--workload", "primes", "1..=30000", "--models", "threads,async", "--runs", "7"];
    for rank_by in ["time", "cpu", "memory"] {
        let mut shell = std::process::Command::new("sh");
        shell.args(["-c", script, "sh", crate::program()]).args(arguments).args(["--rank-by", rank_by]);
        let answer = crate::Answer::from(shell.output().expect("the shell starts"));
        assert_eq!(answer.code, Some(0), "{}", answer.stderr);
        for wrong in ["chunks wait 1", "`async fn`", "never wait", "0 B", "cancelled"] {
            assert!(!answer.stdout.contains(wrong), "{wrong}: {}", answer.stdout);
        }
        assert!(answer.stdout.contains("processor time could not be measured"), "{}", answer.stdout);
        assert_eq!(answer.stdout.contains("ranking "), rank_by != "time", "{}", answer.stdout);
    }
}

#[test]
fn a_race_alone_is_drawn_from_a_saved_comparison() {
    let folder = tempfile::tempdir().unwrap();
    exported(folder.path(), "1..=1000");
    let (json, race) = (folder.path().join("comparison.json"), folder.path().join("race.svg"));
    let answer = answer(&format!("report {} --export-svg {}", json.display(), race.display()));
    assert_eq!((answer.code, answer.stderr.as_str()), (Some(0), ""));
    assert!(fs::read_to_string(&race).unwrap().starts_with("<svg "));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "no page was asked for");
}

#[test]
fn an_earlier_comparison_is_compared_with() {
    let folder = tempfile::tempdir().unwrap();
    exported(folder.path(), "1..=100000 --models threads");
    let old = folder.path().join("old.json");
    fs::rename(folder.path().join("comparison.json"), &old).unwrap();
    let object = exported(folder.path(), &format!("1..=100000 --models threads --against {}", old.display()));
    let against = &object["against"];
    assert_eq!((against["rounds"].as_u64(), against["rows"].as_array().unwrap().len()), (Some(8), 2));
    assert!(against["rows"][1]["ratio"]["value"].as_f64().unwrap() > 0.0);
    let report = answer(&format!("report {}", folder.path().join("comparison.json").display()));
    assert!(report.stdout.contains("measured at different times"), "{}", report.stdout);
}

#[test]
fn an_earlier_comparison_that_cannot_be_compared_is_refused_before_measuring() {
    let folder = tempfile::tempdir().unwrap();
    exported(folder.path(), "1..=1000 --models threads");
    let old = folder.path().join("comparison.json");
    let text = fs::read_to_string(&old).unwrap();
    let written = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    written("schema.json", &text.replacen("\"schema\": 2", "\"schema\": 1", 1));
    written("list.json", "[1, 2]");
    let refusals = [
        ("i64::MIN..=i64::MAX", "missing.json"),
        ("i64::MIN..=i64::MAX", "schema.json"),
        ("i64::MIN..=i64::MAX", "list.json"),
        ("--workload primes 1..=1000", "comparison.json"),
        ("1..=2000", "comparison.json"),
        ("1..=1000 --chunks 3", "comparison.json"),
        ("1..=1000 --export-json FOLDER/comparison.json", "comparison.json"),
    ]
    .map(|(arguments, against)| {
        let arguments = format!("compare {arguments} --against FOLDER/{against}");
        let answer = answer(&arguments.replace("FOLDER", folder.path().to_str().unwrap()));
        assert_eq!((answer.code, answer.stdout.as_str()), (Some(2), ""), "{arguments}: {}", answer.stderr);
        let refusal = answer.stderr.replace(folder.path().to_str().unwrap(), "FOLDER");
        format!("$ threefold {arguments}\n{refusal}\n")
    });
    insta::assert_snapshot!(refusals.concat());
    assert_eq!(fs::read_to_string(&old).unwrap(), text);
}

#[test]
fn the_reference_and_the_ranking_are_recorded() {
    let folder = tempfile::tempdir().unwrap();
    let object = exported(folder.path(), "1..=1000 --models threads --reference threads --rank-by memory");
    let reference = object["reference"].as_u64().unwrap() as usize;
    assert_eq!(
        (object["rows"][reference]["model"].as_str(), object["rank_by"].as_str()),
        (Some("threads"), Some("memory"))
    );
    for row in object["rows"].as_array().unwrap() {
        assert!(row["cpu_s"].as_f64().unwrap() >= 0.0 && row["peak_memory_bytes"].as_u64().unwrap() > 0);
    }
}
