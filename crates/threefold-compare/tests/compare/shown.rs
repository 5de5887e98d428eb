//! A recorded comparison in every form that people or programs read.

use threefold_compare::{Comparison, Error};

crate::tests! {
    the_table_fits_its_width,
    every_format_is_as_it_was,
    json_is_read_back,
    every_number_is_read_back_to_the_last_bit,
    other_json_is_refused,
    the_page_needs_nothing_else,
    the_page_escapes_what_it_is_given,
    what_cannot_be_written_names_the_file,
}

/// Measured once, by `threefold compare -j 1,2 --models threads,processes --runs 8 --export-json`.
fn recorded() -> Comparison {
    Comparison::from_json(include_str!("recorded.json")).unwrap()
}

fn the_table_fits_its_width() {
    let comparison = recorded();
    for width in [30, 40, 52, 64, 80, 100, 120] {
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

fn other_json_is_refused() {
    let json = recorded().to_json();
    let other = [
        String::new(),
        "{}".to_string(),
        json.replacen("\"schema\": 1", "\"schema\": 2", 1),
        json.replacen("\"best\": ", "\"best\": 9", 1),
        json.replacen("\"rows\"", "\"lines\"", 1),
    ];
    let refusals: Vec<String> = other
        .iter()
        .map(|json| match Comparison::from_json(json) {
            Err(error @ Error::Json(_)) => error.to_string(),
            other => panic!("{other:?}"),
        })
        .collect();
    insta::assert_snapshot!("refusals", refusals.join("\n"));
}

fn the_page_needs_nothing_else() {
    let page = recorded().to_html();
    for from_elsewhere in ["<script", "<link", "<img", "<iframe", "src=", "href=", "url(", "@import", "http-equiv"] {
        assert!(!page.contains(from_elsewhere), "{from_elsewhere}");
    }
    // Every picture is well-formed, and says what it is to those who do not see it.
    let pictures: Vec<&str> = page.match_indices("<svg role").map(|(at, _)| &page[at..]).collect();
    assert_eq!(pictures.len(), 4);
    for picture in pictures {
        let end = picture.find("</svg>").unwrap() + "</svg>".len();
        let document = roxmltree::Document::parse(&picture[..end]).unwrap();
        let svg = document.root_element();
        assert_eq!(svg.attribute("role"), Some("img"));
        assert!(svg.attribute("aria-label").is_some_and(|label| label.len() > 20));
        assert!(svg.descendants().count() > 10);
    }
}

fn the_page_escapes_what_it_is_given() {
    let mut comparison = recorded();
    comparison.work = "<b>\"x\" & y</b>".to_string();
    comparison.value = "</code><script>alert(1)</script>".to_string();
    let page = comparison.to_html();
    assert!(!page.contains("<script") && !page.contains("<b>"), "{page}");
    assert!(page.contains("&lt;script&gt;"));
}

fn what_cannot_be_written_names_the_file() {
    let error = recorded().export_csv("/no/such/folder/file.csv").unwrap_err().to_string();
    assert_eq!(error, "/no/such/folder/file.csv: No such file or directory (os error 2)");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("page.html");
    recorded().export_html(&path).unwrap();
    assert_eq!(std::fs::read_to_string(path).unwrap(), recorded().to_html());
}
