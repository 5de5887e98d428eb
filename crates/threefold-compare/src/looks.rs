//! `Looks`: when to stop running rounds, so that looking several times does not raise the chance of error.
//!
//! The runs are looked at after 7, 10, 15, 22, 33 rounds and so on, half as many more each time. Each look may spend a
//! quarter of the error that is left: 1.25%, 0.94%, 0.70% .. of 5%. Whatever look ends the comparison, its differences are
//! judged with what it may spend, so that over all looks the error stays within 5%: the sum of the parts bounds it, whatever
//! the runs depend on. If the time is spent between two looks, the last one may spend all that is left. Spending more at the
//! beginning lets a large difference end a comparison early (Lan and DeMets, *Discrete Sequential Boundaries for Clinical
//! Trials*, Biometrika 70, 1983).

use rand::rngs::SmallRng;

use crate::noise::Noise;
use crate::row::{Difference, difference};
use crate::stats::{self, Interval};

/// The share of the error that is left which a look may spend.
const SPENT: f64 = 0.25;

/// Two contenders are as good as equal if the interval of their ratio reaches at most this far to either side of 1.
const AS_GOOD_AS_EQUAL: f64 = 0.05;

/// Medians are known well when their intervals reach at most this share of the median to either side, and well enough to be
/// shown at four times this share.
const PRECISION: f64 = 0.02;
const ROUGH: f64 = 0.08;

/// What is looked at: the runs of each contender, and the second run of the reference in each round.
#[derive(Clone, Copy)]
pub(crate) struct Seen<'a> {
    pub(crate) runs: &'a [&'a [f64]],
    pub(crate) again: &'a [f64],
    pub(crate) reference: usize,
    pub(crate) least_worthwhile: f64,
}

/// How often the runs were looked at.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Looks {
    taken: i32,
}

impl Looks {
    /// The error that is left for the last look.
    pub(crate) fn error_left(&self) -> f64 {
        stats::ERROR * (1.0 - SPENT).powi(self.taken)
    }

    /// Looks, if it is time for it. Returns the error that the differences may have if the comparison can end now.
    pub(crate) fn look(&mut self, seen: Seen<'_>, random: &mut SmallRng) -> Option<f64> {
        let rounds = seen.runs.first().map_or(0, |runs| runs.len());
        if !stats::is_checkpoint(rounds) {
            return None;
        }
        let error = self.error_left() * SPENT;
        self.taken += 1;
        let is_enough = seen.is_certain(error) && stats::enough(seen.runs, ROUGH, random)
            || stats::enough(seen.runs, PRECISION, random);
        is_enough.then_some(error)
    }
}

impl Seen<'_> {
    /// What the reference differs from itself, and the smallest difference that is called one.
    pub(crate) fn floor(&self, level: f64) -> (Option<Noise>, f64) {
        let own = self.runs[self.reference];
        // A round that was cancelled has one of the two runs only; cold runs that count as rounds have none.
        let rounds = own.len().min(self.again.len());
        let noise = Noise::of(&own[..rounds], &self.again[..rounds], level);
        (noise, noise.map_or(0.0, |noise| noise.smallest).max(self.least_worthwhile))
    }

    /// Whether the reference and the fastest contender are each told apart from all others, or shown to be as good as equal.
    fn is_certain(&self, error: f64) -> bool {
        let level = stats::level(self.runs, error);
        let (_, smallest) = self.floor(level);
        let median = |index: usize| stats::median(self.runs[index]);
        let fastest = (0..self.runs.len()).min_by(|&one, &other| median(one).total_cmp(&median(other)));
        let pairs = [Some(self.reference), fastest].into_iter().flatten();
        pairs.flat_map(|one| (0..self.runs.len()).map(move |other| (one, other))).all(|(one, other)| {
            let (one, other) = (self.runs[one], self.runs[other]);
            let is_told_apart =
                matches!(difference(one, other, level, smallest), Difference::Faster | Difference::Slower);
            is_told_apart || are_as_good_as_equal(one, other, error)
        })
    }
}

fn are_as_good_as_equal(one: &[f64], other: &[f64], error: f64) -> bool {
    stats::ratio(one, other, error / 2.0).is_some_and(|ratio| {
        let Interval { low, high } = ratio.interval;
        low >= 1.0 / (1.0 + AS_GOOD_AS_EQUAL) && high <= 1.0 + AS_GOOD_AS_EQUAL
    })
}

#[cfg(test)]
mod tests;
