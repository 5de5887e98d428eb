//! A comparison beside an earlier one: what changed is said as text and as data, and what cannot be known is not said.

use serde_json::{Value, json};
use threefold_compare::{Change, Comparison, Error};

use crate::recorded;

crate::tests! {
    a_comparison_beside_itself_shows_no_change,
    what_became_slower_or_faster_is_named,
    a_change_below_either_noise_floor_is_not_reported,
    what_else_differs_is_listed,
    another_workload_cannot_be_compared,
    few_rounds_show_nothing,
    contenders_without_a_partner_are_left_out,
    the_changes_are_in_every_format,
    changes_from_elsewhere_are_checked,
}

/// The recorded comparison as JSON, with ten rounds whose runs scatter by 1% around each row's median.
fn steady(medians_s: &[f64]) -> Value {
    let mut json: Value = serde_json::from_str(&recorded().to_json()).unwrap();
    json["rounds"] = json!(10);
    json["noise"] = json!({ "ratio": { "value": 1.0, "interval": { "low": 0.99, "high": 1.01 } }, "smallest": 0.01 });
    for (row, median_s) in json["rows"].as_array_mut().unwrap().iter_mut().zip(medians_s) {
        let run = |round: i32| median_s * (1.0 + f64::from(round * 7 % 10 - 5) * 0.002);
        row["runs_s"] = json!((0..10).map(run).collect::<Vec<f64>>());
        row["median_s"] = json!(median_s);
        row["interval_s"] = json!({ "low": median_s * 0.99, "high": median_s * 1.01 });
        row["outliers"] = json!(0);
    }
    json
}

fn read(json: &Value) -> Comparison {
    Comparison::from_json(&json.to_string()).unwrap()
}

/// A comparison with these medians beside an earlier one with those.
fn beside(now: &Value, before: &Value) -> Comparison {
    let mut comparison = read(now);
    comparison.set_against(&read(before)).unwrap();
    comparison
}

fn changes(comparison: &Comparison) -> Vec<Change> {
    comparison.against.as_ref().unwrap().rows.iter().map(|row| row.change).collect()
}

const BEFORE: [f64; 5] = [0.1, 0.1, 0.05, 0.11, 0.06];

/// What follows the verdict in the text.
fn text(comparison: &Comparison) -> String {
    let without = Comparison::from_json(&comparison.to_json())
        .map(|mut it| {
            it.against = None;
            it
        })
        .unwrap();
    comparison.to_text(120).strip_prefix(&without.to_text(120)).unwrap().to_string()
}

fn a_comparison_beside_itself_shows_no_change() {
    let comparison = beside(&steady(&BEFORE), &steady(&BEFORE));
    assert_eq!(changes(&comparison), [Change::NotShown; 5]);
    assert!(text(&comparison).contains("No contender is shown to be faster or slower than before."));
}

fn what_became_slower_or_faster_is_named() {
    let comparison = beside(&steady(&[0.1, 0.1, 0.06, 0.11, 0.05]), &steady(&BEFORE));
    use Change::{Faster, NotShown, Slower};
    assert_eq!(changes(&comparison), [NotShown, NotShown, Slower, NotShown, Faster]);
    let row = &comparison.against.as_ref().unwrap().rows[2];
    let ratio = row.ratio.unwrap();
    assert!((ratio.value - 0.05 / 0.06).abs() < 0.01 && ratio.interval.high < 0.9, "{ratio:?}");
    assert_eq!((row.row, row.before_s), (2, 0.05));
    insta::assert_snapshot!("against", text(&comparison));
}

fn a_change_below_either_noise_floor_is_not_reported() {
    let slower = steady(&[0.1, 0.1, 0.053, 0.11, 0.06]);
    assert_eq!(changes(&beside(&slower, &steady(&BEFORE)))[2], Change::Slower);
    for is_noisy_now in [true, false] {
        let (mut now, mut before) = (slower.clone(), steady(&BEFORE));
        let noisy = if is_noisy_now { &mut now } else { &mut before };
        noisy["noise"]["smallest"] = json!(0.08);
        let comparison = beside(&now, &before);
        assert_eq!(changes(&comparison)[2], Change::TooSmall);
        assert!(!text(&comparison).contains("Slower than before"));
        assert!(text(&comparison).contains("Differences below 8% are not reported."));
    }
}

fn what_else_differs_is_listed() {
    let mut before = steady(&BEFORE);
    before["machine"]["processor"] = json!("Another");
    before["machine"]["cores"] = json!(64);
    before["version"] = json!("0.0.9");
    before["value"] = json!("7");
    let comparison = beside(&steady(&BEFORE), &before);
    let differs: Vec<&str> = comparison.against.as_ref().unwrap().differs.iter().map(|it| it.what.as_str()).collect();
    assert_eq!(differs, ["processors", "cores", "versions of Threefold", "values"]);
    assert!(text(&comparison).contains("The cores differ: 64 before, 2 now."), "{}", text(&comparison));
}

fn another_workload_cannot_be_compared() {
    let refusal = |place: &str, value: Value| {
        let mut before = steady(&BEFORE);
        *before.pointer_mut(place).unwrap() = value;
        let mut comparison = read(&steady(&BEFORE));
        let error = comparison.set_against(&read(&before)).unwrap_err();
        assert!(matches!(error, Error::Setup(_)) && comparison.against.is_none());
        error.to_string() + "\n"
    };
    let refusals = [("/work", json!("primes")), ("/items", json!(7)), ("/chunks", json!(5))];
    insta::assert_snapshot!("against_refusals", refusals.map(|(place, value)| refusal(place, value)).concat());
}

fn few_rounds_show_nothing() {
    let mut before = steady(&BEFORE);
    before["rounds"] = json!(6);
    for row in before["rows"].as_array_mut().unwrap() {
        row["runs_s"].as_array_mut().unwrap().truncate(6);
    }
    let comparison = beside(&steady(&[1.0; 5]), &before);
    assert_eq!(changes(&comparison), [Change::Unknown; 5]);
    assert!(text(&comparison).contains("These two cannot be compared: each needs 7 rounds or more."));
}

fn contenders_without_a_partner_are_left_out() {
    let mut before = steady(&BEFORE);
    before["rows"][4]["workers"] = json!(3);
    for span in before["rows"][4]["profile"]["spans"].as_array_mut().unwrap() {
        span["worker"] = json!(0);
    }
    assert_eq!(changes(&beside(&steady(&BEFORE), &before)).len(), 4);
}

fn the_changes_are_in_every_format() {
    let comparison = beside(&steady(&[0.1, 0.1, 0.06, 0.11, 0.05]), &steady(&BEFORE));
    assert_eq!(Comparison::from_json(&comparison.to_json()).unwrap(), comparison);
    let sentence = "Slower than before: threads with 2 workers";
    assert!(comparison.to_html().contains(sentence) && comparison.to_markdown().contains(sentence));
    assert!(comparison.to_csv().lines().nth(3).unwrap().contains(",0.05,slower,0.8"), "{}", comparison.to_csv());
}

fn changes_from_elsewhere_are_checked() {
    let json: Value = serde_json::from_str(&beside(&steady(&BEFORE), &steady(&BEFORE)).to_json()).unwrap();
    let cases = [
        ("/rows/0/row", json!(9)),
        ("/rows/0/before_s", json!(-1.0)),
        ("/rows/0/ratio/value", json!(-1.0)),
        ("/smallest", json!(-1.0)),
    ];
    for (place, value) in cases {
        let mut json = json.clone();
        *json["against"].pointer_mut(place).unwrap() = value;
        let error = Comparison::from_json(&json.to_string()).unwrap_err();
        assert!(error.to_string().contains("against"), "{place}: {error}");
    }
}
