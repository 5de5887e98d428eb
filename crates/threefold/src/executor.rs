//! `Executor`: the running thing that folds are asked of, and how it is made.

use std::fmt;
use std::sync::Arc;

use crate::backend::{self, Backend};
use crate::cancel::CancelToken;
use crate::current;
use crate::error::{Result, TryError};
use crate::model::Model;
use crate::options::Options;
use crate::panics;
use crate::source::Source;
use crate::task::Task;
use crate::trace::{Event, Trace};
use crate::view::{Reduced, View};

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
/// let total = on.fold((1..=1_000_000).split(4), calculate_sum, 0, |sum, part| sum + part)?;
/// assert_eq!(total, 500_000_500_000);
/// # Ok::<(), threefold::Error>(())
/// ```
#[derive(Clone)]
pub struct Executor {
    pub(crate) model: Model,
    pub(crate) backend: Arc<dyn Backend>,
}

/// An executor in the making: see [`Executor::builder`].
#[derive(Clone, Debug)]
#[must_use = "call `build` to get the executor"]
pub struct Builder {
    model: Model,
    options: Options,
}

impl Builder {
    /// How many workers to run chunks on, 1 to 4096.
    ///
    /// | model | workers are | default |
    /// |---|---|---|
    /// | sequential | the caller; any number but 1 is an error | 1 |
    /// | async | threads of the runtime | 1 |
    /// | threads | the caller and n - 1 threads more | the cores that this process may use |
    /// | processes | worker processes, at most as many as a fold has chunks | the same |
    pub fn workers(mut self, workers: usize) -> Self {
        self.options.workers = Some(workers);
        self
    }

    /// How many chunks may be begun and not done at once on async, at least 1; 16,384 by default. An error on the other
    /// models.
    pub fn in_flight(mut self, chunks: usize) -> Self {
        self.options.in_flight = Some(chunks);
        self
    }

    /// Makes the executor.
    ///
    /// # Errors
    ///
    /// [`Error::is_setup`]: the model cannot do what was asked for, is not in this build, or could not be started.
    pub fn build(self) -> Result<Executor> {
        panics::watch();
        Ok(Executor { model: self.model, backend: self.model.backend(&self.options)? })
    }
}

impl Executor {
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
        Builder { model, options: Options::default() }
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
        let running = context.and_then(|context| Some((context.model, context.backend.upgrade()?)));
        let (model, backend) = running.unwrap_or_else(|| (Model::Sequential, backend::sequential::inline()));
        Self { model, backend }
    }

    /// The model of this executor.
    pub fn model(&self) -> Model {
        self.model
    }

    /// How many workers a fold has at most.
    pub fn workers(&self) -> usize {
        self.backend.workers()
    }

    fn view<'a>(&self) -> View<'a> {
        View::new(self.clone())
    }

    /// This executor for folds that end when `token` is cancelled.
    pub fn cancel(&self, token: &CancelToken) -> View<'static> {
        self.view().cancel(token)
    }

    /// This executor for folds whose events `observer` is told: each chunk that is done, each failure at once.
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
    /// watched.for_each((0..100).split(10), add_up)?;
    /// assert_eq!(done.load(Ordering::Relaxed), 10);
    /// # Ok::<(), threefold::Error>(())
    /// ```
    pub fn observe(&self, observer: impl Fn(&Event<'_>) + Send + Sync + 'static) -> View<'static> {
        self.view().observe(observer)
    }

    /// This executor for folds whose spans - which worker ran which chunk, when - are added to `trace`.
    pub fn trace<'a>(&self, trace: &'a mut Trace) -> View<'a> {
        self.view().trace(trace)
    }

    /// Maps every chunk of `source` with `task` and reduces the outputs in chunk order:
    /// `source.chunks().map(task).fold(init, reduce)`, with the chunks run by whatever runs them.
    ///
    /// `reduce` runs on the caller's thread, for chunk 0 first, while later chunks are still being run. The result
    /// is the same on every model, to the bit. An empty source gives `init`. A panic in `reduce` cancels the fold and
    /// unwinds from here.
    ///
    /// # Errors
    ///
    /// The failure of the lowest failing chunk, which is the one that a sequential run meets: a panic of the task, or
    /// the loss of its worker. Also a cancelled fold, and one that cannot be started.
    pub fn fold<S, T, A>(&self, source: S, task: T, init: A, reduce: impl FnMut(A, T::Output) -> A) -> Result<A>
    where
        S: Source,
        T: Task<Chunk = S::Chunk>,
    {
        self.view().fold(source, task, init, reduce)
    }

    /// The fold of a task that can fail: its first `Err`, in chunk order, ends the fold and is returned with the number
    /// of its chunk.
    ///
    /// `reduce` gives the next value, or a `Result` of it: an `Err` there ends the fold likewise. Sums that must not
    /// overflow are an example:
    ///
    /// ```
    /// use std::ops::Range;
    /// use threefold::TryError;
    /// use threefold::prelude::*;
    ///
    /// #[task]
    /// fn product(chunk: Range<u32>) -> Result<u32, String> {
    ///     chunk.clone().try_fold(1, u32::checked_mul).ok_or(format!("{chunk:?} overflows"))
    /// }
    ///
    /// let on = Executor::new(Model::Threads)?;
    /// let checked = |total: u32, part| total.checked_mul(part).ok_or("the total overflows".to_string());
    /// assert_eq!(on.try_fold((1..10).split(3), product, 1, checked).unwrap(), 362_880);
    ///
    /// let error = on.try_fold((1..20).split(2), product, 1, checked).unwrap_err();
    /// assert_eq!(error.to_string(), "chunk 1: 11..20 overflows");
    /// # Ok::<(), threefold::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`TryError::Task`] with the error of the lowest failing chunk; [`TryError::Failed`] where [`fold`](Self::fold)
    /// would fail and no chunk below gave an `Err`.
    pub fn try_fold<S, T, A, O, E, R>(
        &self,
        source: S,
        task: T,
        init: A,
        reduce: impl FnMut(A, O) -> R,
    ) -> Result<A, TryError<E>>
    where
        S: Source,
        T: Task<Chunk = S::Chunk, Output = Result<O, E>>,
        R: Reduced<A, E>,
    {
        self.view().try_fold(source, task, init, reduce)
    }

    /// The outputs of all chunks, in chunk order.
    ///
    /// # Errors
    ///
    /// As for [`fold`](Self::fold).
    pub fn map<S, T>(&self, source: S, task: T) -> Result<Vec<T::Output>>
    where
        S: Source,
        T: Task<Chunk = S::Chunk>,
    {
        self.view().map(source, task)
    }

    /// Runs `task` on every chunk for what it does; outputs are dropped.
    ///
    /// # Errors
    ///
    /// As for [`fold`](Self::fold).
    pub fn for_each<S, T>(&self, source: S, task: T) -> Result<()>
    where
        S: Source,
        T: Task<Chunk = S::Chunk>,
    {
        self.view().for_each(source, task)
    }
}

impl fmt::Debug for Executor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Executor").field("model", &self.model).field("workers", &self.workers()).finish()
    }
}
