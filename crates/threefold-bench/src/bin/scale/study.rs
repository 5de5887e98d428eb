//! `Study`: folds of short and long chunks on few and many ranks.

use threefold::prelude::*;

use crate::remote::cluster::{Cluster, Costs, Outcome, Outputs, Plan};

/// How many ranks run chunks.
pub(crate) const RANKS: [usize; 10] = [10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000];

/// The mean times of a chunk, in nanoseconds.
pub(crate) const CHUNKS: [u64; 5] = [10_000, 100_000, 1_000_000, 10_000_000, 100_000_000];

/// A fold keeps its ranks busy for this long, in nanoseconds, if none ever waits.
const LENGTH: u64 = 10_000_000_000;

/// But it has no more chunks than this. More of them would take minutes to simulate, since each may be a message.
const MOST: u64 = 10_000_000;

/// The same with `combine`, which needs few messages.
const MOST_COMBINED: u64 = 100_000_000;

/// A fold on simulated ranks.
#[derive(Clone, Copy)]
pub(crate) struct Case {
    pub(crate) plan: Plan,
    pub(crate) outcome: Outcome,
}

/// All cases, once as a fold and once as the model of `combine`. The cases of each are those of [`CHUNKS`], and within
/// these of [`RANKS`].
pub(crate) struct Study {
    pub(crate) costs: Costs,
    pub(crate) fold: Vec<Case>,
    pub(crate) combine: Vec<Case>,
}

#[task]
fn simulate(plan: Plan) -> Outcome {
    Cluster::run(plan)
}

/// Simulates all cases, as a fold of the library.
pub(crate) fn run(on: &Executor, costs: Costs, window: u64) -> threefold::Result<Study> {
    let cases = |outputs, most| -> threefold::Result<Vec<Case>> {
        let plans = CHUNKS.iter().flat_map(|&chunk| {
            RANKS.map(|ranks| Plan { ranks, chunks: (LENGTH / chunk * ranks as u64).min(most), chunk, outputs, costs })
        });
        let plans: Vec<Plan> = plans.collect();
        let outcomes = on.map(Items(plans.clone()), simulate)?;
        Ok(plans.into_iter().zip(outcomes).map(|(plan, outcome)| Case { plan, outcome }).collect())
    };
    Ok(Study { costs, fold: cases(Outputs::Each { window }, MOST)?, combine: cases(Outputs::Combined, MOST_COMBINED)? })
}

impl Case {
    fn per_second(self, count: u64) -> f64 {
        count as f64 / self.outcome.makespan as f64 * 1e9
    }

    pub(crate) fn chunks_per_second(self) -> f64 {
        self.per_second(self.plan.chunks)
    }

    pub(crate) fn blocks_per_second(self) -> f64 {
        self.per_second(self.outcome.blocks)
    }

    /// The share of the ranks' time that they do not spend in chunks.
    pub(crate) fn idle(self) -> f64 {
        1.0 - self.ideal() / self.outcome.makespan as f64
    }

    /// The share of the dispatching rank's time that it spends on messages and outputs.
    pub(crate) fn busy(self) -> f64 {
        self.outcome.busy as f64 / self.outcome.makespan as f64
    }

    /// The makespan if no rank ever waited, in nanoseconds.
    pub(crate) fn ideal(self) -> f64 {
        self.outcome.work as f64 / self.plan.ranks as f64
    }
}
