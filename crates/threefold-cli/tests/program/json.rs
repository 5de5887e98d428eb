//! The one object of JSON output.

use serde_json::Value;
use threefold::Model;

use crate::{answer, every_name};

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
