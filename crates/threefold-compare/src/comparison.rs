//! `Comparison`: what was measured of one piece of work on every model, and what follows from it.
//!
//! It is data: it can be printed, exported, written as JSON and read back. All times are in seconds. The JSON has the
//! fields of these types by their names; `schema` goes up when one changes its meaning or goes away.

use serde::{Deserialize, Serialize};
use threefold::Model;

use crate::scaling::Scaling;
use crate::stats::{self, Estimate, Interval};
use crate::text;
use crate::verdict::Verdict;

/// The version of the JSON.
pub const SCHEMA: u32 = 1;

/// One piece of work, measured on several models: made by [`Compare`](crate::Compare).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Comparison {
    /// The version of the JSON that this is written as: [`SCHEMA`].
    pub schema: u32,
    /// The version of this library.
    pub version: String,
    /// What the work is called.
    pub work: String,
    /// What its items are called, in the plural.
    pub unit: String,
    /// How many items the source has.
    pub items: u128,
    /// How many chunks they are cut into.
    pub chunks: u64,
    /// The value that every fold came to, as its `Debug` text, shortened.
    pub value: String,
    /// A formula that gives the value without the work, where its author knows one.
    pub formula: Option<String>,
    /// Where it was measured.
    pub machine: Machine,
    /// What the random order of the runs, and the resampling of the statistics, began from.
    pub seed: u64,
    /// How many rounds there were: in each, every contender ran once, in random order.
    pub rounds: usize,
    /// Of the time that it took, on all cores, the share that the host of this virtual machine gave to others.
    pub stolen_share: f64,
    /// Whether the measuring was cancelled before its end: what is here was measured until then.
    pub partial: bool,
    /// The contenders, in the order in which they were named; sequential is the first.
    pub rows: Vec<Row>,
    /// How models do on more workers, where they ran on several numbers of them.
    pub scaling: Vec<Scaling>,
    /// What follows.
    pub verdict: Verdict,
}

/// The machine of a comparison.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Machine {
    /// The processor, by its own name.
    pub processor: String,
    /// How many cores this process may use.
    pub cores: usize,
    /// Memory in bytes.
    pub memory_bytes: u64,
    /// The operating system.
    pub system: String,
}

/// One contender: a model with a number of workers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Row {
    /// The model.
    pub model: Model,
    /// How many workers it had.
    pub workers: usize,
    /// How many folds one run had; more than one where a fold is short. Times are those of one fold.
    pub folds_per_run: u32,
    /// The time of a warm fold in each round, in the order of the rounds.
    pub runs_s: Vec<f64>,
    /// Their median.
    pub median_s: f64,
    /// Its 95 % confidence interval; `None` for fewer rounds than [`FEWEST`](crate::stats::FEWEST).
    pub interval_s: Option<Interval>,
    /// From before the executor was made until its first chunk began, in each cold run.
    pub cold_startup_s: Vec<f64>,
    /// The median of those.
    pub startup_s: f64,
    /// From before the executor was made to the value: the median of the cold runs.
    pub cold_s: f64,
    /// How many times faster than sequential; `None` for sequential itself, and without rounds enough.
    pub speedup: Option<Estimate>,
    /// From how many items on it is expected to be faster than sequential, counted from a cold start; `None` where it
    /// never is.
    pub break_even_items: Option<f64>,
    /// Where the time of one fold went.
    pub profile: Profile,
    /// How many runs were outliers.
    pub outliers: usize,
    /// Whether the first run was one: something was still being warmed up.
    pub slow_first_run: bool,
}

impl Row {
    /// The speed-up for each worker; 1 would be perfect. `None` where there is no speed-up, or where chunks wait rather
    /// than work, so that one worker may run many at a time.
    pub fn efficiency(&self) -> Option<f64> {
        let speedup = self.speedup.as_ref()?.value;
        (self.model != Model::Async || !self.profile.waits()).then(|| speedup / self.workers as f64)
    }

    /// Whether these runs show that this one is faster than `other`. Runs too few for an interval show it where each of
    /// this one's is faster than each of the other's.
    pub fn is_faster_than(&self, other: &Self) -> bool {
        match stats::speedup(&other.runs_s, &self.runs_s) {
            Some(speedup) => speedup.interval.low > 1.0,
            None => {
                let slowest = self.runs_s.iter().copied().fold(f64::MIN, f64::max);
                other.runs_s.iter().all(|&run| run > slowest)
            }
        }
    }

    /// The contender's name, as `threads on 2 workers`.
    pub fn name(&self) -> String {
        match (self.model, self.workers) {
            (Model::Sequential, _) => "sequential".to_string(),
            (model, workers) => format!("{model} on {}", text::count(workers as u64, "worker")),
        }
    }
}

/// Where the time of one warm fold went. It was watched for this, apart from the timed runs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Profile {
    /// How long the watched fold took.
    pub wall_s: f64,
    /// Processor time of this process and its workers, over all their threads.
    pub cpu_s: f64,
    /// Thread seconds in which a processor was wanted and others had it: a part of the work below. Where a virtual
    /// machine's own processors are taken away, it does not see that.
    pub queued_s: f64,
    /// Of the workers' time: running chunks that compute.
    pub work_s: f64,
    /// Of the workers' time: in chunks that wait for something other than a processor.
    pub waiting_s: f64,
    /// Of the workers' time: between two chunks. Handing out chunks, moving them and their outputs.
    pub transfer_s: f64,
    /// Of the workers' time: before their first chunk, or after their last.
    pub idle_s: f64,
    /// The mean time between two chunks of one worker: what each chunk costs besides its work.
    pub cost_per_chunk_s: f64,
    /// What this model takes for each of a thousand empty chunks, all in all: what many chunks cost that carry little.
    pub empty_chunk_s: f64,
    /// The mean duration of a chunk.
    pub mean_chunk_s: f64,
    /// The longest.
    pub longest_chunk_s: f64,
    /// The busiest worker's time in chunks, over the mean of all workers': 1 is perfect balance.
    pub imbalance: f64,
    /// The largest resident memory of this process and its worker processes, in bytes.
    pub peak_memory_bytes: u64,
    /// Bytes that went to worker processes and back.
    pub bytes_moved: u64,
    /// Which worker ran which chunk, when.
    pub spans: Vec<Block>,
}

impl Profile {
    /// Whether no fold was watched: the comparison was cancelled before.
    pub fn is_empty(&self) -> bool {
        self.wall_s == 0.0
    }

    /// The workers' time together: as many times the fold's time as there are workers.
    pub fn workers_s(&self) -> f64 {
        self.work_s + self.waiting_s + self.transfer_s + self.idle_s
    }

    /// Which share of the workers' time was spent in chunks, from 0 to 1.
    pub fn busy_share(&self) -> f64 {
        if self.workers_s() > 0.0 { (self.work_s + self.waiting_s) / self.workers_s() } else { 0.0 }
    }

    /// Whether chunks and outputs are so large that moving them takes time worth counting: more than 4 KiB for each, there
    /// and back.
    pub fn moves_much(&self) -> bool {
        self.bytes_moved > 4096 * self.spans.len() as u64
    }

    /// Whether chunks spend more than a third of their time waiting.
    pub fn waits(&self) -> bool {
        self.waiting_s > (self.work_s + self.waiting_s) / 3.0
    }
}

/// One chunk on one worker, since the beginning of the fold.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Block {
    /// The number of the chunk.
    pub chunk: u64,
    /// The number of the worker.
    pub worker: usize,
    /// When it began, since the fold began.
    pub start_s: f64,
    /// How long it took.
    pub duration_s: f64,
}

impl Comparison {
    /// The sequential row, which the others are held against.
    ///
    /// # Panics
    ///
    /// Where a comparison that was read from elsewhere has no rows.
    pub fn baseline(&self) -> &Row {
        self.rows.first().expect("sequential is always measured")
    }
}
