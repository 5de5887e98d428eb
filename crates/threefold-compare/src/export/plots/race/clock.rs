//! `Clock`: how fast a race is shown.

use crate::text;

/// A race is shown for this many seconds at least, and for at most 2.5 times as many.
const SHORTEST_S: f64 = 3.2;

/// The finished race stays for this many seconds, before it is shown again.
const REST_S: f64 = 4.0;

/// One clock for all contenders. It runs slower or faster than the folds did, so that a race of microseconds and one of
/// minutes can be watched.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Clock {
    /// The duration of the slowest fold.
    whole_s: f64,
    /// How many seconds are shown for a second of the fold: 1, 2 or 5 times a power of ten.
    slower: f64,
}

impl Clock {
    /// The clock of a race that takes so long. It takes more than 0 seconds.
    pub(super) fn of(whole_s: f64) -> Self {
        let power = 10f64.powf((SHORTEST_S / whole_s).log10().floor());
        let factor = [1.0, 2.0, 5.0, 10.0].into_iter().find(|factor| factor * power * whole_s >= SHORTEST_S * 0.999);
        Self { whole_s, slower: factor.unwrap_or(10.0) * power }
    }

    /// How long the race is shown, in seconds, without the rest.
    pub(super) fn shown_s(self) -> f64 {
        self.whole_s * self.slower
    }

    /// From one beginning to the next, in seconds.
    pub(super) fn cycle_s(self) -> f64 {
        self.shown_s() + REST_S
    }

    /// When a moment of the fold is shown, in percent of the cycle.
    pub(super) fn percent(self, seconds: f64) -> f64 {
        100.0 * seconds.min(self.whole_s) * self.slower / self.cycle_s()
    }

    /// The speed in words: `10 times slower than it ran`.
    pub(super) fn speed(self) -> String {
        match self.slower {
            slower if slower > 1.5 => format!("{} times slower than it ran", text::thousands(slower.round() as u128)),
            slower if slower < 0.7 => {
                format!("{} times faster than it ran", text::thousands((1.0 / slower).round() as u128))
            }
            _ => "as fast as it ran".to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_race_is_shown_for_three_to_eight_seconds() {
        for exponent in -13..9 {
            for factor in [1.0, 1.3, 1.61, 2.0, 3.19, 3.21, 5.0, 7.7, 9.99] {
                let clock = Clock::of(factor * 10f64.powi(exponent));
                assert!((3.1..8.1).contains(&clock.shown_s()), "{clock:?}: {} s", clock.shown_s());
            }
        }
    }

    #[test]
    fn the_speed_is_a_round_number() {
        let speeds = [200e-6, 0.335, 1.0, 5.0, 20.0, 3600.0].map(|whole_s| Clock::of(whole_s).speed());
        let expected = [
            "20,000 times slower than it ran",
            "10 times slower than it ran",
            "5 times slower than it ran",
            "as fast as it ran",
            "5 times faster than it ran",
            "1,000 times faster than it ran",
        ];
        assert_eq!(speeds, expected);
    }
}
