//! Formats figures for people: three digits and a unit.

use serde::{Deserialize, Serialize};

/// What a figure counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// Seconds.
    Seconds,
    /// Bytes of memory.
    Bytes,
    /// A share of something, without a unit.
    Share,
}

impl Unit {
    /// `figure` in this unit, with three digits.
    pub fn show(self, figure: f64) -> String {
        let (value, unit) = match (self, figure.abs()) {
            (Unit::Share, _) => return format!("{figure:.2}"),
            (Unit::Bytes, b) if b < 1024.0 * 1024.0 => (figure / 1024.0, "KiB"),
            (Unit::Bytes, _) => (figure / 1024.0 / 1024.0, "MiB"),
            (Unit::Seconds, s) if s < 1e-6 => (figure * 1e9, "ns"),
            (Unit::Seconds, s) if s < 1e-3 => (figure * 1e6, "us"),
            (Unit::Seconds, s) if s < 1.0 => (figure * 1e3, "ms"),
            (Unit::Seconds, _) => (figure, "s"),
        };
        let digits = if value < 10.0 { 2 } else { usize::from(value < 100.0) };
        format!("{value:.digits$} {unit}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_three_digits_and_a_unit() {
        let seconds = [0.0, 2.5e-9, 40.04e-6, 0.3e-3, 0.19, 2.0].map(|s| Unit::Seconds.show(s));
        assert_eq!(seconds, ["0.00 ns", "2.50 ns", "40.0 us", "300 us", "190 ms", "2.00 s"]);
        assert_eq!([512.0 * 1024.0, 3.0 * 1024.0 * 1024.0].map(|b| Unit::Bytes.show(b)), ["512 KiB", "3.00 MiB"]);
        assert_eq!(Unit::Share.show(0.055), "0.06");
    }
}
