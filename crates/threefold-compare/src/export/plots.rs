//! The pictures of the page, as SVG.
//!
//! Places across are shares of the width, and places down are pixels. So a picture fits a phone and a wide window, and its
//! text keeps its size in both. Only what has no text, the bars of the race, is drawn in units that are stretched.

use maud::{Markup, html};

mod axis;
mod bars;
mod race;
mod scaling;

use super::colours::{Colour, INK, LINE, PARTS, SOFT, STARTUP, TRACK, model_colour};
pub(super) use bars::{parts, times};
pub(super) use race::race;
pub(super) use scaling::scaling;

/// The font of all texts.
pub(super) const FONT: &str = "system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif";

/// The size of all texts in pixels.
pub(super) const SIZE: u32 = 13;

/// A picture as wide as what it stands in. Its title is for those who hear the page.
fn picture(height: u32, title: &str, content: Markup) -> Markup {
    html! {
        svg role="img" aria-label=(title) width="100%" height=(height) font-family=(FONT) font-size=(SIZE) { (content) }
    }
}

/// A share of the width.
fn percent(share: f64) -> String {
    format!("{:.2}%", share * 100.0)
}

/// A text at this share of the width and this height. `anchor` is what of the text is there: its `start`, `middle` or `end`.
fn words(x: f64, y: u32, anchor: &str, colour: Colour, text: &str) -> Markup {
    html! { text x=(percent(x)) y=(y) text-anchor=(anchor) fill=(colour.light) { (text) } }
}
