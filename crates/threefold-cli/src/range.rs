//! RANGE: integers in Rust syntax, `1..=1000000`, `-5..5`, `0..=250_000`.
//!
//! Both bounds are `i64`, and both must be given. A range whose end is below its start is empty, not an error.

use std::num::IntErrorKind;
use std::ops::{Range, RangeInclusive};

use crate::escape;

/// What can be written instead.
const EXAMPLES: &str = "for example 1..=1000000, or -5..5, which excludes 5";

/// The range that `text` stands for. An empty one has its end below its start.
///
/// # Errors
///
/// What is wrong with `text`, and an example.
pub(crate) fn parse(text: &str) -> Result<RangeInclusive<i64>, String> {
    let (start, end, inclusive) = match (text.split_once("..="), text.split_once("..")) {
        (Some((start, end)), _) => (start, end, true),
        (None, Some((start, end))) => (start, end, false),
        (None, None) => return Err(format!("a RANGE needs `..` or `..=` between its bounds, {EXAMPLES}")),
    };
    let (start, end) = (bound(start, "start")?, bound(end, "end")?);
    Ok(match (inclusive, end.checked_sub(1)) {
        (true, _) => start..=end,
        (false, Some(last)) => start..=last,
        // No integer is below the smallest one: the range is empty, and begins where it was told to, if that is possible.
        (false, None) => {
            let start = start.max(i64::MIN + 1);
            start..=start - 1
        }
    })
}

fn bound(text: &str, which: &str) -> Result<i64, String> {
    let text = text.trim();
    match text {
        "" => return Err(format!("the {which} of the RANGE is missing; write {EXAMPLES}")),
        "i64::MIN" => return Ok(i64::MIN),
        "i64::MAX" => return Ok(i64::MAX),
        _ => {}
    }
    // Typeset pages have the minus sign of Unicode.
    let (minus, digits) = match text.strip_prefix(['-', '\u{2212}']) {
        Some(digits) => ("-", digits),
        None => ("", text),
    };
    let starts_with_digit = digits.starts_with(|first: char| first.is_ascii_digit());
    let plain = if starts_with_digit { digits.replace('_', "") } else { String::new() };
    format!("{minus}{plain}").parse().map_err(|error: std::num::ParseIntError| match error.kind() {
        IntErrorKind::PosOverflow | IntErrorKind::NegOverflow => {
            format!("the {which} `{}` does not fit: bounds are from {} to {}", escape::line(text), i64::MIN, i64::MAX)
        }
        _ => format!("the {which} `{}` is not an integer; write {EXAMPLES}", escape::line(text)),
    })
}

/// `range` as indices, of which none may be negative.
pub(crate) fn indices(range: &RangeInclusive<i64>) -> Range<usize> {
    if range.is_empty() { 0..0 } else { *range.start() as usize..*range.end() as usize + 1 }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use threefold::Source;

    use super::parse;

    #[test]
    fn ranges_are_written_as_in_rust() {
        assert_eq!(parse("1..=1000000"), Ok(1..=1_000_000));
        assert_eq!(parse("-5..5"), Ok(-5..=4));
        assert_eq!(parse("0..=250_000"), Ok(0..=250_000));
        assert_eq!(parse(" 1 ..= 2 "), Ok(1..=2));
        assert_eq!(parse("-9223372036854775808..=9223372036854775807"), Ok(i64::MIN..=i64::MAX));
        assert_eq!(parse("i64::MIN..=i64::MAX"), Ok(i64::MIN..=i64::MAX));
        assert_eq!(parse("\u{2212}5..=\u{2212}1"), Ok(-5..=-1));
    }

    #[test]
    fn a_range_whose_end_is_below_its_start_is_empty() {
        for empty in ["5..-5", "5..=-5", "7..7", "i64::MIN..i64::MIN", "i64::MAX..=i64::MIN"] {
            assert_eq!(parse(empty).map(|range| range.item_count()), Ok(0), "{empty}");
        }
        assert_eq!(parse("9..-9223372036854775808").map(|range| range.into_inner()), Ok((9, 8)));
    }

    #[test]
    fn what_is_not_a_range_is_refused_with_an_example() {
        let refusals: String = [
            "",
            "7",
            "1-5",
            "..",
            "1..",
            "..=5",
            "1...5",
            "1..=x",
            "+1..5",
            "_1..5",
            "0..=9223372036854775808",
            "--5..5",
            "1.5..2",
        ]
        .map(|text| format!("{text:?}: {}\n", parse(text).unwrap_err()))
        .concat();
        insta::assert_snapshot!(refusals);
    }

    proptest! {
        #[test]
        fn what_rust_prints_is_read_back(start: i64, end: i64) {
            prop_assert_eq!(parse(&format!("{:?}", start..=end)), Ok(start..=end));
            let half_open = parse(&format!("{:?}", start..end)).unwrap();
            prop_assert_eq!(half_open.item_count(), (i128::from(end) - i128::from(start)).max(0).unsigned_abs());
            prop_assert!(half_open.is_empty() || (*half_open.start(), *half_open.end() + 1) == (start, end));
        }

        #[test]
        fn underscores_between_digits_change_nothing(start: i64, at in 0usize..18) {
            let mut digits = start.unsigned_abs().to_string();
            digits.insert(1 + at.min(digits.len() - 1), '_');
            let minus = if start < 0 { "-" } else { "" };
            prop_assert_eq!(parse(&format!("{minus}{digits}..=0")), Ok(start..=0));
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in ".*") {
            let _ = parse(&text);
        }
    }
}
