//! `Plan`: what is compared, and how thoroughly; `Progress`: how much of it is done.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use threefold::{CancelToken, Model};

use crate::text;

/// At most this many rounds if their number is not given. More rounds would not narrow the intervals noticeably.
const MOST_ROUNDS: usize = 1000;

/// A smaller difference, as a share, is no reason to change the model, unless the user says otherwise.
pub(crate) const LEAST_WORTHWHILE: f64 = 0.02;

/// What is compared, and how thoroughly.
#[derive(Clone)]
pub(crate) struct Plan {
    pub(crate) workload: String,
    pub(crate) unit: String,
    pub(crate) formula: Option<String>,
    pub(crate) models: Vec<Model>,
    pub(crate) reference: Model,
    pub(crate) rank_by: RankBy,
    pub(crate) least_worthwhile: f64,
    pub(crate) workers: Vec<usize>,
    /// How many chunks are in progress at once on async; `None` for its default.
    pub(crate) in_flight: Option<usize>,
    pub(crate) rounds: Rounds,
    pub(crate) warmup: u32,
    pub(crate) time_budget: Duration,
    /// Whether to read the hardware's counters.
    pub(crate) counters: bool,
    pub(crate) seed: u64,
    pub(crate) cancel: CancelToken,
    pub(crate) observer: Option<Observer>,
}

/// It is called between runs.
pub(crate) type Observer = Arc<dyn Fn(&Progress) + Send + Sync>;

/// How many rounds there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rounds {
    /// As many as are needed, within the time budget.
    Needed,
    /// So many, however long they take.
    Exactly(usize),
}

/// What the recommended model needs the least of.
///
/// ```
#[doc = include_str!("doc/sum.md")]
/// use threefold_compare::RankBy;
///
/// let compare = Compare::new("add up").models([threefold::Model::Threads]).rank_by(RankBy::Cpu).runs(7);
/// let comparison = compare.fold(0..1000u64, add_up, 0, |sum, part| sum + part)?;
/// assert_eq!(comparison.rank_by.name(), "cpu");
/// # Ok::<(), threefold_compare::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RankBy {
    /// The time of a fold.
    #[default]
    Time,
    /// The processor time of a fold, of all workers together.
    Cpu,
    /// The largest resident memory during a fold, of all processes together.
    Memory,
}

impl RankBy {
    /// All of them.
    ///
    /// ```
    /// use threefold_compare::RankBy;
    ///
    /// assert_eq!(RankBy::ALL.map(RankBy::name), ["time", "cpu", "memory"]);
    /// ```
    pub const ALL: [Self; 3] = [Self::Time, Self::Cpu, Self::Memory];

    /// Its name in JSON and on the command line: `time`, `cpu` or `memory`.
    ///
    /// ```
    /// assert_eq!(threefold_compare::RankBy::Memory.name(), "memory");
    /// ```
    pub fn name(self) -> &'static str {
        match self {
            Self::Time => "time",
            Self::Cpu => "cpu",
            Self::Memory => "memory",
        }
    }
}

/// How much of a comparison is done.
///
/// ```
#[doc = include_str!("doc/sum.md")]
/// use threefold_compare::Progress;
///
/// let print = |progress: &Progress| println!("{:.0}%, {} rounds", progress.share * 100.0, progress.rounds);
/// Compare::new("add up")
///     .models([threefold::Model::Threads])
///     .runs(7)
///     .observe(print)
///     .fold(0..1000u64, add_up, 0, |sum, part| sum + part)?;
/// # Ok::<(), threefold_compare::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Progress {
    /// The estimated share that is done, from 0 to 1. It never decreases. Rounds may end before the time budget does.
    pub share: f64,
    /// How many rounds are done.
    pub rounds: usize,
    /// The contenders that have run, by name, and the median duration of one fold in seconds: of the rounds, or before the
    /// first of them of the cold runs.
    pub(crate) medians: Vec<(String, f64)>,
}

impl Progress {
    /// What is measured so far, in words, for instance
    /// `sequential: 3.2 ms, threads with 2 workers: 1.7 ms (medians of 8 rounds)`. `None` before the first fold has ended.
    ///
    /// It is what is left of a comparison whose program ends while a fold runs. One that is
    /// [cancelled](crate::Compare::cancel) gives more.
    ///
    /// ```
    #[doc = include_str!("doc/sum.md")]
    /// let compare = Compare::new("add up").models([threefold::Model::Threads]).runs(7).observe(|progress| {
    ///     let measured = progress.measured().unwrap();
    ///     assert!(measured.starts_with("sequential: "), "{measured}");
    ///     assert!(progress.rounds < 7 || measured.ends_with(" (medians of 7 rounds)"), "{measured}");
    /// });
    /// compare.fold(0..1000u64, add_up, 0, |sum, part| sum + part)?;
    /// # Ok::<(), threefold_compare::Error>(())
    /// ```
    pub fn measured(&self) -> Option<String> {
        let each = self.medians.iter().map(|(name, median_s)| format!("{name}: {}", text::seconds(*median_s)));
        let each = each.collect::<Vec<_>>().join(", ");
        match self.rounds {
            _ if each.is_empty() => None,
            0 => Some(format!("{each} (cold)")),
            1 => Some(format!("{each} (1 round)")),
            rounds => Some(format!("{each} (medians of {rounds} rounds)")),
        }
    }
}

/// The models that are compared if none are named. In an MPI job of one rank mpi is threads by another name.
pub(crate) fn default_models() -> Vec<Model> {
    let available = Model::available().iter().copied();
    available.filter(|&model| model != Model::Mpi || threefold::ranks() > 1).collect()
}

impl Plan {
    /// How many rounds there may be.
    pub(crate) fn most_rounds(&self) -> usize {
        match self.rounds {
            Rounds::Needed => MOST_ROUNDS,
            Rounds::Exactly(rounds) => rounds,
        }
    }
}
