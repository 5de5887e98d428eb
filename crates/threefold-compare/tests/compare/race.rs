//! The race as an SVG file: it stands alone, is readable without moving, and has a bounded size.

use serde_json::{Value, json};
use threefold_compare::Comparison;

use crate::recorded;

crate::tests! {
    the_race_needs_nothing_else,
    the_race_is_whole_where_nothing_moves,
    the_race_escapes_what_it_is_given,
    a_race_of_many_chunks_has_a_bounded_size,
    a_race_of_one_chunk_is_drawn,
    a_race_of_many_workers_says_how_many_are_left_out,
    contenders_that_were_not_observed_are_named_as_such,
}

/// The recorded comparison with these spans in every row.
fn with_spans(chunks: u64, workers: usize, spans: &Value) -> Comparison {
    let mut json: Value = serde_json::from_str(&recorded().to_json()).unwrap();
    json["chunks"] = json!(chunks);
    for row in json["rows"].as_array_mut().unwrap() {
        row["workers"] = json!(workers);
        row["profile"]["spans"] = spans.clone();
        row["profile"]["wall_s"] = json!(1.0);
    }
    Comparison::from_json(&json.to_string()).unwrap()
}

/// The race as a document, if it is well-formed XML.
fn parsed(svg: &str) -> roxmltree::Document<'_> {
    roxmltree::Document::parse(svg).unwrap()
}

fn the_race_needs_nothing_else() {
    let svg = recorded().to_svg();
    for from_elsewhere in ["<script", "<image", "<use", "<foreignObject", "src=", "href", "url(", "@import", "onload"] {
        assert!(!svg.contains(from_elsewhere), "{from_elsewhere}");
    }
    let document = parsed(&svg);
    let root = document.root_element();
    assert_eq!(root.attribute("role"), Some("img"));
    for name in root.attribute("aria-labelledby").unwrap().split(' ') {
        let element = document.descendants().find(|element| element.attribute("id") == Some(name)).unwrap();
        assert!(element.text().is_some_and(|text| text.len() > 20), "{name}");
    }
}

fn the_race_is_whole_where_nothing_moves() {
    let comparison = recorded();
    let svg = comparison.to_svg();
    let document = parsed(&svg);
    // What covers the bars is out of sight unless an animation shows it.
    let element = document.descendants().find(|element| element.attribute("class") == Some("race-ahead")).unwrap();
    assert_eq!(element.attribute("visibility"), Some("hidden"));
    let style: String =
        document.descendants().filter(|element| element.has_tag_name("style")).filter_map(|it| it.text()).collect();
    let moving = style.split_once("@media screen and (prefers-reduced-motion:no-preference){").unwrap();
    assert!(!moving.0.contains("animation"), "{style}");
    assert!(style.contains("@media screen and (prefers-color-scheme: dark)"));
    for row in &comparison.rows {
        assert!(svg.contains(&row.name()), "{}", row.name());
    }
    assert!(svg.contains("20,000 times slower than it ran"), "{svg}");
}

fn the_race_escapes_what_it_is_given() {
    let mut comparison = recorded();
    comparison.workload = "]]></title><script>alert(1)</script>".to_string();
    comparison.verdict.sentence = "</svg><b>\"x\" & y\u{0}\u{202e}".to_string();
    let svg = comparison.to_svg();
    assert!(!svg.contains("<script") && !svg.contains("<b>"));
    let document = parsed(&svg);
    let texts: String = document.descendants().filter_map(|element| element.text()).collect();
    assert!(texts.contains("</svg><b>\"x\" & y\\u{0}\\u{202e}"), "{texts}");
}

fn a_race_of_many_chunks_has_a_bounded_size() {
    // One worker after the other, with gaps; and all at once, as async tasks are.
    let after = |chunk: u64| json!({ "chunk": chunk, "worker": chunk % 40, "start_s": (chunk as f64) * 1e-4, "duration_s": 1e-4 });
    let at_once =
        |chunk: u64| json!({ "chunk": chunk, "worker": 0, "start_s": (chunk as f64) * 1e-5, "duration_s": 0.01 });
    let all: [(usize, Vec<Value>); 2] =
        [(40, (0..10_000).map(after).collect()), (1, (0..10_000).map(at_once).collect())];
    for (workers, spans) in all {
        let svg = with_spans(10_000, workers, &json!(spans)).to_svg();
        parsed(&svg);
        assert!(svg.len() < 300_000, "{} bytes on {workers} workers", svg.len());
    }
}

fn a_race_of_one_chunk_is_drawn() {
    let svg = with_spans(1, 1, &json!([{ "chunk": 0, "worker": 0, "start_s": 0.25, "duration_s": 0.5 }])).to_svg();
    assert_eq!(svg.matches("d=\"M250 0h499v16h-499z\"").count(), recorded().rows.len(), "{svg}");
}

fn a_race_of_many_workers_says_how_many_are_left_out() {
    let svg = with_spans(1, 4096, &json!([])).to_svg();
    parsed(&svg);
    assert_eq!(svg.matches("4064 more workers").count(), recorded().rows.len());
}

fn contenders_that_were_not_observed_are_named_as_such() {
    let mut json: Value = serde_json::from_str(&recorded().to_json()).unwrap();
    let not_observed = |row: &mut Value| {
        row["profile"]["wall_s"] = json!(0.0);
        row["profile"]["spans"] = json!([]);
    };
    not_observed(&mut json["rows"][2]);
    let svg = Comparison::from_json(&json.to_string()).unwrap().to_svg();
    parsed(&svg);
    assert_eq!(svg.matches("not observed: the comparison was cancelled before").count(), 1);
    json["rows"].as_array_mut().unwrap().iter_mut().for_each(not_observed);
    let comparison = Comparison::from_json(&json.to_string()).unwrap();
    let svg = comparison.to_svg();
    parsed(&svg);
    assert!(
        svg.contains("No fold was observed: the comparison was cancelled before that.") && !svg.contains("animation")
    );
    assert!(comparison.to_html().contains("No fold was observed"));
}
