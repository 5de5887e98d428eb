//! `Surroundings`: what the machine did beside the comparison.

use std::time::Instant;

use crate::condition::Condition;
use crate::machine;
use crate::row::Row;

/// Below this share of all cores' time other programs are not worth a word: some program runs always.
const OTHERS: f64 = 0.05;

/// A load average up to this much above the number of cores is not worth a word.
const WAITING: f64 = 0.5;

/// What the machine had counted when measuring began.
pub(super) struct Surroundings {
    began: Instant,
    cores: usize,
    stolen_s: f64,
    throttled_s: f64,
    /// The processor seconds of all programs, and of this one with its children.
    used_s: Option<(f64, f64)>,
    load: Option<f64>,
}

impl Surroundings {
    /// Begins to watch.
    pub(super) fn watch() -> Self {
        let cores = machine::cores();
        Self {
            began: Instant::now(),
            cores,
            stolen_s: machine::stolen_s(),
            throttled_s: machine::throttled_s(),
            used_s: machine::used_s(),
            load: machine::load(),
        }
    }

    /// The share of all cores' time that the host of this virtual machine has given to others since then.
    pub(super) fn stolen_share(&self) -> f64 {
        let processor_s = self.began.elapsed().as_secs_f64() * self.cores as f64;
        ((machine::stolen_s() - self.stolen_s) / processor_s).clamp(0.0, 1.0)
    }

    /// The share of all cores' time that other programs have used since then.
    fn others_share(&self) -> f64 {
        let (Some((all_s, own_s)), Some((all_before_s, own_before_s))) = (machine::used_s(), self.used_s) else {
            return 0.0;
        };
        let others_s = (all_s - all_before_s) - (own_s - own_before_s);
        (others_s / (self.began.elapsed().as_secs_f64() * machine::all_cores() as f64)).clamp(0.0, 1.0)
    }

    /// Whether the machine was busier than it has cores.
    fn loaded(&self) -> Option<Condition> {
        let (average, cores) = (self.load?, machine::all_cores());
        (average > cores as f64 + WAITING).then_some(Condition::Loaded { average, cores })
    }

    /// What disturbed the measuring of these rows, or may have done so.
    pub(super) fn conditions(&self, rows: &[Row]) -> Vec<Condition> {
        let runs: usize = rows.iter().map(|row| row.runs_s.len()).sum();
        let unusual = rows.iter().map(|row| row.outliers).sum::<usize>() as f64 / runs.max(1) as f64;
        let throttled = (machine::throttled_s() - self.throttled_s) / self.began.elapsed().as_secs_f64();
        let (stolen, others) = (self.stolen_share(), self.others_share());
        let mut conditions = Vec::new();
        conditions.extend(machine::governor().map(|name| Condition::Governor { name }));
        conditions.extend(machine::boosts().then_some(Condition::BoostOn));
        conditions.extend((throttled > 0.0).then(|| Condition::Throttled { share: throttled.min(1.0) }));
        conditions.extend((stolen > 0.0).then_some(Condition::Stolen { share: stolen }));
        conditions.extend((others > OTHERS).then_some(Condition::OtherPrograms { share: others }));
        conditions.extend(self.loaded());
        conditions.extend((unusual > 0.0).then_some(Condition::UnusualRuns { share: unusual }));
        conditions
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_possible_whatever_the_machine_does() {
        let surroundings = Surroundings::watch();
        let sum = (0..2_000_000u64).fold(0, |sum, n| std::hint::black_box(sum ^ n));
        std::hint::black_box(sum);
        for condition in surroundings.conditions(&[]) {
            assert!(condition.share().is_none_or(|share| (0.0..=1.0).contains(&share)), "{condition:?}");
        }
    }
}
