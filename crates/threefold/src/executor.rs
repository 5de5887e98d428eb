//! `Executor`: the value that folds are asked of.

use std::fmt;
use std::sync::Arc;

use crate::backend::current;
use crate::backend::{Backend, sequential};
use crate::cancel::CancelToken;
use crate::error::Result;
use crate::fold::policy::Policy;
use crate::model::Model;
use crate::trace::{Event, Observer, Trace};

#[cfg(feature = "processes")]
mod bisect;
mod builder;
mod check;
mod drive;
mod verbs;

pub use builder::Builder;
use check::Checked;
pub use verbs::Reduced;

/// Runs folds on one model. Cheap to clone; clones share the same workers, which end when the last clone is dropped.
///
/// ```
/// use std::ops::RangeInclusive;
/// use threefold::prelude::*;
///
/// #[task]
/// fn calculate_sum(chunk: RangeInclusive<i64>) -> i128 {
///     chunk.map(i128::from).sum()
/// }
///
/// let on = Executor::new(Model::Threads)?;
/// let total = on.fold((1..=1_000_000).split_into(4), calculate_sum, 0, |sum, part| sum + part)?;
/// assert_eq!(total, 500_000_500_000);
/// # Ok::<(), threefold::Error>(())
/// ```
#[derive(Clone)]
pub struct Executor {
    model: Model,
    policy: Policy,
    backend: Arc<dyn Backend>,
    extras: Extras,
    checked: Checked,
}

/// What some folds only want besides: to be cancelled, observed, traced.
#[derive(Clone, Default)]
struct Extras {
    tokens: Vec<CancelToken>,
    observers: Vec<Observer>,
    traces: Vec<Trace>,
}

impl Executor {
    fn with(model: Model, policy: Policy, backend: Arc<dyn Backend>) -> Self {
        Self { model, policy, backend, extras: Extras::default(), checked: Checked::default() }
    }

    /// An executor with the defaults of its model.
    ///
    /// # Errors
    ///
    /// As for [`Builder::build`].
    pub fn new(model: Model) -> Result<Self> {
        Self::builder(model).build()
    }

    /// An executor with options.
    ///
    /// ```
    /// use threefold::prelude::*;
    /// let on = Executor::builder(Model::Threads).workers(2).build()?;
    /// assert_eq!(on.workers(), 2);
    /// assert!(Executor::builder(Model::Sequential).workers(2).build().is_err());
    /// # Ok::<(), threefold::Error>(())
    /// ```
    pub fn builder(model: Model) -> Builder {
        Builder::new(model)
    }

    /// The executor that runs this task, for folds within it; outside of tasks a sequential one.
    ///
    /// A nested fold on threads is helped by the same pool and on async it runs on the same runtime; in a worker
    /// process it runs in that worker, chunk after chunk, since workers start no workers.
    ///
    /// ```
    /// use threefold::prelude::*;
    ///
    /// #[task]
    /// fn row(y: std::ops::Range<u64>) -> u64 {
    ///     let area = |y| Executor::current().fold(0..100, cell, 0, |sum, part| sum + part * y);
    ///     y.map(|y| area(y).unwrap()).sum()
    /// }
    ///
    /// #[task]
    /// fn cell(x: std::ops::Range<u64>) -> u64 {
    ///     x.sum()
    /// }
    ///
    /// assert_eq!(Executor::new(Model::Threads)?.fold(0..100, row, 0, |sum, part| sum + part)?, 4950 * 4950);
    /// # Ok::<(), threefold::Error>(())
    /// ```
    pub fn current() -> Self {
        let context = current::get();
        let running = context.and_then(|context| Some((context.model, context.policy, context.backend.upgrade()?)));
        let (model, policy, backend) =
            running.unwrap_or_else(|| (Model::Sequential, Policy::default(), sequential::inline()));
        Self::with(model, policy, backend)
    }

    /// The model of this executor.
    pub fn model(&self) -> Model {
        self.model
    }

    /// How many workers a fold has at most.
    pub fn workers(&self) -> usize {
        self.backend.workers()
    }

    /// The same executor for folds that end early when `token` is cancelled. Of several tokens, any one ends the fold.
    ///
    /// ```
    /// use threefold::CancelToken;
    /// use threefold::prelude::*;
    ///
    /// #[task]
    /// fn add_up(chunk: std::ops::Range<u64>) -> u64 {
    ///     chunk.sum()
    /// }
    ///
    /// let token = CancelToken::new();
    /// token.cancel();
    /// let on = Executor::new(Model::Threads)?.cancel(&token);
    /// assert!(on.for_each(0..100, add_up).unwrap_err().is_cancelled());
    /// # Ok::<(), threefold::Error>(())
    /// ```
    pub fn cancel(&self, token: &CancelToken) -> Self {
        let mut on = self.clone();
        on.extras.tokens.push(token.clone());
        on
    }

    /// The same executor for folds whose events `observer` is told: each chunk that is done, each failure at once. Of
    /// several observers, every one is told.
    ///
    /// It is called on whichever thread the event happens, so it should be quick. Watching costs two readings of the
    /// clock for each chunk.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use std::sync::atomic::{AtomicU64, Ordering};
    /// use threefold::Event;
    /// use threefold::prelude::*;
    ///
    /// #[task]
    /// fn add_up(chunk: std::ops::Range<u64>) -> u64 {
    ///     chunk.sum()
    /// }
    ///
    /// let done = Arc::new(AtomicU64::new(0));
    /// let count = Arc::clone(&done);
    /// let on = Executor::new(Model::Threads)?;
    /// let watched = on.observe(move |event| {
    ///     if let Event::Finished(_) = event {
    ///         count.fetch_add(1, Ordering::Relaxed);
    ///     }
    /// });
    /// watched.for_each((0..100).split_into(10), add_up)?;
    /// assert_eq!(done.load(Ordering::Relaxed), 10);
    /// # Ok::<(), threefold::Error>(())
    /// ```
    pub fn observe(&self, observer: impl Fn(&Event<'_>) + Send + Sync + 'static) -> Self {
        let mut on = self.clone();
        on.extras.observers.push(Arc::new(observer));
        on
    }

    /// The same executor for folds whose spans - which worker ran which chunk, when - are added to `trace`.
    ///
    /// ```
    /// use threefold::Trace;
    /// use threefold::prelude::*;
    ///
    /// #[task]
    /// fn add_up(chunk: std::ops::Range<u64>) -> u64 {
    ///     chunk.sum()
    /// }
    ///
    /// let trace = Trace::new();
    /// Executor::new(Model::Threads)?.trace(&trace).for_each((0..100).split_into(4), add_up)?;
    /// assert_eq!(trace.spans().len(), 4);
    /// # Ok::<(), threefold::Error>(())
    /// ```
    pub fn trace(&self, trace: &Trace) -> Self {
        let mut on = self.clone();
        on.extras.traces.push(trace.clone());
        on
    }
}

impl fmt::Debug for Executor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Executor").field("model", &self.model).field("workers", &self.workers()).finish()
    }
}
