//! A recorded comparison in every form that people or programs read.

use threefold_compare::{Comparison, Error};

use crate::recorded;

crate::tests! {
    the_table_fits_its_width,
    every_format_is_as_it_was,
    json_is_read_back,
    every_number_is_read_back_to_the_last_bit,
    every_text_is_shown_with_its_control_characters_escaped,
    a_text_in_csv_is_never_a_formula,
}

fn the_table_fits_its_width() {
    let comparison = recorded();
    for width in [30, 40, 52, 60, 64, 80, 100, 120] {
        let text = comparison.to_text(width);
        for line in text.lines() {
            assert!(line.chars().count() <= width.max(33), "{width}: {line}");
        }
    }
    insta::assert_snapshot!("wide", comparison.to_text(120));
    insta::assert_snapshot!("narrow", comparison.to_text(48));
    assert_eq!(comparison.to_string(), comparison.to_text(100));
}

fn every_format_is_as_it_was() {
    let comparison = recorded();
    insta::assert_snapshot!("markdown", comparison.to_markdown());
    insta::assert_snapshot!("csv", comparison.to_csv());
    insta::assert_snapshot!("trace", comparison.to_trace().replace("},{", "},\n{"));
}

fn json_is_read_back() {
    let comparison = recorded();
    assert_eq!(Comparison::from_json(&comparison.to_json()).unwrap(), comparison);
}

fn every_number_is_read_back_to_the_last_bit() {
    let mut comparison = recorded();
    // Times of some 50 ns, which a fast reader of decimals gets wrong in the last bit about once in three times.
    for step in 0..2000 {
        comparison.rows[0].median_s = 5e-8 + f64::from(step) * 1e-12;
        let read = Comparison::from_json(&comparison.to_json()).unwrap();
        assert_eq!(read.rows[0].median_s.to_bits(), comparison.rows[0].median_s.to_bits(), "step {step}");
    }
}

/// A comparison whose every text does harm where it is shown as it is.
fn hostile() -> Comparison {
    let mut comparison = recorded();
    let harm = "=cmd|' /C calc'!A0\u{1b}[2J\u{1b}]0;title\u{7}\r\n\tA\u{9b}31m\u{202e}gnp\u{2028}";
    for text in [
        &mut comparison.version,
        &mut comparison.workload,
        &mut comparison.unit,
        &mut comparison.value,
        &mut comparison.machine.processor,
        &mut comparison.machine.system,
        &mut comparison.verdict.sentence,
    ] {
        *text = harm.to_string();
    }
    comparison.formula = Some(harm.to_string());
    let mut value: serde_json::Value = serde_json::from_str(&comparison.to_json()).unwrap();
    value["verdict"]["reasons"][0]["text"] = harm.into();
    serde_json::from_value(value).unwrap()
}

fn every_text_is_shown_with_its_control_characters_escaped() {
    // It comes from a file, as it would from someone else.
    let comparison = Comparison::from_json(&hostile().to_json()).unwrap();
    let shown = [
        comparison.to_text(80),
        comparison.to_string(),
        comparison.to_markdown(),
        comparison.to_html(),
        comparison.to_csv(),
        comparison.to_trace(),
        comparison.to_svg(),
        comparison.title().escape_debug().to_string(),
    ];
    for text in shown {
        let is_harmful = |letter: char| (letter.is_control() && letter != '\n') || "\u{202e}\u{2028}".contains(letter);
        let at = text.find(is_harmful);
        assert_eq!(at, None, "{:?}", at.map(|at| &text[at.saturating_sub(40)..]));
    }
    assert!(comparison.to_text(80).contains("\\u{1b}[2J"));
    // What serde says of a foreign text is shown as well.
    let json = recorded().to_json().replacen("\"sequential\"", "\"\\u001b[31m\"", 1);
    let error = Comparison::from_json(&json).unwrap_err();
    assert!(error.to_string().contains("unknown variant `\\u{1b}[31m`"), "{error}");
    assert!(!format!("{error:?}").contains('\u{1b}'));
    let error = Error::File { path: "\u{1b}[2J".into(), error: std::io::Error::other("\u{7}") };
    assert_eq!(error.to_string(), "\\u{1b}[2J: \\u{7}");
}

fn a_text_in_csv_is_never_a_formula() {
    let csv = hostile().to_csv();
    for line in csv.lines().skip(1) {
        assert!(line.starts_with("'=cmd|"), "{line}");
        let numbers = line.rsplit(',').next().unwrap();
        assert!(numbers.is_empty() || numbers.parse::<f64>().is_ok(), "{line}");
    }
}
