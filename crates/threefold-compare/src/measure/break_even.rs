//! The sizes from which on the contenders are faster than the reference, found with cold runs of parts of the workload.

use std::time::{Duration, Instant};

use rand::Rng;

use super::Measuring;
use crate::crossing::{Crossing, Search, Sizes, Trial};
use crate::row::{Basis, BreakEven, Cold, Difference, Row};
use crate::stats;

/// The share of the time budget that the search may take, for all contenders together.
const SHARE: f64 = 0.15;

impl Measuring<'_> {
    /// Finds the break-even size of every contender but the reference.
    pub(super) fn find_break_even(&mut self, rows: &mut [Row], chunks: u64) {
        let others = rows.len().saturating_sub(1).max(1);
        let time = self.plan.time_budget.mul_f64(SHARE / others as f64);
        // One chunk cannot be shared.
        for (index, row) in rows.iter_mut().enumerate() {
            if index != self.reference && chunks > 1 && !self.is_cancelled() {
                let found = self.break_even(index, time);
                row.break_even = if contradicts(row, found) { BreakEven::Unknown } else { found };
            }
        }
    }

    /// Searches for so long.
    fn break_even(&mut self, index: usize, time: Duration) -> BreakEven {
        let (whole, grain) = (self.subject.items() as f64, self.subject.grain() as f64);
        let cold = |index: usize| self.contenders[index].cold.iter().map(|cold| cold.total_s).collect::<Vec<_>>();
        let (own, reference) = (cold(index), cold(self.reference));
        let pairs: Vec<(f64, f64)> = own.iter().copied().zip(reference.iter().copied()).collect();
        // A worker more saves about half of the time, so that starting is earned after twice its duration.
        let startup_s = self.contenders[index].cold.iter().map(|cold| cold.startup_s).collect::<Vec<_>>();
        let fold_s = self.contenders[self.reference].cold.iter().map(Cold::fold_s).collect::<Vec<_>>();
        let guess = 2.0 * stats::median(&startup_s) / stats::median(&fold_s) * whole;
        let expected_s = (stats::median(&own) + stats::median(&reference)) / whole;
        let until = Instant::now() + time;
        let mut trial = ColdPairs { measuring: self, index, whole, until, expected_s, is_broken: false };
        let sizes = Sizes { grain: grain.min(whole), whole };
        match Search::new(&mut trial, sizes).with(whole, pairs).find(guess.max(grain)) {
            Crossing::Below { smallest } => BreakEven::Always { smallest },
            Crossing::At { size, low, high } => {
                let basis = if size <= whole { Basis::Measured } else { Basis::Estimated };
                BreakEven::From { items: size, low, high, basis }
            }
            Crossing::Nowhere => BreakEven::Never,
            Crossing::Unknown => BreakEven::Unknown,
        }
    }
}

/// Whether the contender would gain at every size, which the rounds do not show for that of the workload.
fn contradicts(row: &Row, found: BreakEven) -> bool {
    let may_gain = matches!(row.difference, Difference::Faster | Difference::Unknown);
    matches!(found, BreakEven::Always { .. }) && !may_gain
}

/// Cold runs of a part on the contender and on the reference, one right after the other.
struct ColdPairs<'m, 'a> {
    measuring: &'m mut Measuring<'a>,
    index: usize,
    whole: f64,
    until: Instant,
    /// The seconds of a pair for each item, as the last one showed.
    expected_s: f64,
    /// Whether a part could not be run. Then none is tried any more.
    is_broken: bool,
}

impl ColdPairs<'_, '_> {
    /// The seconds of a cold run of a part. A part may fail where the whole does not, if its chunks have another size.
    fn run(&mut self, index: usize, size: f64) -> Option<f64> {
        let Measuring { subject, contenders, plan, .. } = &mut *self.measuring;
        let times = (size / self.whole).round().max(1.0) as u64;
        let contender = &contenders[index];
        let took = subject.part(size.min(self.whole) as u128, times, &|| contender.executor(), &plan.cancel);
        let took = took.ok().flatten();
        self.is_broken |= took.is_none();
        Some(took?.max(Duration::from_nanos(1)).as_secs_f64())
    }
}

impl Trial for ColdPairs<'_, '_> {
    fn pair(&mut self, size: f64) -> Option<(f64, f64)> {
        let began = Instant::now();
        let expected = Duration::try_from_secs_f64(self.expected_s * size).unwrap_or(Duration::MAX);
        if self.is_broken || self.until.saturating_duration_since(began) < expected {
            return None;
        }
        let reference = self.measuring.reference;
        let (own_s, reference_s) = if self.measuring.random.random() {
            let own_s = self.run(self.index, size)?;
            (own_s, self.run(reference, size)?)
        } else {
            let reference_s = self.run(reference, size)?;
            (self.run(self.index, size)?, reference_s)
        };
        // Ending the executors takes time, too.
        self.expected_s = began.elapsed().as_secs_f64() / size;
        Some((own_s, reference_s))
    }

    fn random(&mut self) -> f64 {
        self.measuring.random.random()
    }
}
