//! Numbers and lists as people read them: two or three digits, and a unit.
//!
//! Rounding never contradicts an interval that is shown beside a number: a ratio is written with so many digits that it
//! lies within its interval, and the ends of an interval are rounded outwards.

use std::fmt::{self, Write};

use crate::stats::{Estimate, Interval};

/// Values are shown up to this many characters.
const SHOWN: usize = 200;

/// The units of short durations, and how many seconds each is.
const UNITS: [(f64, &str); 4] = [(1e-9, "ns"), (1e-6, "us"), (1e-3, "ms"), (1.0, "s")];

/// Durations from so many seconds on are written in minutes.
const MINUTES_S: f64 = 119.5;

/// A duration in seconds, with three digits: `850 ns`, `1.25 us`, `3.1 ms`, `2.5 s`, `4 min 10 s`.
pub(crate) fn seconds(seconds: f64) -> String {
    in_units(seconds, digits)
}

/// A duration in seconds, with two digits: `850 ns`, `1.3 us`, `31 ms`.
pub(crate) fn short_seconds(seconds: f64) -> String {
    in_units(seconds, |number| trimmed(&format!("{number:.*}", usize::from(number < 9.95))))
}

/// A duration in the largest unit of which there is at least one, after rounding.
fn in_units(seconds: f64, digits: fn(f64) -> String) -> String {
    if seconds >= MINUTES_S {
        let whole = seconds.round();
        return format!("{:.0} min {:.0} s", (whole / 60.0).floor(), whole % 60.0);
    }
    if seconds <= 0.0 {
        return "0 s".to_string();
    }
    let (unit, name) = unit_of(seconds);
    format!("{} {name}", digits(seconds / unit))
}

fn unit_of(seconds: f64) -> (f64, &'static str) {
    UNITS.into_iter().rev().find(|(unit, _)| seconds / unit >= 0.9995).unwrap_or(UNITS[0])
}

/// Both ends of an interval of seconds, rounded outwards: `36.7 .. 47.2 us`, `850 us .. 1.2 ms`.
pub(crate) fn seconds_between(low: f64, high: f64) -> String {
    if high >= MINUTES_S {
        return format!("{} .. {}", seconds(low), seconds(high.ceil()));
    }
    let ((low_unit, low_name), (high_unit, high_name)) = (unit_of(low), unit_of(high));
    // Numbers that need no rounding are to stay as they are, although a division may have made them larger.
    let rounded = |number: f64, round: fn(f64) -> f64| {
        let places = 10f64.powi(places(number) as i32);
        let exact = (number * places).round();
        let rounded = if (number * places - exact).abs() < 1e-6 { exact } else { round(number * places) };
        digits(rounded / places)
    };
    let high = rounded(high / high_unit, f64::ceil);
    match rounded(low / low_unit, f64::floor) {
        low if low_name == high_name => format!("{low} .. {high} {high_name}"),
        low => format!("{low} {low_name} .. {high} {high_name}"),
    }
}

/// How many decimal places a number of three digits has.
fn places(number: f64) -> usize {
    match number.abs() {
        n if n >= 99.95 => 0,
        n if n >= 9.995 => 1,
        _ => 2,
    }
}

/// At most three digits: `0.04`, `1.25`, `31.2`, `850`.
pub(crate) fn digits(number: f64) -> String {
    trimmed(&format!("{number:.*}", places(number)))
}

/// Without zeros at the end of its decimal places.
fn trimmed(number: &str) -> String {
    if number.contains('.') { number.trim_end_matches('0').trim_end_matches('.') } else { number }.to_string()
}

/// A ratio: `0.50x`, `1.9x`, `12x`.
pub(crate) fn times(ratio: f64) -> String {
    format!("{ratio:.*}x", places_of_times(ratio))
}

/// A ratio with two decimal places: `0.50x`, `1.94x`, `12.3x`, `123x`.
pub(crate) fn long_times(ratio: f64) -> String {
    format!("{ratio:.*}x", places_of_long_times(ratio))
}

/// A ratio with as many digits as [`times`], or so many more that it lies within its interval: 1.05 between 1.04 and
/// 1.06 is `1.05x`, not `1.1x`.
pub(crate) fn times_within(ratio: &Estimate) -> String {
    within(ratio, places_of_times(ratio.value))
}

/// A ratio with as many digits as [`long_times`], or so many more that it lies within its interval.
pub(crate) fn long_times_within(ratio: &Estimate) -> String {
    within(ratio, places_of_long_times(ratio.value))
}

fn within(ratio: &Estimate, fewest: usize) -> String {
    let Estimate { value, interval } = ratio;
    let written = |places: usize| format!("{value:.places$}");
    // A difference must not be rounded away either.
    let is_equal = |ratio: f64| (ratio - 1.0).abs() < 0.005;
    let is_right = |rounded: f64| interval.contains(rounded) && is_equal(rounded) == is_equal(*value);
    // Three digits are enough, unless the ratio is close to 1.
    let most = places_of_long_times(*value);
    let is_enough = |places: &usize| {
        let rounded: f64 = written(*places).parse().unwrap_or(*value);
        is_right(rounded) || *places >= most && (value - 1.0).abs() > 0.01
    };
    (fewest..most + 4).find(is_enough).map_or_else(|| written(most + 4), written) + "x"
}

fn places_of_times(ratio: f64) -> usize {
    match ratio {
        r if r >= 9.95 => 0,
        r if r >= 0.995 => 1,
        r => places_of_long_times(r),
    }
}

/// The decimal places of three digits, or so many that a small ratio does not become 0.
fn places_of_long_times(ratio: f64) -> usize {
    if ratio > 0.0 && ratio < 0.005 { (-ratio.log10()).ceil() as usize } else { places(ratio) }
}

/// Both ends of an interval of ratios, rounded outwards: `0.71x to 1.63x`.
pub(crate) fn times_between(Interval { low, high }: Interval) -> String {
    let places = places_of_long_times(high.min(1.0));
    let scale = 10f64.powi(places as i32);
    format!("{:.places$}x to {:.places$}x", (low * scale).floor() / scale, (high * scale).ceil() / scale)
}

/// A count with a comma between thousands: `3,000,000`.
pub(crate) fn thousands(count: u128) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// An estimated count, rounded to two digits: `1`, `850`, `40,000`, `40 million`, `1.2 billion`.
pub(crate) fn about(count: f64) -> String {
    let magnitude = 10f64.powf(count.max(1.0).log10().floor() - 1.0);
    let rounded = if magnitude >= 1.0 { (count / magnitude).round() * magnitude } else { count.max(1.0).round() };
    match rounded {
        n if n >= 1e15 => format!("{n:.1e}"),
        n if n >= 1e12 => format!("{} trillion", digits(n / 1e12)),
        n if n >= 1e9 => format!("{} billion", digits(n / 1e9)),
        n if n >= 1e6 => format!("{} million", digits(n / 1e6)),
        n => thousands(n as u128),
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

/// A share from 0 to 1: `97%`, `1.5%`, `0.04%`. Only 0 is `0%`, and only 1 is `100%`.
pub(crate) fn percent(share: f64) -> String {
    let percent = share * 100.0;
    let places = match percent.abs() {
        p if p >= 9.95 || p == 0.0 => 0,
        p if p >= 0.095 => 1,
        _ => 2,
    };
    match trimmed(&format!("{percent:.places$}")) {
        rounded if rounded == "100" && percent < 100.0 => "over 99%".to_string(),
        rounded if rounded == "0" && percent > 0.0 => "under 0.01%".to_string(),
        rounded => rounded + "%",
    }
}

/// A difference, as a share: `1.5%`, or `a factor of 3` from 100% on.
pub(crate) fn below(share: f64) -> String {
    if share < 1.0 { percent(share) } else { format!("a factor of {:.0}", (1.0 + share).ceil()) }
}

/// A count of items, which the user calls `unit` in the plural: `3 boxes`. English has too many plurals for the singular to
/// be derived from it (boxes, buses, series), so one of them is what all are called here: `1 item`.
pub(crate) fn items(count: u128, unit: &str) -> String {
    if count == 1 { "1 item".to_string() } else { format!("{} {unit}", thousands(count)) }
}

/// A count with its noun: `1 chunk`, `4 chunks`, `4,096 chunks`.
pub(crate) fn count(count: u64, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{} {noun}s", thousands(count.into())) }
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
    fn counts_have_a_comma_between_thousands_and_estimates_have_two_digits() {
        assert_eq!([0, 999, 1000, 3_000_000].map(thousands), ["0", "999", "1,000", "3,000,000"]);
        assert_eq!(thousands(u128::MAX), "340,282,366,920,938,463,463,374,607,431,768,211,455");
        let texts = [0.2, 7.0, 849.0, 4_321.0, 43_210.0, 39_800_000.0, 1.234e9, 5e12].map(about);
        assert_eq!(texts, ["1", "7", "850", "4,300", "43,000", "40 million", "1.2 billion", "5 trillion"]);
    }

    #[test]
    fn what_the_user_calls_items_is_never_inflected() {
        let of = |unit| [0, 1, 2000].map(|count| items(count, unit));
        assert_eq!(of("boxes"), ["0 boxes", "1 item", "2,000 boxes"]);
        assert_eq!(of("series"), ["0 series", "1 item", "2,000 series"]);
    }

    #[test]
    fn a_rounded_ratio_lies_within_its_interval() {
        let within = |value, low, high| {
            let ratio = Estimate { value, interval: Interval { low, high } };
            (times_within(&ratio), long_times_within(&ratio))
        };
        assert_eq!(within(1.05, 1.04, 1.06), ("1.05x".into(), "1.05x".into()));
        assert_eq!(within(1.97, 1.94, 1.99), ("1.97x".into(), "1.97x".into()));
        assert_eq!(within(1.94, 1.88, 1.99), ("1.9x".into(), "1.94x".into()));
        assert_eq!(within(0.9962, 0.9941, 0.9979), ("0.996x".into(), "0.996x".into()));
        assert_eq!(within(29.6, 29.2, 29.9), ("29.6x".into(), "29.6x".into()));
        assert_eq!(within(123.4, 99.0, 140.0), ("123x".into(), "123x".into()));
        assert_eq!(within(0.3842, 0.3835, 0.3849), ("0.38x".into(), "0.38x".into()));
        assert_eq!(within(1.0006, 1.0005, 1.0007), ("1.0006x".into(), "1.0006x".into()));
        assert_eq!(within(1.03, 0.97, 1.2), ("1.03x".into(), "1.03x".into()));
        assert_eq!(within(1.004, 0.9, 1.2), ("1.0x".into(), "1.00x".into()));
        assert_eq!(within(0.00321, 0.0030, 0.0034), ("0.003x".into(), "0.003x".into()));
        assert_eq!(within(3e-8, 2.9e-8, 3.1e-8), ("0.00000003x".into(), "0.00000003x".into()));
    }

    #[test]
    fn the_ends_of_an_interval_are_rounded_outwards() {
        assert_eq!(seconds_between(0.33449, 0.33822), "334 .. 339 ms");
        assert_eq!(seconds_between(31e-6, 42e-6), "31 .. 42 us");
        assert_eq!(seconds_between(8.5e-4, 1.2e-3), "850 us .. 1.2 ms");
        assert_eq!(seconds_between(100.0, 250.3), "100 s .. 4 min 11 s");
        assert_eq!(times_between(Interval { low: 0.713, high: 1.631 }), "0.71x to 1.64x");
        assert_eq!(times_between(Interval { low: 0.0012, high: 0.0041 }), "0.001x to 0.005x");
    }

    #[test]
    fn other_numbers_and_lists_are_short_as_well() {
        assert_eq!([0.04, 1.25, 31.23, 850.2].map(digits), ["0.04", "1.25", "31.2", "850"]);
        assert_eq!([0.5, 1.94, 12.3].map(times), ["0.50x", "1.9x", "12x"]);
        assert_eq!([0.0, 0.0049, 0.00032, 2e-7].map(times), ["0.00x", "0.005x", "0.0003x", "0.0000002x"]);
        assert_eq!([0.0049, 0.00032].map(long_times), ["0.005x", "0.0003x"]);
        assert_eq!([0.5, 1.938, 12.3, 123.4].map(long_times), ["0.50x", "1.94x", "12.3x", "123x"]);
        assert_eq!([2.34e-3, 1.85e-4, 7e-6, 0.0].map(short_seconds), ["2.3 ms", "185 us", "7 us", "0 s"]);
        assert_eq!([0, 512, 1536, 64 << 20].map(bytes), ["0 B", "512 B", "1.5 KiB", "64 MiB"]);
        let shares = [0.0, 0.00001, 0.0006, 0.015, 0.124, 0.999, 1.0].map(percent);
        assert_eq!(shares, ["0%", "under 0.01%", "0.06%", "1.5%", "12%", "over 99%", "100%"]);
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
