//! Numbers and lists as people read them: three digits, and a unit.

use std::fmt::{self, Write};

/// Values are shown up to this many characters.
const SHOWN: usize = 200;

/// A duration in seconds: `850 ns`, `1.25 us`, `3.1 ms`, `2.5 s`, `4 min 10 s`.
pub(crate) fn seconds(seconds: f64) -> String {
    const UNITS: [(f64, &str); 4] = [(1e-9, "ns"), (1e-6, "us"), (1e-3, "ms"), (1.0, "s")];
    if seconds >= 119.5 {
        let whole = seconds.round();
        return format!("{:.0} min {:.0} s", (whole / 60.0).floor(), whole % 60.0);
    }
    if seconds <= 0.0 {
        return "0 s".to_string();
    }
    // The largest unit of which there is at least one, after rounding.
    let (unit, name) = UNITS.into_iter().rev().find(|(unit, _)| seconds / unit >= 0.9995).unwrap_or(UNITS[0]);
    format!("{} {name}", digits(seconds / unit))
}

/// Both ends of an interval of seconds: `36.7 us to 47.2 us`.
pub(crate) fn seconds_between(low: f64, high: f64) -> String {
    format!("{} to {}", seconds(low), seconds(high))
}

/// At most three digits: `0.04`, `1.25`, `31.2`, `850`.
pub(crate) fn digits(number: f64) -> String {
    let places = match number.abs() {
        n if n >= 99.95 => 0,
        n if n >= 9.995 => 1,
        _ => 2,
    };
    let text = format!("{number:.places$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_string() } else { text }
}

/// A ratio: `0.50x`, `1.9x`, `12x`.
pub(crate) fn times(ratio: f64) -> String {
    match ratio {
        r if r >= 9.95 => format!("{r:.0}x"),
        r if r >= 0.995 => format!("{r:.1}x"),
        r => format!("{r:.2}x"),
    }
}

/// An estimated count, rounded to two digits: `1`, `850`, `40 thousand`, `40 million`, `1.2 billion`.
pub(crate) fn about(count: f64) -> String {
    let magnitude = 10f64.powf(count.max(1.0).log10().floor() - 1.0);
    let rounded = if magnitude >= 1.0 { (count / magnitude).round() * magnitude } else { count.max(1.0).round() };
    match rounded {
        n if n >= 1e15 => format!("{n:.1e}"),
        n if n >= 1e12 => format!("{} trillion", digits(n / 1e12)),
        n if n >= 1e9 => format!("{} billion", digits(n / 1e9)),
        n if n >= 1e6 => format!("{} million", digits(n / 1e6)),
        n if n >= 1e4 => format!("{} thousand", digits(n / 1e3)),
        n => format!("{n:.0}"),
    }
}

/// A size in units of 1024 bytes: `0 B`, `512 B`, `1.5 KiB`, `64 MiB`.
pub(crate) fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut scaled = bytes as f64;
    let mut unit = 0;
    while scaled >= 1023.5 && unit + 1 < UNITS.len() {
        scaled /= 1024.0;
        unit += 1;
    }
    format!("{} {}", digits(scaled), UNITS[unit])
}

/// A share from 0 to 1: `97%`.
pub(crate) fn percent(share: f64) -> String {
    format!("{:.0}%", share * 100.0)
}

/// A count with its noun: `1 chunk`, `4 chunks`.
pub(crate) fn count(count: u64, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

/// A list in words: `a`, `a and b`, `a, b and c`.
pub(crate) fn list(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// The `Debug` text of a value, shortened. No more text is made than is shown, however large the value is.
pub(crate) fn debug<T: fmt::Debug>(value: &T) -> String {
    let mut shortened = Shortened { text: String::new(), left: SHOWN };
    match write!(shortened, "{value:?}") {
        Ok(()) => shortened.text,
        Err(_) => shortened.text + " ..",
    }
}

/// The beginning of a text that is already there.
pub(crate) fn shortened(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{} ..", &text[..end]),
        None => text.to_string(),
    }
}

/// Takes so many characters and refuses more.
struct Shortened {
    text: String,
    left: usize,
}

impl Write for Shortened {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for letter in text.chars() {
            self.left = self.left.checked_sub(1).ok_or(fmt::Error)?;
            self.text.push(letter);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_have_the_unit_that_fits() {
        let texts = [0.0, 8.5e-7, 1.25e-6, 0.0009996, 0.0031, 1.0, 2.54, 119.0, 179.7, 250.0].map(seconds);
        let expected =
            ["0 s", "850 ns", "1.25 us", "1 ms", "3.1 ms", "1 s", "2.54 s", "119 s", "3 min 0 s", "4 min 10 s"];
        assert_eq!(texts, expected);
    }

    #[test]
    fn estimated_counts_have_two_digits() {
        let texts = [0.2, 7.0, 849.0, 43_210.0, 39_800_000.0, 1.234e9, 5e12].map(about);
        assert_eq!(texts, ["1", "7", "850", "43 thousand", "40 million", "1.2 billion", "5 trillion"]);
    }

    #[test]
    fn other_numbers_and_lists_are_short_as_well() {
        assert_eq!([0.04, 1.25, 31.23, 850.2].map(digits), ["0.04", "1.25", "31.2", "850"]);
        assert_eq!([0.5, 1.94, 12.3].map(times), ["0.50x", "1.9x", "12x"]);
        assert_eq!([0, 512, 1536, 64 << 20].map(bytes), ["0 B", "512 B", "1.5 KiB", "64 MiB"]);
        assert_eq!(list(&["a".into(), "b".into(), "c".into()]), "a, b and c");
    }

    #[test]
    fn a_long_value_is_shortened_and_its_whole_text_is_never_made() {
        let text = debug(&vec![7u8; 1 << 20]);
        assert!(text.starts_with("[7, 7, ") && text.ends_with(" ..") && text.len() == SHOWN + 3, "{text}");
        assert_eq!(debug(&[1, 2]), "[1, 2]");
        assert_eq!(shortened(&"é".repeat(201)).chars().count(), SHOWN + 3);
        let mut refuses = Shortened { text: String::new(), left: 1 };
        assert_eq!((refuses.write_str("ab"), refuses.text.as_str()), (Err(fmt::Error), "a"));
    }
}
