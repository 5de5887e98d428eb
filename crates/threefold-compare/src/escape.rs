//! Text from a file or a workload, made safe to show.
//!
//! A terminal obeys control characters: it moves the cursor, changes its title, or answers as if the user had typed.
//! Characters that change the direction of writing can make a line read differently from what it says. Both are shown as
//! Rust writes them in a string, for instance `\u{1b}`.

use std::borrow::Cow;

/// `text` with its control characters, and those that change the direction of writing, escaped.
pub(crate) fn escaped(text: &str) -> Cow<'_, str> {
    if !text.contains(is_hostile) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 8);
    for letter in text.chars() {
        if is_hostile(letter) { safe.extend(letter.escape_default()) } else { safe.push(letter) }
    }
    Cow::Owned(safe)
}

/// Control characters, the marks and overrides of direction, and the separators of lines and paragraphs.
fn is_hostile(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_obeys_is_escaped_and_the_rest_is_not() {
        assert_eq!(escaped("\u{1b}[31mred\u{7}"), "\\u{1b}[31mred\\u{7}");
        assert_eq!(escaped("two\nlines\tand\rmore\u{9b}"), "two\\nlines\\tand\\rmore\\u{9b}");
        assert_eq!(escaped("a\u{202e}b\u{2028}c"), "a\\u{202e}b\\u{2028}c");
        assert!(matches!(escaped("Zählt 日本語 \\ \"✓\""), Cow::Borrowed(_)));
    }
}
