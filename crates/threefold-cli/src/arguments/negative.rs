//! Negative ranges among options: `-5..5` begins like an option, and is none.
//!
//! The parser of options would read `-5..5` as the option `-5`. Such an argument is therefore marked before the parser
//! sees it, and the mark is removed from everything that the parser gives back: values and error texts.
//!
//! The option `-0` is the other way round: it looks like a negative number, which the parser would take for a range.

use std::ffi::OsString;

/// Put before a negative range. Unicode reserves it for internal use; it appears in no text.
const MARK: char = '\u{ffff}';

/// Marks `argument` if it is a range that begins with a negative number. The long name of `-0` takes its place.
pub(super) fn mark(argument: OsString) -> OsString {
    let is_range = |text: &str| {
        let digits = text.strip_prefix('-').unwrap_or_default();
        digits.starts_with(|first: char| first.is_ascii_digit()) && digits.contains("..")
    };
    match argument.to_str() {
        Some(text) if is_range(text) => format!("{MARK}{text}").into(),
        Some("-0") => "--null".into(),
        _ => argument,
    }
}

/// `text` as it was typed.
pub(super) fn unmark(text: &str) -> String {
    text.replace(MARK, "")
}

#[cfg(test)]
mod tests {
    use super::{mark, unmark};

    #[test]
    fn only_negative_ranges_are_marked() {
        for range in ["-5..5", "-1..=0", "-5..=x"] {
            let marked = mark(range.into()).into_string().unwrap();
            assert!(!marked.starts_with('-'));
            assert_eq!(unmark(&marked), range);
        }
        assert_eq!(mark("-0".into()), "--null");
        for other in ["--", "-5", "-j3", "--in-flight", "5..-5", "-", "", "--5..5"] {
            assert_eq!(mark(other.into()), other);
        }
    }
}
