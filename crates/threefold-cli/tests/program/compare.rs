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
    assert!(answer.stdout.contains("The formula n(a+b)/2 gives this value"), "{}", answer.stdout);
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
fn every_export_is_written_and_the_page_is_made_again_from_its_json() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    let exports: String = ["json", "csv", "markdown", "html", "trace"]
        .map(|kind| format!(" --export-{kind} {}", file(kind).display()))
        .concat();
    let answer = answer(&format!("compare 1..=100000 {BRIEF}{exports}"));
    assert_eq!(answer.code, Some(0), "{}", answer.stderr);
    let text = |name: &str| fs::read_to_string(file(name)).expect("it was written");
    assert_eq!(text("csv").lines().count(), 1 + Model::available().len());
    assert!(text("markdown").contains("| **"), "{}", text("markdown"));
    let trace: Value = serde_json::from_str(&text("trace")).expect("it is JSON");
    assert!(trace["traceEvents"].as_array().unwrap().len() > 4);
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
