//! `Row`: what was measured of one contender, a model with a number of workers.

use rand::rngs::SmallRng;
use serde::{Deserialize, Serialize};
use threefold::Model;

use crate::profile::Profile;
use crate::stats::{self, Estimate, Interval};
use crate::text;

mod break_even;
mod difference;

pub use break_even::{Basis, BreakEven};
pub use difference::{Difference, Judged};
pub(crate) use difference::{Terms, difference, judge};

/// An observed fold that took so many times as long as others was slowed down by being observed.
const SLOWED: f64 = 1.25;

/// One contender: a model with a number of workers. Durations are in seconds.
///
/// ```
#[doc = include_str!("doc/measured.md")]
/// let threads = &comparison.rows[1];
/// assert_eq!((threads.model, threads.workers), (threefold::Model::Threads, 2));
/// assert_eq!(threads.runs_s.len(), 10); // `runs(10)` was asked for
/// assert!(threads.median_s > 0.0 && threads.interval_s.is_some());
/// # Ok::<(), threefold_compare::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Row {
    /// The model.
    pub model: Model,
    /// How many workers it had, at least 1.
    pub workers: usize,
    /// How many folds one run consists of, at least 1. Short folds are timed several at once; all times are those of one
    /// fold.
    pub folds_per_run: u32,
    /// The duration of a warm fold in each round, in the order of the rounds.
    pub runs_s: Vec<f64>,
    /// The median of `runs_s`.
    pub median_s: f64,
    /// The 95% confidence interval of the median. `None` if there are fewer rounds than [`FEWEST`](crate::stats::FEWEST).
    pub interval_s: Option<Interval>,
    /// The start-up time in each cold run: from before the executor was made until its first chunk began.
    pub cold_startup_s: Vec<f64>,
    /// The median of `cold_startup_s`.
    pub startup_s: f64,
    /// The duration of a cold run, from before the executor was made until the value was there: the median.
    pub cold_s: f64,
    /// How many times faster than the reference a warm fold is. `None` for the reference itself, and if there are fewer
    /// rounds than [`FEWEST`](crate::stats::FEWEST).
    pub speedup: Option<Estimate>,
    /// Whether that is a difference, above what these rounds can show and what is worthwhile.
    pub difference: Difference,
    /// What `difference` and [`is_faster_than`](Self::is_faster_than) are judged by.
    pub judged: Judged,
    /// From how many items on this contender is faster than the reference, from a cold start: a new executor in a running
    /// program.
    pub break_even: BreakEven,
    /// Processor seconds of one fold, over all threads of this process and its workers: the median over the observed
    /// folds. 0 if it is not known, or no fold was observed.
    pub cpu_s: f64,
    /// The largest resident memory of this process and its worker processes during a fold, or of all ranks on mpi, added
    /// up, in bytes. 0 if it is not known, or no fold was observed.
    pub peak_memory_bytes: u64,
    /// Where the time of one fold went.
    pub profile: Profile,
    /// How many runs were outliers.
    pub outliers: usize,
    /// Whether the first run was an outlier that took longer than the median. More warm-up folds may help then.
    pub slow_first_run: bool,
}

/// What was measured of one contender, before anything is computed from it.
#[derive(Clone, Debug)]
pub(crate) struct Measured {
    pub(crate) model: Model,
    pub(crate) workers: usize,
    pub(crate) folds_per_run: u32,
    pub(crate) runs_s: Vec<f64>,
    pub(crate) cold: Vec<Cold>,
    /// Processor seconds of one fold; 0 if they are not known.
    pub(crate) cpu_s: f64,
    pub(crate) profile: Profile,
}

/// One cold run: an executor is made and folds once. Both times begin before the executor is made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cold {
    /// Until the first chunk began.
    pub(crate) startup_s: f64,
    /// Until the value was there.
    pub(crate) total_s: f64,
}

impl Cold {
    /// From the first chunk to the value. The clock may show no time for it; a fold takes some all the same.
    pub(crate) fn fold_s(&self) -> f64 {
        (self.total_s - self.startup_s).max(1e-9)
    }
}

impl Row {
    /// What a chunk costs besides its own duration, in seconds, if a fold was observed. Where observing slowed a fold of tiny
    /// chunks down, it is what an empty chunk costs.
    pub(crate) fn cost_per_chunk_s(&self) -> Option<f64> {
        let profile = &self.profile;
        let is_slowed = profile.wall_s > SLOWED * self.median_s;
        let empty_s = profile.empty_chunk_s * self.workers as f64;
        (!profile.is_empty()).then_some(if is_slowed { empty_s } else { profile.cost_per_chunk_s })
    }

    /// The row of a contender, compared with that of the reference if it is another one. Each pair is judged
    /// by itself until all are.
    pub(crate) fn of(measured: Measured, baseline: Option<&Self>, random: &mut SmallRng) -> Self {
        let Measured { model, workers, folds_per_run, runs_s, cold, cpu_s, profile } = measured;
        let cold_startup_s: Vec<f64> = cold.iter().map(|cold| cold.startup_s).collect();
        let totals_s: Vec<f64> = cold.iter().map(|cold| cold.total_s).collect();
        let (median_s, startup_s) = (stats::median(&runs_s), stats::median(&cold_startup_s));
        let speedup = baseline.and_then(|baseline| stats::speedup(&baseline.runs_s, &runs_s));
        Self {
            model,
            workers,
            folds_per_run,
            median_s,
            interval_s: stats::interval_of_median(&runs_s, random),
            cold_startup_s,
            startup_s,
            cold_s: stats::median(&totals_s),
            speedup,
            difference: if baseline.is_some() { Difference::Unknown } else { Difference::Reference },
            judged: Judged { against: baseline.map_or(model, |row| row.model), level: stats::ERROR, smallest: 0.0 },
            break_even: BreakEven::Unknown,
            cpu_s,
            peak_memory_bytes: profile.peak_memory_bytes,
            profile,
            outliers: stats::outliers(&runs_s).len(),
            slow_first_run: stats::slow_first_run(&runs_s),
            runs_s,
        }
    }

    /// The speed-up divided by the number of workers; 1 is perfect. `None` if there is no speed-up or another reference than
    /// sequential, and for async if the chunks wait, because one async worker then waits for many chunks at once, or
    /// if it is not known whether they do.
    ///
    /// ```
    #[doc = include_str!("doc/measured.md")]
    /// let threads = &comparison.rows[1];
    /// assert_eq!(threads.efficiency(), threads.speedup.map(|speedup| speedup.value / 2.0));
    /// # Ok::<(), threefold_compare::Error>(())
    /// ```
    pub fn efficiency(&self) -> Option<f64> {
        let speedup = self.speedup.as_ref()?.value;
        let overlaps = self.model.capabilities().waits_at_once && self.profile.is_known_to_wait() != Some(false);
        (!overlaps && self.judged.against == Model::Sequential).then(|| speedup / self.workers as f64)
    }

    /// The contender's name, for instance `threads with 2 workers`. Sequential has no number of workers in its name.
    ///
    /// ```
    #[doc = include_str!("doc/measured.md")]
    /// assert_eq!(comparison.rows[0].name(), "sequential");
    /// assert_eq!(comparison.rows[1].name(), "threads with 2 workers");
    /// # Ok::<(), threefold_compare::Error>(())
    /// ```
    pub fn name(&self) -> String {
        name(self.model, self.workers)
    }

    /// The same where there is little room: `threads, 2`.
    pub(crate) fn short_name(&self) -> String {
        if self.model.capabilities().has_plural_workers {
            format!("{}, {}", self.model, self.workers)
        } else {
            self.model.to_string()
        }
    }
}

/// The name of a contender.
pub(crate) fn name(model: Model, workers: usize) -> String {
    if model.capabilities().has_plural_workers {
        format!("{model} with {}", text::count(workers as u64, "worker"))
    } else {
        model.to_string()
    }
}
