//! `Compare`: what is to be compared, and how thoroughly.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use threefold::{CancelToken, Model};

use crate::plan::{self, Plan, Progress, RankBy, Rounds};

mod fold;

/// Measures one workload on several models.
///
/// ```
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
///     threefold::init(); // a worker process stops here and runs chunks
///     let compare = Compare::new("primes").time_budget(std::time::Duration::from_millis(200));
///     let comparison = compare.fold(0..2_000u64, primes, 0, |sum, part| sum + part)?;
///     print!("{comparison}");
///     comparison.export_html(std::env::temp_dir().join(format!("primes-{}.html", std::process::id())))
/// }
/// ```
///
/// First come the cold runs: for each model an executor is made and folds once. Then all models run the same fold once in
/// every round, in random order, so that a slow moment of the machine affects all of them alike. The reference runs twice.
/// Rounds end when the differences are certain, when the median of every model is known to 2%, or when the time budget is
/// spent. One fold of each model is observed for its profile. At the end cold runs of smaller parts of the workload show from
/// which size on each model is faster than the reference.
///
/// Cold is a new executor in a running program. The source, the task and `init` are cloned for each fold before its time
/// begins. A part of the workload is cut as the whole is: `split_into(60)` cuts it into 60 smaller chunks.
#[derive(Clone)]
#[must_use = "nothing is measured before a method such as `fold` is called"]
pub struct Compare {
    plan: Plan,
}

impl Compare {
    /// A comparison of the workload of this name, on every model of this build.
    ///
    /// ```
    /// use threefold_compare::Compare;
    ///
    /// let compare = Compare::new("add up");
    /// # let _ = compare;
    /// ```
    pub fn new(workload: impl Into<String>) -> Self {
        Self {
            plan: Plan {
                workload: workload.into(),
                unit: "items".to_string(),
                formula: None,
                models: plan::default_models(),
                reference: Model::Sequential,
                rank_by: RankBy::Time,
                least_worthwhile: plan::LEAST_WORTHWHILE,
                workers: Vec::new(),
                in_flight: None,
                rounds: Rounds::Needed,
                warmup: 1,
                time_budget: Duration::from_secs(20),
                counters: false,
                seed: 0x7468_7265_6566_6f6c,
                cancel: CancelToken::new(),
                observer: None,
            },
        }
    }

    /// Compares only these models. Sequential is always measured, because it is the baseline. If this is not called, all
    /// models of the build are compared, but mpi only in an MPI job with other ranks.
    ///
    /// ```
    #[doc = include_str!("doc/sum.md")]
    /// use threefold::Model;
    ///
    /// let compare = Compare::new("add up").models([Model::Threads]).runs(7);
    /// let comparison = compare.fold(0..1000u64, add_up, 0, |sum, part| sum + part)?;
    /// let models: Vec<Model> = comparison.rows.iter().map(|row| row.model).collect();
    /// assert_eq!(models, [Model::Sequential, Model::Threads]);
    /// # Ok::<(), threefold_compare::Error>(())
    /// ```
    pub fn models(mut self, models: impl IntoIterator<Item = Model>) -> Self {
        self.plan.models = models.into_iter().collect();
        self
    }

    /// Compares the others with this model instead of sequential: speed-ups, differences and break-even sizes are then
    /// against it. It is measured in any case. If it runs on several numbers of workers, the first of them is the
    /// reference.
    ///
    /// ```
    #[doc = include_str!("doc/sum.md")]
    /// use threefold::Model;
    ///
    /// let compare = Compare::new("add up").models([Model::Sequential]).reference(Model::Threads).runs(7);
    /// let comparison = compare.fold(0..1000u64, add_up, 0, |sum, part| sum + part)?;
    /// assert_eq!(comparison.rows[comparison.reference].model, Model::Threads);
    /// # Ok::<(), threefold_compare::Error>(())
    /// ```
    pub fn reference(mut self, model: Model) -> Self {
        self.plan.reference = model;
        self
    }

    /// Recommends the model that needs the least of this: time, processor time or memory. The default is
    /// [`RankBy::Time`].
    ///
    /// ```
    #[doc = include_str!("doc/sum.md")]
    /// use threefold_compare::RankBy;
    ///
    /// let compare = Compare::new("add up").models([threefold::Model::Threads]).rank_by(RankBy::Memory).runs(7);
    /// let comparison = compare.fold(0..1000u64, add_up, 0, |sum, part| sum + part)?;
    /// assert_eq!(comparison.rank_by, RankBy::Memory);
    /// # Ok::<(), threefold_compare::Error>(())
    /// ```
    pub fn rank_by(mut self, rank_by: RankBy) -> Self {
        self.plan.rank_by = rank_by;
        self
    }

    /// Smaller differences than this share are not reported, since they are no reason to change the model. The default is
    /// 0.02, which is 2%. It must be from 0 to 1.
    ///
    /// ```
    #[doc = include_str!("doc/sum.md")]
    /// let compare = Compare::new("add up").models([threefold::Model::Threads]).least_worthwhile(0.1).runs(7);
    /// let comparison = compare.fold(0..1000u64, add_up, 0, |sum, part| sum + part)?;
    /// assert_eq!(comparison.least_worthwhile, 0.1);
    /// # Ok::<(), threefold_compare::Error>(())
    /// ```
    pub fn least_worthwhile(mut self, share: f64) -> Self {
        self.plan.least_worthwhile = share;
        self
    }

    /// Runs each model on these numbers of workers, from 1 to 4,096 each. Several numbers show how a model scales. If this
    /// is not called, each model has its default number of workers.
    ///
    /// ```
    #[doc = include_str!("doc/sum.md")]
    /// let compare = Compare::new("add up").models([threefold::Model::Threads]).workers([1, 2]).runs(7);
    /// let comparison = compare.fold(0..1000u64, add_up, 0, |sum, part| sum + part)?;
    /// let names: Vec<String> = comparison.rows.iter().map(|row| row.name()).collect();
    /// assert_eq!(names, ["sequential", "threads with 1 worker", "threads with 2 workers"]);
    /// # Ok::<(), threefold_compare::Error>(())
    /// ```
    pub fn workers(mut self, workers: impl IntoIterator<Item = usize>) -> Self {
        self.plan.workers = workers.into_iter().collect();
        self
    }

    /// The largest number of chunks that are in progress at once on async, at least 1. If this is not called, it is the
    /// default of [`Builder::in_flight`](threefold::Builder::in_flight). It is never less than the number of workers. The
    /// other models have one chunk for each worker.
    ///
    /// ```
    #[doc = include_str!("doc/sum.md")]
    /// let compare = Compare::new("add up").models([threefold::Model::Threads]).in_flight(2).runs(7);
    /// let comparison = compare.fold(0..1000u64, add_up, 0, |sum, part| sum + part)?;
    /// assert_eq!(comparison.rounds, 7);
    /// # Ok::<(), threefold_compare::Error>(())
    /// ```
    pub fn in_flight(mut self, chunks: usize) -> Self {
        self.plan.in_flight = Some(chunks);
        self
    }

    /// Runs exactly this many rounds, at least 1, however long they take. Fewer than
    /// [`FEWEST`](crate::stats::FEWEST) rounds give no intervals.
    ///
    /// ```
    #[doc = include_str!("doc/sum.md")]
    /// let compare = Compare::new("add up").models([threefold::Model::Threads]).runs(12);
    /// let comparison = compare.fold(0..1000u64, add_up, 0, |sum, part| sum + part)?;
    /// assert_eq!(comparison.rounds, 12);
    /// # Ok::<(), threefold_compare::Error>(())
    /// ```
    pub fn runs(mut self, rounds: usize) -> Self {
        self.plan.rounds = Rounds::Exactly(rounds);
        self
    }

    /// Also reads what the processors' hardware counts while each contender folds: instructions, cycles, cache misses and
    /// wrongly predicted branches. The default is not to.
    ///
    /// They are in [`Profile::counters`](crate::Profile::counters). If there are none, as on most virtual machines, or the
    /// kernel does not allow them, [`conditions`](crate::Comparison::conditions) says why.
    ///
    /// ```
    #[doc = include_str!("doc/sum.md")]
    /// let compare = Compare::new("add up").models([threefold::Model::Threads]).counters(true).runs(7);
    /// let comparison = compare.fold(0..1000u64, add_up, 0, |sum, part| sum + part)?;
    /// let counted = comparison.rows[0].profile.counters.is_some();
    /// let is_absent = |condition: &_| matches!(condition, threefold_compare::Condition::CountersAbsent { .. });
    /// assert!(counted != comparison.conditions.iter().any(is_absent));
    /// # Ok::<(), threefold_compare::Error>(())
    /// ```
    pub fn counters(mut self, are_read: bool) -> Self {
        self.plan.counters = are_read;
        self
    }

    /// Runs this many warm-up folds on each model before the first round. The default is 1.
    ///
    /// ```
    #[doc = include_str!("doc/sum.md")]
    /// let compare = Compare::new("add up").models([threefold::Model::Threads]).warmup(3).runs(7);
    /// let comparison = compare.fold(0..1000u64, add_up, 0, |sum, part| sum + part)?;
    /// assert_eq!(comparison.rounds, 7); // warm-up folds are not counted
    /// # Ok::<(), threefold_compare::Error>(())
    /// ```
    pub fn warmup(mut self, folds: u32) -> Self {
        self.plan.warmup = folds;
        self
    }

    /// Starts no new round after this time. The default is 20 s. At least one round is run. [`runs`](Self::runs) takes
    /// precedence over the budget.
    ///
    /// ```
    #[doc = include_str!("doc/sum.md")]
    /// use std::time::Duration;
    ///
    /// let compare = Compare::new("add up").models([threefold::Model::Threads]).time_budget(Duration::from_millis(50));
    /// let comparison = compare.fold(0..1000u64, add_up, 0, |sum, part| sum + part)?;
    /// assert!(comparison.rounds >= 1);
    /// # Ok::<(), threefold_compare::Error>(())
    /// ```
    pub fn time_budget(mut self, budget: Duration) -> Self {
        self.plan.time_budget = budget;
        self
    }

    /// What the items of the source are called, in the plural, for instance `boxes`. The default is `items`. No singular is
    /// made of it: a single one is `1 item`.
    ///
    /// ```
    #[doc = include_str!("doc/sum.md")]
    /// let compare = Compare::new("add up").unit("integers").models([threefold::Model::Threads]).runs(7);
    /// let comparison = compare.fold(0..1000u64, add_up, 0, |sum, part| sum + part)?;
    /// assert!(comparison.title().starts_with("add up: 1,000 integers in "));
    /// # Ok::<(), threefold_compare::Error>(())
    /// ```
    pub fn unit(mut self, unit: impl Into<String>) -> Self {
        self.plan.unit = unit.into();
        self
    }

    /// Names a formula that gives the value without a fold. The verdict mentions it.
    ///
    /// ```
    #[doc = include_str!("doc/sum.md")]
    /// let compare = Compare::new("add up").formula("n(a+b)/2").models([threefold::Model::Threads]).runs(7);
    /// let comparison = compare.fold(0..1000u64, add_up, 0, |sum, part| sum + part)?;
    /// let formula = comparison.verdict.reasons.iter().find(|reason| reason.label() == "formula");
    /// assert_eq!(formula.map(|reason| reason.text()), Some("n(a+b)/2 gives this value without a fold"));
    /// # Ok::<(), threefold_compare::Error>(())
    /// ```
    pub fn formula(mut self, formula: impl Into<String>) -> Self {
        self.plan.formula = Some(formula.into());
        self
    }

    /// The seed of the random order of the runs, and of the resampling of the statistics. The default is the same number
    /// each time.
    ///
    /// ```
    #[doc = include_str!("doc/sum.md")]
    /// let compare = Compare::new("add up").seed(42).models([threefold::Model::Threads]).runs(7);
    /// let comparison = compare.fold(0..1000u64, add_up, 0, |sum, part| sum + part)?;
    /// assert_eq!(comparison.seed, 42);
    /// # Ok::<(), threefold_compare::Error>(())
    /// ```
    pub fn seed(mut self, seed: u64) -> Self {
        self.plan.seed = seed;
        self
    }

    /// Ends measuring when `token` is cancelled. What was measured until then is kept, and
    /// [`partial`](crate::Comparison::partial) is set.
    ///
    /// ```
    #[doc = include_str!("doc/sum.md")]
    /// use threefold::CancelToken;
    ///
    /// let token = CancelToken::new();
    /// let canceller = token.clone();
    /// let compare = Compare::new("add up")
    ///     .models([threefold::Model::Threads])
    ///     .runs(1_000_000)
    ///     .cancel(&token)
    ///     .observe(move |progress| if progress.rounds == 8 { canceller.cancel() });
    /// let comparison = compare.fold(0..1000u64, add_up, 0, |sum, part| sum + part)?;
    /// assert!(comparison.partial && comparison.rounds == 8);
    /// # Ok::<(), threefold_compare::Error>(())
    /// ```
    pub fn cancel(mut self, token: &CancelToken) -> Self {
        self.plan.cancel = token.clone();
        self
    }

    /// Calls `observer` between runs with the progress so far.
    ///
    /// ```
    #[doc = include_str!("doc/sum.md")]
    /// let compare = Compare::new("add up")
    ///     .models([threefold::Model::Threads])
    ///     .runs(7)
    ///     .observe(|progress| println!("{:.0}%", progress.share * 100.0));
    /// compare.fold(0..1000u64, add_up, 0, |sum, part| sum + part)?;
    /// # Ok::<(), threefold_compare::Error>(())
    /// ```
    pub fn observe(mut self, observer: impl Fn(&Progress) + Send + Sync + 'static) -> Self {
        self.plan.observer = Some(Arc::new(observer));
        self
    }
}

impl fmt::Debug for Compare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Plan { workload, models, .. } = &self.plan;
        f.debug_struct("Compare").field("workload", workload).field("models", models).finish_non_exhaustive()
    }
}
