//! How errors write their parts: on one line, printable, with units.

use std::borrow::Cow;
use std::time::Duration;

/// The text on one line, with its control characters escaped, so that the message of a task cannot move the cursor.
pub(super) fn one_line(text: &str) -> String {
    let lines: Vec<_> = text.lines().map(str::trim).filter(|line| !line.is_empty()).map(printable).collect();
    lines.join(" ")
}

/// The text with everything escaped that a terminal obeys.
pub(super) fn printable(text: &str) -> Cow<'_, str> {
    if !text.contains(is_hostile) {
        return Cow::Borrowed(text);
    }
    let escaped = text.chars().flat_map(|c| {
        let (escaped, plain) = if is_hostile(c) { (Some(c.escape_default()), None) } else { (None, Some(c)) };
        escaped.into_iter().flatten().chain(plain)
    });
    Cow::Owned(escaped.collect())
}

/// Control characters, the marks and overrides of direction, and the separators of lines and paragraphs.
fn is_hostile(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Ascending numbers; runs of three and more as ranges.
pub(super) fn numbers(numbers: &[u64]) -> String {
    let runs = numbers.chunk_by(|&one, &next| one + 1 == next);
    let texts = runs.flat_map(|run| match run {
        [first, _, .., last] => vec![format!("{first}..={last}")],
        few => few.iter().map(u64::to_string).collect(),
    });
    texts.collect::<Vec<_>>().join(", ")
}

/// A number of bytes for people, in the largest binary unit that is not larger than it.
pub(super) fn size(bytes: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    match UNITS.into_iter().find(|(unit, _)| bytes >= *unit) {
        Some((unit, name)) if bytes.is_multiple_of(unit) => format!("{} {name}", bytes / unit),
        Some((unit, name)) => format!("{:.1} {name}", bytes as f64 / unit as f64),
        None => format!("{bytes} B"),
    }
}

/// A duration for people: `20 ms`, `1.5 s`.
pub(super) fn duration(duration: Duration) -> String {
    let milliseconds = duration.as_secs_f64() * 1e3;
    match milliseconds {
        0.0..1.0 => format!("{} us", duration.as_micros()),
        1.0..1000.0 => format!("{} ms", (milliseconds * 10.0).round() / 10.0),
        _ => format!("{} s", (milliseconds / 100.0).round() / 10.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_escaped_and_all_others_are_kept() {
        assert_eq!(one_line("  one\n\n two\u{1b}[2Jthree\tfour "), "one two\\u{1b}[2Jthree\\tfour");
        assert_eq!(printable("größer ≠ \\n"), "größer ≠ \\n");
        assert_eq!(printable("a\u{202e}b\u{2028}c"), "a\\u{202e}b\\u{2028}c");
        assert_eq!(printable("bell\u{7}, c1 \u{9b}"), "bell\\u{7}, c1 \\u{9b}");
    }

    #[test]
    fn many_numbers_are_short() {
        assert_eq!(numbers(&[1, 2, 5, 6, 7, 9]), "1, 2, 5..=7, 9");
        assert_eq!(numbers(&[]), "");
    }

    #[test]
    fn sizes_and_durations_are_short_and_have_units() {
        let sizes = [0, 1023, 1024, 1536, 512 << 20, (1 << 30) + 1].map(size);
        assert_eq!(sizes, ["0 B", "1023 B", "1 KiB", "1.5 KiB", "512 MiB", "1.0 GiB"]);
        let durations = [7, 1500, 20_000, 1_500_000, 61_000_000].map(|us| duration(Duration::from_micros(us)));
        assert_eq!(durations, ["7 us", "1.5 ms", "20 ms", "1.5 s", "61 s"]);
    }
}
