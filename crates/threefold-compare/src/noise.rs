//! `Noise`: what the reference differs from itself.

use serde::{Deserialize, Serialize};

use crate::stats::{self, Estimate};

/// What the reference differs from itself: in every round it runs twice.
///
/// The two runs are of the same model on the same executor, so that only the machine makes a difference between them. A
/// difference between two models that is no larger is not reported.
///
/// ```
#[doc = include_str!("doc/measured.md")]
/// if let Some(noise) = &comparison.noise {
///     println!("differences below {:.1}% cannot be shown in these rounds", noise.smallest * 100.0);
/// }
/// # Ok::<(), threefold_compare::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Noise {
    /// The duration of the first run divided by that of the second, from the ratios within the rounds.
    pub ratio: Estimate,
    /// The smallest difference, as a share, that could be shown in these rounds. 0.015 stands for 1.5%.
    pub smallest: f64,
}

impl Noise {
    /// From both runs of each round, where differences are shown at this level of error. `None` for fewer rounds than
    /// [`FEWEST`](stats::FEWEST).
    pub(crate) fn of(first: &[f64], second: &[f64], level: f64) -> Option<Self> {
        let ratio = stats::speedup(first, second)?;
        let widest = stats::ratio(first, second, level / 2.0)?.interval;
        let smallest = widest.high.max(1.0 / widest.low) - 1.0;
        Some(Self { ratio, smallest: smallest.max(0.0) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_shown_is_what_the_reference_differs_from_itself() {
        let first = [1.0, 1.02, 0.99, 1.01, 1.0, 0.98, 1.02, 1.0, 1.01, 0.99];
        let noise = Noise::of(&first, &[1.0; 10], 0.05).unwrap();
        assert!((0.005..0.03).contains(&noise.smallest), "{noise:?}");
        assert!(noise.ratio.interval.contains(1.0));
        assert_eq!(Noise::of(&first[..6], &[1.0; 6], 0.05), None);
        let same = Noise::of(&[2.0; 8], &[2.0; 8], 0.05).unwrap();
        assert_eq!(same.smallest, 0.0);
    }
}
