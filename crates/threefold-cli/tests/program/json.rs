//! The one object of JSON output.

use serde_json::Value;
use threefold::Model;

use crate::{Answer, answer, every_name, threefold};

/// The object, after checking that it stands alone on its line.
pub(crate) fn object(arguments: &str, code: i32) -> Value {
    let answer = answer(&format!("{arguments} --format json"));
    assert_eq!(answer.code, Some(code), "{arguments}: {}", answer.stderr);
    let line = answer.stdout.strip_suffix('\n').expect("the line ends");
    assert!(!line.contains('\n'), "one line");
    serde_json::from_str(line).expect("it is JSON")
}

fn keys(object: &Value) -> Vec<&str> {
    object.as_object().expect("an object").keys().map(String::as_str).collect()
}

fn seconds(object: &Value, key: &str) -> f64 {
    object[key].as_f64().unwrap_or_else(|| panic!("{key} is a number"))
}

#[test]
fn the_object_has_these_fields_on_every_model() {
    for &model in Model::available() {
        let object = object(&format!("{model} 1..=100 --chunks 10"), 0);
        let mut fields = keys(&object);
        fields.sort_unstable();
        let all = "chunks error failures fold_s model schema spans startup_s total_s value work workers";
        assert_eq!(fields.join(" "), all);
        assert_eq!(object["schema"], 1);
        assert_eq!(object["model"], model.name());
        assert_eq!(object["work"], "sum");
        assert_eq!(object["chunks"], 10);
        assert_eq!(object["value"], "5050");
        assert_eq!(object["failures"], Value::Array(Vec::new()));
        assert_eq!(object["error"], Value::Null);
        assert!(object["workers"].as_u64().is_some_and(|workers| workers >= 1));
    }
}

#[test]
fn every_chunk_has_one_span_within_the_time_on_every_model() {
    for name in every_name() {
        let object = object(&format!("{name} 1..=1000 --chunks 50"), 0);
        let (total, startup) = (seconds(&object, "total_s"), seconds(&object, "startup_s"));
        assert!((0.0..=total).contains(&startup), "{name}: {startup} of {total}");
        assert!((seconds(&object, "fold_s") - (total - startup)).abs() < 1e-9);

        let spans = object["spans"].as_array().expect("a list");
        let mut chunks: Vec<_> = spans.iter().map(|span| span["chunk"].as_u64().expect("a number")).collect();
        chunks.sort_unstable();
        assert_eq!(chunks, (0..50).collect::<Vec<_>>(), "{name}");
        let earliest = spans.iter().map(|span| seconds(span, "start_s")).fold(f64::INFINITY, f64::min);
        assert_eq!(earliest, startup);
        for span in spans {
            assert_eq!(span["attempt"], 1);
            assert!(span["worker"].as_u64() < object["workers"].as_u64());
            assert!(seconds(span, "duration_s") >= 0.0);
            // A microsecond for what rounding does.
            assert!(seconds(span, "start_s") + seconds(span, "duration_s") <= total + 1e-6, "{name}: {span}");
        }
    }
}

#[test]
fn nothing_to_do_is_all_start_up() {
    for name in every_name() {
        let object = object(&format!("{name} 5..5"), 0);
        assert_eq!((object["value"].as_str(), object["chunks"].as_u64()), (Some("0"), Some(0)));
        assert_eq!(object["spans"], Value::Array(Vec::new()));
        assert_eq!((seconds(&object, "fold_s"), object["startup_s"].clone()), (0.0, object["total_s"].clone()));
    }
}

#[test]
fn a_refusal_of_the_model_is_an_object_too() {
    let object = object("sequential -j 2", 2);
    assert_eq!(object["value"], Value::Null);
    assert_eq!(object["workers"], Value::Null);
    let mut fields = keys(&object["error"]);
    fields.sort_unstable();
    let all = "attempt attempts chunk exit_code kind message model pid range signal task worker";
    assert_eq!(fields.join(" "), all);
    assert_eq!(object["error"]["kind"], "setup");
    assert_eq!(object["error"]["model"], "sequential");
    assert_eq!(object["error"]["chunk"], Value::Null);
}

#[test]
#[cfg(feature = "processes")]
fn the_time_of_a_chunk_that_failed_is_no_start_up() {
    let long = "processes i64::MIN..=i64::MAX --chunks 1 --timeout 0.2";
    for arguments in [format!("{long} --retries 1"), format!("{long} --keep-going")] {
        let object = object(&arguments, 1);
        let (total, startup) = (seconds(&object, "total_s"), seconds(&object, "startup_s"));
        // The chunk ran for at least this long before it was stopped.
        assert!(seconds(&object, "fold_s") > 0.2 && startup < total - 0.2, "{arguments}: {startup} of {total}");
    }
}

#[test]
#[cfg(feature = "async")]
fn the_time_of_an_async_chunk_that_failed_is_no_start_up() {
    let object = object("async --workload wait 1..=2 --timeout 0.001 --keep-going", 1);
    assert!(seconds(&object, "fold_s") > 0.001, "{object}");
}

#[test]
#[cfg(feature = "processes")]
fn no_more_worker_processes_are_told_than_there_are_chunks() {
    assert_eq!(object("processes -j 8 1..=2 --chunks 2", 0)["workers"], 2);
    assert_eq!(object("processes -j 2 1..=90 --chunks 9", 0)["workers"], 2);
    assert_eq!(object("threads -j 8 1..=2 --chunks 2", 0)["workers"], 8);
}

/// Arguments that are refused, and the work.
const REFUSED: [(&[&str], &str); 6] = [
    (&["threads", "1..=9", "3..=4", "--chunks", "2"], "sum"),
    (&["threads", "--workload", "files", "--folder", "/no/such/folder"], "files"),
    (&["threads", "--folder", "src"], "sum"),
    (&["threads", "--reduce", "min"], "sum"),
    (&["threads", "--term", "i +"], "sum of i +"),
    (&["threads", "--term", "i", "--reduce", "min", "5..5"], "min of i"),
];

#[cfg(target_os = "linux")]
const REFUSED_PROGRAMS: [(&[&str], &str); 5] = [
    (&["threads", "--exec", "/no/such/program"], "/no/such/program"),
    (&["threads", "--exec", ""], ""),
    (&["threads", "--exec", "echo 'open"], "echo 'open"),
    (&["threads", "--exec", "echo", "--lines", "/no/such/file"], "echo"),
    (&["threads", "--exec", "echo", "--lines", "/dev/null", "--reduce", "min"], "echo"),
];
#[cfg(not(target_os = "linux"))]
const REFUSED_PROGRAMS: [(&[&str], &str); 0] = [];

#[test]
fn whatever_is_refused_after_the_options_were_understood_is_an_object() {
    for (arguments, work) in REFUSED.into_iter().chain(REFUSED_PROGRAMS) {
        let answer: Answer =
            threefold(arguments.iter().chain(&["--format", "json"])).output().expect("the program starts").into();
        assert_eq!(answer.code, Some(2), "{arguments:?}: {}", answer.stderr);
        let object: Value =
            serde_json::from_str(&answer.stdout).unwrap_or_else(|error| panic!("{arguments:?}: {error}"));
        assert_eq!((&object["model"], &object["work"]), (&"threads".into(), &work.into()), "{arguments:?}");
        assert_eq!((&object["value"], &object["error"]["kind"]), (&Value::Null, &"setup".into()), "{arguments:?}");
        let message = object["error"]["message"].as_str().expect("it says why");
        assert_eq!(answer.stderr, format!("threefold: error: {message}\n"), "{arguments:?}");
    }
}

#[test]
fn words_that_are_not_understood_print_no_object() {
    for arguments in ["threads 1..x", "threads --bogus", "bogus", "threads --chunks 0"] {
        let answer = answer(&format!("{arguments} --format json"));
        assert_eq!((answer.code, answer.stdout.as_str()), (Some(2), ""), "{arguments}");
    }
}
