//! Every workload has one value, on every model and however it is cut.

use std::fs;
use std::path::Path;

use serde_json::json;
use tempfile::TempDir;

use crate::json::object;
use crate::plain::total;
use crate::{answer, every_name, threefold};

/// A workload with so little to do that it is soon done, the same in several ranges, and what it comes to.
const SMALL: [(&str, &str, &str, &str); 7] = [
    ("sum", "1..=1000", "1..=500 501..=1000", "500500"),
    ("primes", "1..=1000", "-9..=500 501..=1000", "168"),
    ("wait", "1..=6", "1..=2 9..=11 0..1", "6"),
    ("array", "0..1000", "0..500 500..1000", "9222954782016885860608"),
    ("allocate", "-5..5", "-5..0 0..5", "8683"),
    ("locked", "-5..5", "-5..0 0..5", "20820813878"),
    ("mixed", "1..=4", "1..=1 2..=4", "11681262442"),
];

#[test]
fn every_workload_has_one_value_on_every_model() {
    for name in every_name() {
        for (workload, range, _, value) in SMALL {
            assert_eq!(total(&format!("{name} --workload {workload} {range}")), value, "{name} {workload}");
        }
    }
}

#[test]
fn the_cut_changes_no_value() {
    for (workload, range, several, value) in SMALL {
        for input in [several, &format!("{range} --chunks 3"), &format!("{range} --chunk-size 4")] {
            assert_eq!(total(&format!("threads --workload {workload} {input}")), value, "{workload} {input}");
        }
    }
}

#[test]
fn every_workload_can_be_kept_going_on_every_model() {
    for name in every_name() {
        for (workload, _, several, value) in SMALL {
            let arguments = format!("{name} --workload {workload} {several} --keep-going");
            assert_eq!(total(&arguments), value, "{arguments}");
        }
    }
}

/// Its random numbers are tied to the chunks, so that another cut gives another estimate, but the same on every model.
#[test]
fn pi_has_the_same_digits_on_every_model_and_number_of_workers() {
    for (input, value) in [
        ("1..=30000", "3.1377333333333333"),
        ("1..=30000 --chunks 7", "3.1378666666666666"),
        ("-9..=5 1..2000 7..=7", "3.221836228287841"),
    ] {
        for name in every_name() {
            for options in ["", "--keep-going"] {
                assert_eq!(total(&format!("{name} --workload pi {input} {options}")), value, "{name} {input}");
            }
        }
        for workers in 2..5 {
            for name in every_name().filter(|name| ["async", "threads", "processes"].contains(name)) {
                assert_eq!(total(&format!("{name} -j {workers} --workload pi {input}")), value, "{name} {workers}");
            }
        }
    }
}

#[test]
fn an_object_names_its_workload() {
    for (workload, _, several, value) in SMALL {
        let object = object(&format!("threads --workload {workload} {several}"), 0);
        assert_eq!((&object["work"], &object["value"]), (&json!(workload), &json!(value)));
        assert_eq!(object["chunks"], several.split(' ').count());
    }
}

#[test]
fn an_empty_range_is_nothing_to_do_for_every_workload() {
    for workload in SMALL.map(|(workload, ..)| workload).into_iter().chain(["files", "pi"]) {
        assert_eq!(total(&format!("threads --workload {workload} 5..-5")), "0", "{workload}");
        assert_eq!(total(&format!("threads --workload {workload} 5..-5 -3..=-7")), "0", "{workload}");
    }
}

#[test]
fn waits_are_many_chunks_by_default_and_computations_are_few() {
    for (arguments, chunks) in [("wait 1..=50", 50), ("sum 1..=50", 1), ("mixed 1..=3", 3), ("primes 1..=99_999", 2)] {
        assert_eq!(object(&format!("threads --workload {arguments}"), 0)["chunks"], chunks, "{arguments}");
    }
}

#[test]
#[cfg(feature = "async")]
fn workloads_that_wait_may_have_a_deadline_on_async() {
    assert_eq!(total("async --workload wait 1..=3 --timeout 60"), "3");
    assert_eq!(total("async --workload mixed 1..=4 --timeout 60"), "11681262442");
}

/// 20 files in two folders, the nth of n words.
pub(crate) fn texts() -> TempDir {
    let folder = TempDir::new().expect("there is room for a folder");
    fs::create_dir_all(folder.path().join("b/.git")).expect("it is ours");
    for n in 0..20 {
        let name = format!("{}/{n:02}", if n < 10 { "." } else { "b" });
        fs::write(folder.path().join(name), "word\t".repeat(n)).expect("it is ours");
    }
    fs::write(folder.path().join("b/.git/hidden"), "not counted").expect("it is ours");
    folder
}

#[test]
fn the_words_of_files_are_counted_on_every_model() {
    let texts = texts();
    let folder = texts.path().display();
    for name in every_name() {
        let arguments = format!("{name} --workload files --folder {folder}");
        assert_eq!(total(&arguments), "190");
        assert_eq!(total(&format!("{arguments} 0..20 --chunks 7 --keep-going")), "190");
        assert_eq!(total(&format!("{arguments} 0..=4 18..20")), "47");
    }
    assert_eq!(object(&format!("threads --workload files --folder {folder}"), 0)["chunks"], 2);
}

#[test]
fn files_are_looked_for_in_the_current_folder() {
    let texts = texts();
    for name in every_name() {
        let output = threefold([name, "--workload", "files"]).current_dir(&texts).output().expect("the program starts");
        assert!(String::from_utf8_lossy(&output.stdout).ends_with("\n190\n"), "{output:?}");
    }
}

#[test]
fn a_range_past_the_files_is_refused_with_their_numbers() {
    let texts = texts();
    let refusal = |folder: &Path, ranges: &str| {
        let answer = answer(&format!("threads --workload files --folder {} {ranges}", folder.display()));
        assert_eq!((answer.code, answer.stdout.as_str()), (Some(2), ""), "{ranges}");
        let first = answer.stderr.lines().next().expect("it says why");
        first.replace(&folder.display().to_string(), "FOLDER")
    };
    for ranges in ["0..21", "0..5 3..=20"] {
        assert!(
            refusal(texts.path(), ranges).ends_with("is out of range: the files in FOLDER are numbered 0..20"),
            "{ranges}"
        );
    }
    let empty = texts.path().join("b/.git/empty");
    fs::create_dir(&empty).expect("it is ours");
    assert!(refusal(&empty, "0..=3").ends_with("0..=3 is out of range: there are no files in FOLDER"));
    assert_eq!(total(&format!("threads --workload files --folder {}", empty.display())), "0");
}
