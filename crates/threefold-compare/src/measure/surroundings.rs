//! `Surroundings`: what the machine did beside the comparison.

use std::time::Instant;

use crate::condition::Condition;
use crate::machine;
use crate::row::Row;

/// What the machine had counted when measuring began.
pub(super) struct Surroundings {
    began: Instant,
    cores: usize,
    stolen_s: f64,
}

impl Surroundings {
    /// Begins to watch.
    pub(super) fn watch() -> Self {
        Self { began: Instant::now(), cores: machine::cores(), stolen_s: machine::stolen_s() }
    }

    /// The share of all cores' time that the host of this virtual machine has given to others since then.
    pub(super) fn stolen_share(&self) -> f64 {
        let processor_s = self.began.elapsed().as_secs_f64() * self.cores as f64;
        ((machine::stolen_s() - self.stolen_s) / processor_s).clamp(0.0, 1.0)
    }

    /// What disturbed the measuring of these rows, or may have done so.
    pub(super) fn conditions(&self, rows: &[Row]) -> Vec<Condition> {
        let stolen = Some(self.stolen_share()).filter(|&share| share > 0.0);
        let runs: usize = rows.iter().map(|row| row.runs_s.len()).sum();
        let unusual = rows.iter().map(|row| row.outliers).sum::<usize>() as f64 / runs.max(1) as f64;
        stolen
            .map(|share| Condition::Stolen { share })
            .into_iter()
            .chain((unusual > 0.0).then_some(Condition::UnusualRuns { share: unusual }))
            .collect()
    }
}
