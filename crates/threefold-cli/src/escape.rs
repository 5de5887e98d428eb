//! `escape`: text from elsewhere, made safe to print.
//!
//! A task, a file name or an argument may hold control characters. On a terminal they could move the cursor, change
//! earlier lines, or set the title. They are printed as Rust writes them, `\u{1b}` for the escape character. Invisible
//! characters that reverse the direction of the text are treated the same.

use std::borrow::Cow;
use std::path::Path;

/// `text` on one line: every control character is escaped, line breaks included.
pub(crate) fn line(text: &str) -> Cow<'_, str> {
    escape(text, is_control)
}

/// `text` with its line breaks: every other control character is escaped.
pub(crate) fn lines(text: &str) -> Cow<'_, str> {
    escape(text, |c| c != '\n' && is_control(c))
}

/// `path` on one line.
pub(crate) fn path(path: &Path) -> String {
    line(&path.display().to_string()).into_owned()
}

fn escape(text: &str, escaped: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&escaped) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(2 * text.len());
    for c in text.chars() {
        if escaped(c) { safe.extend(c.escape_default()) } else { safe.push(c) }
    }
    Cow::Owned(safe)
}

/// Control characters, and the characters that set the direction of the text around them.
pub(crate) fn is_control(c: char) -> bool {
    let sets_direction =
        matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    // Some terminals treat the Unicode line separators as line breaks.
    c.is_control() || sets_direction || matches!(c, '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{is_control, line, lines};

    #[test]
    fn control_characters_are_written_as_in_rust() {
        assert_eq!(line("\x1b[31mred\r\n\u{9b}2J\u{7f}"), r"\u{1b}[31mred\r\n\u{9b}2J\u{7f}");
        assert_eq!(lines("one\ntwo\t\u{202e}"), "one\ntwo\\t\\u{202e}");
    }

    #[test]
    fn ordinary_text_is_kept() {
        for text in ["", "1..=3", "Größe: 3 µs", "日本語", r"C:\folder"] {
            assert_eq!((line(text).as_ref(), lines(text).as_ref()), (text, text));
        }
    }

    proptest! {
        #[test]
        fn no_text_brings_a_control_character_through(text: String) {
            prop_assert!(!line(&text).chars().any(is_control));
            prop_assert!(!lines(&text).chars().any(|c| c != '\n' && is_control(c)));
        }
    }
}
