//! Rounds: in each, every contender runs once and the reference twice, warm, in random order.

use std::time::{Duration, Instant};

use rand::seq::SliceRandom;

use super::{COLD_SHARE, Measuring};
use crate::error::Result;
use crate::looks::{Looks, Seen};
use crate::plan::Rounds;
use crate::row::Cold;

/// A run has as many folds as take this long together. The cost of reading the clock is negligible then.
const RUN: Duration = Duration::from_micros(500);

/// A run has at most this many folds.
const MOST_FOLDS: u128 = 1000;

/// A turn in a round.
struct Turn {
    /// Of which contender.
    index: usize,
    /// Whether it is the second one of the reference.
    is_again: bool,
}

impl Measuring<'_> {
    /// Runs every contender in rounds. Returns how many rounds were completed.
    pub(super) fn run_rounds(&mut self) -> Result<usize> {
        self.warm_up()?;
        let mut rounds = 0;
        let mut looks = Looks::default();
        while rounds < self.plan.most_rounds() && !self.is_cancelled() {
            let began = Instant::now();
            for turn in self.turns() {
                let Some(seconds) = self.run(turn.index)? else { return Ok(rounds) };
                match turn.is_again {
                    false => self.contenders[turn.index].runs_s.push(seconds),
                    true => self.again_s.push(seconds),
                }
            }
            rounds += 1;
            let share = self.share(rounds);
            self.report(COLD_SHARE + (1.0 - COLD_SHARE) * share, rounds);
            if self.plan.rounds == Rounds::Needed {
                if let Some(error) = self.look(&mut looks) {
                    self.error = error;
                    break;
                }
                self.error = looks.error_left();
                if self.began.elapsed() + began.elapsed() > self.plan.time_budget {
                    break;
                }
            }
        }
        Ok(rounds)
    }

    /// Whether the comparison can end, and with what error.
    fn look(&mut self, looks: &mut Looks) -> Option<f64> {
        let runs: Vec<&[f64]> = self.contenders.iter().map(|contender| &contender.runs_s[..]).collect();
        let (reference, least_worthwhile) = (self.reference, self.plan.least_worthwhile);
        let seen = Seen { runs: &runs, again: &self.again_s, reference, least_worthwhile };
        looks.look(seen, &mut self.random)
    }

    /// The turns of a round in random order: one of each contender, and a second one of the reference.
    fn turns(&mut self) -> Vec<Turn> {
        let once = (0..self.contenders.len()).map(|index| Turn { index, is_again: false });
        let mut turns: Vec<Turn> = once.chain([Turn { index: self.reference, is_again: true }]).collect();
        turns.shuffle(&mut self.random);
        turns
    }

    /// Folds before the first round, and finds how many folds a run needs.
    fn warm_up(&mut self) -> Result<()> {
        for index in 0..self.contenders.len() {
            let mut shortest = self.contenders[index].cold.last().map_or(0.0, Cold::fold_s);
            for _ in 0..self.plan.warmup {
                let Some(seconds) = self.run(index)? else { return Ok(()) };
                shortest = shortest.min(seconds);
            }
            let folds = RUN.as_nanos() / (shortest * 1e9).max(1.0) as u128 + 1;
            self.contenders[index].folds_per_run = folds.min(MOST_FOLDS) as u32;
        }
        Ok(())
    }

    /// One run of a contender: the seconds of one fold. `None` if it was cancelled.
    fn run(&mut self, index: usize) -> Result<Option<f64>> {
        let executor = self.contenders[index].executor.clone().expect("every contender had a cold run");
        let folds = self.contenders[index].folds_per_run;
        let mut took = Duration::ZERO;
        for _ in 0..folds {
            match self.fold(index, &executor, None)? {
                Some(timing) => took += timing.took,
                None => return Ok(None),
            }
        }
        // The clock may show no time at all for a fold. Ratios need some.
        Ok(Some(took.max(Duration::from_nanos(1)).as_secs_f64() / f64::from(folds)))
    }

    /// How much of the rounds is done after `rounds` of them, from 0 to 1.
    fn share(&self, rounds: usize) -> f64 {
        match self.plan.rounds {
            Rounds::Exactly(all) => rounds as f64 / all as f64,
            Rounds::Needed => {
                (self.began.elapsed().as_secs_f64() / self.plan.time_budget.as_secs_f64().max(1e-9)).min(1.0)
            }
        }
    }
}
