//! Cold runs: for each, an executor is made and folds once. Both belong to its duration.
//!
//! Cold is a new executor in a running program, not a new program. The source, the task and `init` are cloned before.

use threefold::Trace;

use super::subject::Timing;
use super::{COLD_SHARE, Measuring};
use crate::error::{Error, Result};
use crate::row::Cold;

/// Each contender has at most this many cold runs.
const MOST_COLD_RUNS: usize = 5;

impl Measuring<'_> {
    /// Runs each contender cold, several times if the budget allows, in random order. Returns the number of chunks.
    pub(super) fn run_cold(&mut self) -> Result<u64> {
        let budget = self.plan.time_budget.mul_f64(COLD_SHARE);
        let mut chunks = 0;
        'runs: for run in 0..MOST_COLD_RUNS {
            let order = if run == 0 { self.sequential_first() } else { self.shuffled() };
            for (turn, index) in order.into_iter().enumerate() {
                if self.is_cancelled() {
                    break 'runs;
                }
                // The workers of the last run end before the clock starts.
                self.contenders[index].executor = None;
                let trace = Trace::new();
                let contender = &self.contenders[index];
                let cold = self.subject.run_cold(&|| contender.executor(), &self.plan.cancel, &trace);
                let Some((executor, Timing { began, took })) = self.checked(index, cold)? else { break 'runs };
                let total_s = took.as_secs_f64();
                let first = trace.spans().iter().map(|span| span.started).min();
                let startup_s = first.map_or(0.0, |first| first.saturating_duration_since(began).as_secs_f64());
                chunks = trace.spans().len() as u64;
                let contender = &mut self.contenders[index];
                contender.cold.push(Cold { startup_s, total_s });
                contender.bytes_told = trace.bytes_told();
                contender.executor = Some(executor);
                let done = run as f64 + (turn + 1) as f64 / self.contenders.len() as f64;
                self.report(COLD_SHARE * done / MOST_COLD_RUNS as f64, 0);
            }
            // The next run is expected to take as long as the mean of those before.
            if self.began.elapsed().mul_f64((run + 2) as f64 / (run + 1) as f64) > budget {
                break;
            }
        }
        if self.contenders.iter().any(|contender| contender.cold.is_empty()) {
            return Err(Error::Cancelled);
        }
        Ok(chunks)
    }

    /// Takes the cold runs for rounds, if the comparison was cancelled before the first round was complete. Returns how
    /// many there are.
    pub(super) fn count_cold_runs(&mut self) -> usize {
        let rounds = self.contenders.iter().map(|contender| contender.cold.len()).min().unwrap_or(0);
        for contender in &mut self.contenders {
            contender.runs_s = contender.cold[..rounds].iter().map(Cold::fold_s).collect();
        }
        rounds
    }
}
