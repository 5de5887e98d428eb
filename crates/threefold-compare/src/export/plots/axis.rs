//! `Axis`: seconds from 0 to a maximum, across the width of a picture.

use maud::{Markup, html};

use super::{LINE, SOFT, percent, words};
use crate::text;

/// The height of the numbers below a picture.
pub(super) const AXIS: u32 = 24;

/// A label beyond this share of the width ends at its line, so that it is not cut off.
const NEAR_THE_END: f64 = 0.93;

/// Seconds from 0 to a maximum, across the width of a picture.
#[derive(Clone, Copy)]
pub(super) struct Axis {
    most_s: f64,
}

impl Axis {
    pub(super) fn to(most_s: f64) -> Self {
        Self { most_s: if most_s > 0.0 { most_s } else { 1.0 } }
    }

    /// The place of a moment, or the length of a duration, as a share of the width.
    pub(super) fn share(self, seconds: f64) -> f64 {
        (seconds / self.most_s).clamp(0.0, 1.0)
    }

    /// Lines at round numbers of seconds down to `bottom`, with the numbers below.
    pub(super) fn grid(self, bottom: u32) -> Markup {
        let lines = (0..=self.steps()).map(|step| self.step() * step as f64);
        html! {
            @for seconds in lines {
                @let x = self.share(seconds);
                @let anchor = if seconds == 0.0 { "start" } else if x > NEAR_THE_END { "end" } else { "middle" };
                line x1=(percent(x)) x2=(percent(x)) y1="0" y2=(bottom) stroke=(LINE.light) {}
                (words(x, bottom + 17, anchor, SOFT, &text::seconds(seconds)))
            }
        }
    }

    /// The distance between two lines: 1, 2 or 5 times a power of ten, so that there are two to five lines beside that at
    /// 0. More numbers do not fit the width of a phone.
    fn step(self) -> f64 {
        let rough = self.most_s / 5.0;
        let power = 10f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].into_iter().find(|step| step * power >= rough * 0.999);
        step.unwrap_or(10.0) * power
    }

    fn steps(self) -> usize {
        // At most five, whatever rounding does to extreme numbers.
        ((self.most_s / self.step() + 1e-9) as usize).min(5)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_of_any_length_has_two_to_five_steps() {
        for exponent in -130..90 {
            for factor in [1.0, 1.3, 2.0, 3.35, 4.99, 7.0, 9.99] {
                let axis = Axis::to(factor * 10f64.powi(exponent) / 1e3);
                assert!((2..=5).contains(&axis.steps()), "{} steps to {}", axis.steps(), axis.most_s);
            }
        }
    }
}
