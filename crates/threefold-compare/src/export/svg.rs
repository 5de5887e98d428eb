//! The race as a picture of its own: one SVG file that moves, without scripts and without anything from elsewhere.

use maud::{Markup, PreEscaped, html};

use super::colours::{INK, LINE, PAPER, SOFT, dark_rules};
use super::plots::{self, FONT, SIZE};
use crate::comparison::Comparison;
use crate::escape::escaped;

/// The size of the picture across, in pixels, and the space around its content.
const WIDTH: u32 = 820;
const MARGIN: u32 = 24;

/// The height of a line of text.
const LINE_HEIGHT: u32 = 20;

/// At most so many characters stand in a line, in bold and otherwise.
const BOLD_LETTERS: usize = 96;
const LETTERS: usize = 112;

/// At most so many lines are made of a text.
const MOST_LINES: usize = 3;

pub(super) fn of(comparison: &Comparison) -> String {
    let race = plots::race(comparison);
    let title = lines(&comparison.title(), LETTERS);
    let verdict = lines(&comparison.verdict.sentence, BOLD_LETTERS);
    let caption = lines(&race.caption, LETTERS);
    let below = |lines: &[String]| lines.len() as u32 * LINE_HEIGHT;
    let race_at = below(&title) + below(&verdict) + 12;
    let height = race_at + race.height + 10 + below(&caption);
    let (whole, inner) = (height + 2 * MARGIN, WIDTH - 2 * MARGIN);
    let picture = html! {
        svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="title description" width=(WIDTH) height=(whole)
            viewBox={ "0 0 " (WIDTH) " " (whole) } font-family=(FONT) font-size=(SIZE) {
            title id="title" { (escaped(&comparison.title())) }
            desc id="description" { (escaped(&comparison.verdict.sentence)) " " (race.description) }
            style { (PreEscaped(&race.style)) (PreEscaped(dark_rules())) }
            rect x="0.5" y="0.5" width=(WIDTH - 1) height=(whole - 1) rx="8" fill=(PAPER.light) stroke=(LINE.light) {}
            svg x=(MARGIN) y=(MARGIN) width=(inner) height=(height) {
                (paragraph(&title, 0, SOFT.light, "400"))
                (paragraph(&verdict, below(&title), INK.light, "600"))
                svg x="0" y=(race_at) width=(inner) height=(race.height) { (race.content) }
                (paragraph(&caption, height - below(&caption), SOFT.light, "400"))
            }
        }
    };
    picture.into_string() + "\n"
}

/// Lines of text, one below the other.
fn paragraph(lines: &[String], top: u32, colour: &str, weight: &str) -> Markup {
    html! {
        @for (index, line) in lines.iter().enumerate() {
            text x="0" y=(top + index as u32 * LINE_HEIGHT + 14) fill=(colour) font-weight=(weight) { (line) }
        }
    }
}

/// A text in lines of at most so many characters, broken between words. SVG breaks no lines itself.
fn lines(text: &str, letters: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in escaped(text).split_whitespace() {
        let word: String = word.chars().take(letters).collect();
        let full = lines.len() == MOST_LINES;
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= letters => {
                line.push(' ');
                line.push_str(&word);
            }
            Some(line) if full => {
                line.push_str(" ..");
                break;
            }
            _ => lines.push(word),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_becomes_a_few_lines() {
        assert_eq!(lines("Use threads.", LETTERS), ["Use threads."]);
        assert_eq!(lines("", LETTERS), [""; 0]);
        let long = lines(&"word ".repeat(1000), 104);
        assert_eq!((long.len(), long[0].len()), (MOST_LINES, 104));
        assert!(long[2].ends_with("word .."), "{long:?}");
        assert_eq!(lines(&"x".repeat(1000), LETTERS)[0].len(), LETTERS);
    }
}
