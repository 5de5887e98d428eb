//! `Decimal`: a decimal number of any size, exactly.
//!
//! It is an integer of any size divided by a power of ten. A sum keeps as many decimal places as the longest of its
//! parts, so no digit is ever lost or made up.

use std::cmp::Ordering;
use std::fmt;

use dashu_int::IBig;
use dashu_int::ops::UnsignedAbs;
use serde::{Deserialize, Serialize};

/// The largest power of ten that an exponent may name. `1e999999999` is three characters more than `1e9`, and would fill
/// the memory.
const LARGEST_EXPONENT: u32 = 10_000;

/// `digits` divided by 10 to the power of `places`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Decimal {
    digits: IBig,
    places: u32,
}

impl Decimal {
    /// The number in `text`: `-12`, `+3.50`, `.5`, `1e6`. `None` if it is anything else, also for `inf`, `NaN` and
    /// hexadecimal numbers.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            None => (text, 0),
            Some((mantissa, exponent)) => (mantissa, parse_exponent(exponent)?),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let unsigned = whole.strip_prefix(['-', '+']).unwrap_or(whole);
        let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if !are_digits(unsigned) || !are_digits(fraction) || unsigned.len() + fraction.len() == 0 {
            return None;
        }
        let sign = if whole.starts_with('-') { "-" } else { "" };
        let digits: IBig = format!("{sign}{unsigned}{fraction}").parse().ok()?;
        let places = i64::try_from(fraction.len()).ok()? - i64::from(exponent);
        Some(match u32::try_from(places) {
            Ok(places) => Self { digits, places },
            Err(_) => Self { digits: digits * power_of_ten(u32::try_from(-places).ok()?), places: 0 },
        })
    }

    /// The digits with so many places, of which there are at least as many as now.
    fn with_places(&self, places: u32) -> IBig {
        if places == self.places { self.digits.clone() } else { &self.digits * power_of_ten(places - self.places) }
    }

    /// The sum of both.
    pub(super) fn plus(self, other: &Self) -> Self {
        let places = self.places.max(other.places);
        let digits = match self.places == places {
            true => self.digits + other.with_places(places),
            false => self.with_places(places) + &other.digits,
        };
        Self { digits, places }
    }
}

fn parse_exponent(text: &str) -> Option<i32> {
    let exponent: i32 = text.parse().ok()?;
    (exponent.unsigned_abs() <= LARGEST_EXPONENT).then_some(exponent)
}

fn power_of_ten(exponent: u32) -> IBig {
    IBig::from(10).pow(exponent as usize)
}

impl PartialEq for Decimal {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Decimal {}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// By value: 1.50 equals 1.5.
impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        let places = self.places.max(other.places);
        self.with_places(places).cmp(&other.with_places(places))
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.digits < IBig::ZERO { "-" } else { "" };
        let digits = (&self.digits).unsigned_abs().to_string();
        let places = self.places as usize;
        if places == 0 {
            return write!(f, "{sign}{digits}");
        }
        // At least one digit before the point.
        let digits = format!("{digits:0>width$}", width = places + 1);
        let (whole, fraction) = digits.split_at(digits.len() - places);
        write!(f, "{sign}{whole}.{fraction}")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Decimal;

    fn decimal(text: &str) -> Decimal {
        Decimal::parse(text).unwrap_or_else(|| panic!("{text} is a number"))
    }

    #[test]
    fn numbers_are_read_as_programs_write_them() {
        for (text, shown) in [
            ("0", "0"),
            ("-12", "-12"),
            ("+3.50", "3.50"),
            (".5", "0.5"),
            ("7.", "7"),
            ("1e6", "1000000"),
            ("1.25E-3", "0.00125"),
            ("-0.0", "0.0"),
            ("1.5e+1", "15"),
            ("007", "7"),
        ] {
            assert_eq!(decimal(text).to_string(), shown, "{text}");
        }
    }

    #[test]
    fn what_is_no_number_is_none() {
        for text in [
            "",
            "-",
            ".",
            "e5",
            "1e",
            "0x10",
            "inf",
            "NaN",
            "1 2",
            "1_000",
            "--1",
            "1.2.3",
            "1e10001",
            "1e99999999999",
            "١",
        ] {
            assert_eq!(Decimal::parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_float_trap_is_avoided_and_size_is_no_limit() {
        assert_eq!(decimal("0.1").plus(&decimal("0.2")).to_string(), "0.3");
        let large = decimal("9".repeat(300).as_str()).plus(&decimal("0.001"));
        assert_eq!(large.to_string(), format!("{}.001", "9".repeat(300)));
    }

    proptest! {
        #[test]
        fn sums_and_orders_are_those_of_integers(a in -1_000_000_000i64..1_000_000_000, b in -1_000_000_000i64..1_000_000_000, places in 0usize..6) {
            let text = |n: i64| format!("{n}e-{places}");
            let (one, other) = (decimal(&text(a)), decimal(&text(b)));
            prop_assert_eq!(one.cmp(&other), a.cmp(&b));
            prop_assert_eq!(one.plus(&other), decimal(&text(a + b)));
        }

        #[test]
        fn what_is_shown_is_read_back(text in "-?[0-9]{1,30}(\\.[0-9]{1,30})?") {
            let number = decimal(&text);
            prop_assert_eq!(decimal(&number.to_string()), number);
        }

        #[test]
        fn no_text_is_a_panic(text: String) {
            let _ = Decimal::parse(&text);
        }
    }
}
