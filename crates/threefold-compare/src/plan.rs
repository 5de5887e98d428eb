//! `Plan`: what is compared, and how thoroughly; `Progress`: how much of it is done.

use std::sync::Arc;
use std::time::Duration;

use threefold::{CancelToken, Model};

/// At most this many rounds if their number is not given. More rounds would not narrow the intervals noticeably.
const MOST_ROUNDS: usize = 1000;

/// What is compared, and how thoroughly.
#[derive(Clone)]
pub(crate) struct Plan {
    pub(crate) workload: String,
    pub(crate) unit: String,
    pub(crate) formula: Option<String>,
    pub(crate) models: Vec<Model>,
    pub(crate) workers: Vec<usize>,
    pub(crate) rounds: Rounds,
    pub(crate) warmup: u32,
    pub(crate) time_budget: Duration,
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
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Progress {
    /// The estimated share that is done, from 0 to 1. It never decreases. Rounds may end before the time budget does.
    pub share: f64,
    /// How many rounds are done.
    pub rounds: usize,
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
