//! `Compare`: what is to be compared, and how thoroughly.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use threefold::{CancelToken, Model, Source, Task};

use crate::comparison::Comparison;
use crate::error::{Error, Result};
use crate::measure;
use crate::subject::Folding;

/// So many rounds at most where nothing is said: more would not say more.
const MOST_ROUNDS: usize = 1000;

/// A comparison to be made: one piece of work on every model.
///
/// ```no_run
/// use std::ops::Range;
/// use threefold::prelude::*;
/// use threefold_compare::Compare;
///
/// #[task]
/// fn primes(chunk: Range<u64>) -> usize {
///     chunk.filter(|&n| n > 1 && (2..).take_while(|d| d * d <= n).all(|d| n % d != 0)).count()
/// }
///
/// fn main() -> threefold_compare::Result<()> {
///     threefold::init();
///     let comparison = Compare::new("primes").fold((0..200_000).split_into(64), primes, 0, |sum, part| sum + part)?;
///     print!("{comparison}");
///     comparison.export_html("primes.html")
/// }
/// ```
///
/// Every model runs the same fold in every round, in random order, so that whatever else the machine does meets all of
/// them alike. Rounds go on until every median is known to 2 %, or the time budget is spent.
#[derive(Clone)]
#[must_use = "ask it for a fold"]
pub struct Compare {
    pub(crate) work: String,
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

/// Told between runs.
pub(crate) type Observer = Arc<dyn Fn(&Progress) + Send + Sync>;

/// How many rounds there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rounds {
    /// As many as are needed, or the budget allows.
    Needed,
    /// So many, however long they take.
    Exactly(usize),
}

/// How far a comparison has come.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Progress {
    /// How much of it is done, from 0 to 1, as far as can be told: rounds may end before the budget does.
    pub share: f64,
    /// Rounds that are done.
    pub rounds: usize,
}

impl Compare {
    /// A comparison of a work that is called `work`, on every model of this build.
    pub fn new(work: impl Into<String>) -> Self {
        Self {
            work: work.into(),
            unit: "items".to_string(),
            formula: None,
            models: Model::available().to_vec(),
            workers: Vec::new(),
            rounds: Rounds::Needed,
            warmup: 1,
            time_budget: Duration::from_secs(20),
            seed: 0x7468_7265_6566_6f6c,
            cancel: CancelToken::new(),
            observer: None,
        }
    }

    /// Only these models, and sequential, which the others are held against.
    pub fn models(mut self, models: impl IntoIterator<Item = Model>) -> Self {
        self.models = models.into_iter().collect();
        self
    }

    /// The numbers of workers that each model runs on; several give scaling curves. Each model's default if nothing is
    /// said.
    pub fn workers(mut self, workers: impl IntoIterator<Item = usize>) -> Self {
        self.workers = workers.into_iter().collect();
        self
    }

    /// Exactly so many rounds, at least 1, however long they take.
    pub fn runs(mut self, rounds: usize) -> Self {
        self.rounds = Rounds::Exactly(rounds);
        self
    }

    /// So many folds on each model before the first round. 1 if nothing is said.
    pub fn warmup(mut self, folds: u32) -> Self {
        self.warmup = folds;
        self
    }

    /// No new round begins after this. 20 s if nothing is said.
    pub fn time_budget(mut self, budget: Duration) -> Self {
        self.time_budget = budget;
        self
    }

    /// What the items of the source are called, in the plural. "items" if nothing is said.
    pub fn unit(mut self, unit: impl Into<String>) -> Self {
        self.unit = unit.into();
        self
    }

    /// A formula that gives the value without the work: the verdict will say that it beats every model.
    pub fn formula(mut self, formula: impl Into<String>) -> Self {
        self.formula = Some(formula.into());
        self
    }

    /// What the random order of the runs, and the resampling of the statistics, begin from. The same each time if
    /// nothing is said.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Ends it when `token` is cancelled: what was measured until then is kept, and said to be partial.
    pub fn cancel(mut self, token: &CancelToken) -> Self {
        self.cancel = token.clone();
        self
    }

    /// Tells `observer` how far it has come, between runs.
    pub fn observe(mut self, observer: impl Fn(&Progress) + Send + Sync + 'static) -> Self {
        self.observer = Some(Arc::new(observer));
        self
    }

    /// Measures the fold `source.all_chunks().map(task).fold(init, reduce)` on every model.
    ///
    /// The source and the task are cloned for each fold before its time begins. What they come to is compared by their
    /// `Debug` text, after it.
    ///
    /// # Errors
    ///
    /// [`Error::Setup`] where there are no rounds or workers to run; [`Error::Fold`] where the work fails on a model;
    /// [`Error::Disagreement`] where a model comes to another value than sequential; [`Error::Cancelled`] where it was
    /// cancelled before each model had run once.
    pub fn fold<S, T, A>(&self, source: S, task: T, init: A, reduce: impl Fn(A, T::Output) -> A) -> Result<Comparison>
    where
        S: Source + Clone,
        T: Task<Chunk = S::Chunk> + Clone,
        A: Clone + fmt::Debug,
    {
        self.fold_and_check(source, task, init, reduce, |value| Ok(format!("{value:?}")))
    }

    /// The same, with a `check` of each value: its text, by which the models' values are compared, or what is wrong with
    /// it.
    ///
    /// # Errors
    ///
    /// As there; and [`Error::Value`] where the check finds something wrong.
    pub fn fold_and_check<S, T, A>(
        &self,
        source: S,
        task: T,
        init: A,
        reduce: impl Fn(A, T::Output) -> A,
        check: impl Fn(A) -> Result<String, String>,
    ) -> Result<Comparison>
    where
        S: Source + Clone,
        T: Task<Chunk = S::Chunk> + Clone,
        A: Clone,
    {
        if self.rounds == Rounds::Exactly(0) {
            return Err(Error::Setup("runs must be at least 1".to_string()));
        }
        if self.workers.contains(&0) {
            return Err(Error::Setup("workers must be at least 1".to_string()));
        }
        if self.models.is_empty() {
            return Err(Error::Setup("there is no model to compare: name at least one".to_string()));
        }
        measure::compare(self, &mut Folding { source, task, init, reduce, check })
    }

    /// How many rounds there may be.
    pub(crate) fn most_rounds(&self) -> usize {
        match self.rounds {
            Rounds::Needed => MOST_ROUNDS,
            Rounds::Exactly(rounds) => rounds,
        }
    }
}

impl fmt::Debug for Compare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Compare").field("work", &self.work).field("models", &self.models).finish_non_exhaustive()
    }
}
