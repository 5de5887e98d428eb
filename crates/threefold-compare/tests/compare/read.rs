//! JSON from elsewhere: it is read as it is, or refused with a sentence. Whatever is read can be shown and exported.

use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};
use threefold_compare::{Comparison, Error};

use crate::recorded;

crate::tests! {
    json_is_read_back,
    every_number_is_read_back_to_the_last_bit,
    json_that_no_comparison_has_is_refused_with_a_sentence,
    fields_that_are_not_known_are_ignored,
    any_json_is_refused_or_can_be_shown,
}

fn json_is_read_back() {
    let comparison = recorded();
    assert_eq!(Comparison::from_json(&comparison.to_json()).unwrap(), comparison);
}

fn every_number_is_read_back_to_the_last_bit() {
    let mut comparison = recorded();
    // Durations of some 50 ns. A fast reader of decimals gets the last bit of every third wrong.
    for step in 0..2000 {
        comparison.rows[0].median_s = 5e-8 + f64::from(step) * 1e-12;
        let read = Comparison::from_json(&comparison.to_json()).unwrap();
        assert_eq!(read.rows[0].median_s.to_bits(), comparison.rows[0].median_s.to_bits(), "step {step}");
    }
}

/// The recorded comparison as JSON, with another value at this place.
fn with(place: &str, value: Value) -> String {
    let mut json: Value = serde_json::from_str(&recorded().to_json()).unwrap();
    *json.pointer_mut(place).unwrap_or_else(|| panic!("there is no {place}")) = value;
    json.to_string()
}

fn refusal(json: &str) -> String {
    match Comparison::from_json(json) {
        Err(error @ Error::Json(_)) => error.to_string(),
        other => panic!("{other:?} of {json}"),
    }
}

fn json_that_no_comparison_has_is_refused_with_a_sentence() {
    let mut refusals: Vec<String> = ["", "{}", "null", "[]", &"[".repeat(100_000)].map(refusal).to_vec();
    let cases: &[(&str, Value)] = &[
        ("/schema", json!(1)),
        ("/schema", json!(3)),
        ("/schema", json!(-1)),
        ("/rows", json!([])),
        ("/rows/0/model", json!("threads")),
        ("/rows/1/model", json!("fibres")),
        ("/rows/1/workers", json!(1_000_000_000_000_000u64)),
        ("/rows/1/workers", json!(0)),
        ("/rows/1/folds_per_run", json!(0)),
        ("/rows/1/runs_s", json!([])),
        ("/rows/1/runs_s/3", json!(0.0)),
        ("/rows/1/runs_s/3", json!(null)),
        ("/rows/1/median_s", json!(-1.0)),
        ("/rows/1/median_s", json!(1e300)),
        ("/rows/1/interval_s", json!({ "low": 2.0, "high": 1.0 })),
        ("/rows/1/cold_startup_s", json!([])),
        ("/rows/1/speedup/value", json!(-2.0)),
        ("/rows/1/break_even", json!({ "kind": "always", "smallest": -1.0 })),
        ("/rows/1/break_even", json!({ "kind": "soon" })),
        ("/rows/1/difference", json!("better")),
        ("/rows/1/judged/level", json!(2.0)),
        ("/reference", json!(5)),
        ("/least_worthwhile", json!(2.0)),
        ("/rows/1/outliers", json!(9)),
        ("/rows/1/profile/wall_s", json!(1e300)),
        ("/rows/1/profile/idle_s", json!(-0.5)),
        ("/rows/1/profile/spans/0/worker", json!(7)),
        ("/rows/1/profile/spans/0/chunk", json!(u64::MAX)),
        ("/rows/1/profile/spans/0/start_s", json!(1e300)),
        ("/scaling/0/workers", json!([])),
        ("/scaling/0/workers", json!([2, 1])),
        ("/scaling/0/median_s", json!([])),
        ("/scaling/0/best_workers", json!(3)),
        ("/scaling/0/amdahl/one_worker_s", json!(0.0)),
        ("/scaling/0/amdahl/serial/value", json!(2.0)),
        ("/machine/cores", json!(0)),
        ("/rounds", json!(0)),
        ("/rounds", json!(9)),
        ("/stolen_share", json!(1.5)),
        ("/verdict/best", json!(9)),
        ("/verdict/best", json!(-1)),
        ("/verdict/tied", json!([0, 5])),
        ("/verdict/tied", json!([])),
    ];
    refusals.extend(cases.iter().map(|(place, value)| {
        let shown = value.to_string();
        format!("{place} = {shown}\n  {}", refusal(&with(place, value.clone())))
    }));
    // A number that is too large for JSON's reader is refused by it.
    let huge = recorded().to_json().replacen("\"stolen_share\": 0.0", "\"stolen_share\": 1e999", 1);
    refusals.push(refusal(&huge));
    insta::assert_snapshot!("refusals", refusals.join("\n"));
}

fn fields_that_are_not_known_are_ignored() {
    let mut json: Value = serde_json::from_str(&recorded().to_json()).unwrap();
    json["colour"] = json!("blue");
    json["rows"][0]["notes"] = json!([1, 2, 3]);
    assert_eq!(Comparison::from_json(&json.to_string()).unwrap(), recorded());
}

/// Values that are unusual somewhere.
fn unusual(random: &mut SmallRng) -> Value {
    let values = [
        json!(null),
        json!(true),
        json!(0),
        json!(1),
        json!(-1),
        json!(4096),
        json!(1_000_000_000_000_000u64),
        json!(u64::MAX),
        json!(i64::MIN),
        json!(5e-324),
        json!(-0.0),
        json!(1e-13),
        json!(0.3),
        json!(1e9),
        json!(1e22),
        json!(1.7e308),
        json!(""),
        json!("sequential"),
        json!("\u{1b}[2J\n</svg><script>"),
        json!("x".repeat(10_000)),
        json!([]),
        json!([0]),
        json!({}),
    ];
    values[random.random_range(0..values.len())].clone()
}

/// Changes one randomly chosen place within `value`.
fn mutate(value: &mut Value, random: &mut SmallRng) {
    let children = match value {
        Value::Object(fields) => fields.len(),
        Value::Array(items) => items.len(),
        _ => 0,
    };
    if children > 0 && random.random_bool(0.9) {
        let child = random.random_range(0..children);
        match value {
            Value::Object(fields) => mutate(fields.values_mut().nth(child).unwrap(), random),
            Value::Array(items) => match random.random_range(0..12) {
                0 => drop(items.remove(child)),
                1 => items.push(items[child].clone()),
                2 => items.reverse(),
                _ => mutate(&mut items[child], random),
            },
            _ => {}
        }
    } else if let (Some(number), true) = (value.as_f64(), random.random_bool(0.5)) {
        // A number of another size, which may still be possible.
        let other = number * 10f64.powi(random.random_range(-9..9));
        *value = if value.is_u64() { json!(other as u64) } else { json!(other) };
    } else {
        *value = unusual(random);
    }
}

fn any_json_is_refused_or_can_be_shown() {
    let seed = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1);
    println!("SEED={seed}");
    let mut random = SmallRng::seed_from_u64(seed);
    let recorded: Value = serde_json::from_str(&recorded().to_json()).unwrap();
    let (mut refused, mut shown) = (0, 0);
    for case in 0..2000 {
        let mut json = recorded.clone();
        for _ in 0..random.random_range(1..3) {
            mutate(&mut json, &mut random);
        }
        let json = json.to_string();
        let Ok(comparison) = Comparison::from_json(&json) else {
            refused += 1;
            continue;
        };
        shown += 1;
        let texts = [
            comparison.to_text(100),
            comparison.to_html(),
            comparison.to_markdown(),
            comparison.to_csv(),
            comparison.to_trace(),
            comparison.to_svg(),
        ];
        for text in texts {
            assert!(text.len() < 100_000 + 20 * json.len(), "case {case}: {} bytes of {json}", text.len());
        }
        assert_eq!(Comparison::from_json(&comparison.to_json()).unwrap(), comparison, "case {case}");
    }
    // Both happen often enough to mean something.
    assert!(refused > 200 && shown > 200, "{refused} refused, {shown} shown");
}
