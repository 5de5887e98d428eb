//! `Usage`: processor time and memory of this process, its worker processes, and the other ranks of its MPI job, while one
//! fold runs.

use threefold::{Error, Model};

use super::process::{Scheduled, children, forget_peak, own_peak, own_queued_s, own_s, peak, scheduled};
use super::ranks::Ranks;
use crate::profile::Used;

/// What had been used when observing began.
#[derive(Debug)]
pub(crate) struct Usage {
    own_s: f64,
    own_queued_s: f64,
    workers: Scheduled,
    ranks: Ranks,
}

impl Usage {
    /// Begins to observe folds on `model`. The peak of this process's memory is counted from here on.
    pub(crate) fn observe(model: Model) -> Result<Self, Error> {
        let ranks = Ranks::observe(model)?;
        forget_peak();
        let (workers, own_queued_s) = (scheduled(&children()), own_queued_s());
        // This comes last because the other lines use processor time themselves.
        Ok(Self { own_s: own_s(), own_queued_s, workers, ranks })
    }

    /// What was used since observing began.
    pub(crate) fn since(&self) -> Result<Used, Error> {
        // This comes first for the same reason.
        let own_s = own_s();
        let workers = children();
        let (now, own_queued_s) = (scheduled(&workers), own_queued_s());
        let here = workers.iter().filter_map(peak).sum::<u64>() + own_peak();
        let (ranks, elsewhere) = self.ranks.since()?;
        let queued_s = own_queued_s - self.own_queued_s + now.queued_s - self.workers.queued_s + ranks.queued_s;
        Ok(Used {
            cpu_s: (own_s - self.own_s) + (now.ran_s - self.workers.ran_s).max(0.0) + ranks.ran_s.max(0.0),
            queued_s: queued_s.max(0.0),
            peak_memory_bytes: here + elsewhere,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_and_peak_memory_are_measured() {
        let usage = Usage::observe(Model::Sequential).unwrap();
        let touched = vec![1u8; 64 << 20];
        let sum: u64 = std::hint::black_box(&touched).iter().map(|&byte| u64::from(byte)).sum();
        assert_eq!(sum, 64 << 20);
        let used = usage.since().unwrap();
        assert!(used.cpu_s > 0.0 && used.peak_memory_bytes >= 64 << 20, "{used:?}");
    }
}
