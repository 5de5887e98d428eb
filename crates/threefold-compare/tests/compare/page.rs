//! The HTML page of a comparison: it stands alone, and escapes what it is given.

use threefold_compare::Comparison;

use crate::recorded;

crate::tests! {
    the_page_needs_nothing_else,
    every_picture_of_the_page_has_a_description,
    the_page_escapes_what_it_is_given,
    the_headline_is_the_verdict,
    two_numbers_of_workers_are_joined_by_a_line,
    a_page_of_many_workers_has_a_bounded_size,
}

fn the_page_needs_nothing_else() {
    let page = recorded().to_html();
    for from_elsewhere in
        ["<script", "<link", "<img", "<iframe", "src=", "href=", "url(", "@import", "http-equiv", "<button"]
    {
        assert!(!page.contains(from_elsewhere), "{from_elsewhere}");
    }
}

fn every_picture_of_the_page_has_a_description() {
    let page = recorded().to_html();
    let pictures: Vec<&str> = page.match_indices("<svg role").map(|(at, _)| &page[at..]).collect();
    assert_eq!(pictures.len(), 4);
    for picture in pictures {
        let document = roxmltree::Document::parse(whole_element(picture)).unwrap();
        let svg = document.root_element();
        assert_eq!(svg.attribute("role"), Some("img"));
        assert!(svg.attribute("aria-label").is_some_and(|label| label.len() > 20));
        assert!(svg.descendants().count() > 10);
    }
}

/// The element `svg` with which `text` begins. It may hold others.
fn whole_element(text: &str) -> &str {
    let mut depth = 0;
    for (at, _) in text.match_indices('<') {
        depth += i32::from(text[at..].starts_with("<svg ")) - i32::from(text[at..].starts_with("</svg>"));
        if depth == 0 && text[at..].starts_with("</svg>") {
            return &text[..at + "</svg>".len()];
        }
    }
    panic!("the element does not end: {text}")
}

fn the_page_escapes_what_it_is_given() {
    let mut comparison = recorded();
    comparison.workload = "<b>\"x\" & y</b>".to_string();
    comparison.value = "</code><script>alert(1)</script>".to_string();
    let page = comparison.to_html();
    assert!(!page.contains("<script") && !page.contains("<b>"), "{page}");
    assert!(page.contains("&lt;script&gt;"));
}

fn the_headline_is_the_verdict() {
    let comparison = recorded();
    let page = comparison.to_html();
    let headline = page.split_once("<h1>").unwrap().1.split_once("</h1>").unwrap().0;
    assert_eq!(headline, comparison.verdict.sentence);
    let details = page.split_once("<details>").unwrap().1;
    assert!(details.contains("Where the time went") && details.contains("imbalance"));
}

fn two_numbers_of_workers_are_joined_by_a_line() {
    let page = recorded().to_html();
    let at = page.find("aria-label=\"Speed-up by the number of workers").unwrap();
    let picture = &page[at..at + page[at..].find("</svg>").unwrap()];
    // Two models on two numbers of workers each: two lines and four points.
    assert_eq!(picture.matches("stroke-width=\"2.5\"").count(), 2, "{picture}");
    assert_eq!(picture.matches("<circle").count(), 4);
}

fn a_page_of_many_workers_has_a_bounded_size() {
    let mut comparison = recorded();
    comparison.rows[1].workers = 4096;
    let comparison = Comparison::from_json(&comparison.to_json()).unwrap();
    let page = comparison.to_html();
    assert!(page.contains("4064 more workers") && page.len() < 200_000, "{}", page.len());
}
