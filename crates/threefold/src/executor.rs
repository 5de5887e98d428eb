//! `Executor`: the running thing that folds are asked of, and how it is made.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::backend::{Backend, sequential};
use crate::cancel::CancelToken;
use crate::current;
use crate::error::{Result, TryError};
use crate::model::Model;
use crate::options::{Options, Policy};
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
    pub(crate) policy: Policy,
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

    /// How often a chunk whose worker is lost is run again, each time on a fresh worker; 0 by default.
    ///
    /// The answer is the same, to the bit, as without the loss. A chunk that is lost every time is given up and named.
    /// Only worker processes can be lost; on async a missed [`timeout`](Self::timeout) counts as well.
    ///
    /// ```
    /// use threefold::prelude::*;
    ///
    /// /// Dies once, and leaves a note that it did.
    /// #[task]
    /// fn moody(note: std::path::PathBuf) -> u8 {
    ///     if std::fs::remove_file(&note).is_ok() {
    ///         std::process::abort();
    ///     }
    ///     1
    /// }
    ///
    /// # fn main() -> threefold::Result<()> {
    /// threefold::init();
    /// let note = std::env::temp_dir().join(format!("threefold-doc-{}", std::process::id()));
    /// std::fs::write(&note, "").unwrap();
    /// let on = Executor::builder(Model::Processes).workers(1).retries(1).build()?;
    /// assert_eq!(on.map(Items(vec![note]), moody)?, [1]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn retries(mut self, retries: u32) -> Self {
        self.options.policy.retries = retries;
        self
    }

    /// Whether a chunk that panics is run again like one that was lost; it is not by default, since most panics come
    /// again.
    pub fn retry_panics(mut self, retry: bool) -> Self {
        self.options.policy.retry_panics = retry;
        self
    }

    /// How long a chunk may take, from its own beginning.
    ///
    /// On processes the worker and what it started are told to terminate and 100 ms later are killed. On async the
    /// chunk of an `async` task is dropped at its await; a plain function cannot be stopped there, and is an error of
    /// the fold. An error on the other models, where nothing can be stopped from outside.
    ///
    /// ```
    /// use std::time::Duration;
    /// use threefold::prelude::*;
    ///
    /// #[task]
    /// async fn wait(seconds: u64) {
    ///     tokio::time::sleep(Duration::from_secs(seconds)).await;
    /// }
    ///
    /// let on = Executor::builder(Model::Async).timeout(Duration::from_millis(20)).build()?;
    /// let error = on.for_each(Items(vec![0, 3600]), wait).unwrap_err();
    /// assert!(error.is_timeout());
    /// assert_eq!(error.to_string(), "wait: chunk 1 (item 1) ran out of time on async: stopped after 20 ms, attempt 1 of 1");
    /// # Ok::<(), threefold::Error>(())
    /// ```
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.options.policy.timeout = Some(timeout);
        self
    }

    /// How many bytes of private memory a worker process may have (its data segment, heap and private mappings:
    /// `RLIMIT_DATA`). One that asks for more is lost, out of memory. An error on the other models.
    pub fn memory_limit(mut self, bytes: u64) -> Self {
        self.options.memory_limit = Some(bytes);
        self
    }

    /// After how many chunks a worker process is replaced by a fresh one, for work that leaks. An error on the other
    /// models.
    pub fn chunks_per_worker(mut self, chunks: usize) -> Self {
        self.options.chunks_per_worker = Some(chunks);
        self
    }

    /// Whether a chunk whose worker is lost, after its retries, is taken apart to find the smallest piece that is lost
    /// too: [`Error::culprit`](crate::Error::culprit) names it. Each step runs half of what is left on worker processes,
    /// so the task must be able to run on part of a chunk; elements of [`Items`](crate::Items) are not taken apart. An error on the other
    /// models.
    ///
    /// ```
    /// use threefold::prelude::*;
    ///
    /// #[task]
    /// fn fragile(chunk: std::ops::Range<u32>) -> u32 {
    ///     if chunk.contains(&777) {
    ///         std::process::abort();
    ///     }
    ///     chunk.end
    /// }
    ///
    /// # fn main() -> threefold::Result<()> {
    /// threefold::init();
    /// let on = Executor::builder(Model::Processes).workers(2).find_culprit(true).build()?;
    /// let error = on.for_each((0..1000).split(4), fragile).unwrap_err();
    /// assert_eq!((error.range(), error.culprit()), (Some("750..1000"), Some("777..778")));
    /// # Ok(())
    /// # }
    /// ```
    pub fn find_culprit(mut self, find: bool) -> Self {
        self.options.policy.find_culprit = find;
        self
    }

    /// Makes the executor.
    ///
    /// # Errors
    ///
    /// [`Error::is_setup`](crate::Error::is_setup): the model cannot do what was asked for, is not in this build, or
    /// could not be started.
    pub fn build(self) -> Result<Executor> {
        panics::watch();
        self.options.check(self.model)?;
        let backend = self.model.backend(&self.options)?;
        Ok(Executor { model: self.model, policy: self.options.policy, backend })
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
        let running = context.and_then(|context| Some((context.model, context.policy, context.backend.upgrade()?)));
        let (model, policy, backend) =
            running.unwrap_or_else(|| (Model::Sequential, Policy::default(), sequential::inline()));
        Self { model, policy, backend }
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

    /// What became of each chunk, in chunk order: its output or its own failure. Nothing is given up because something
    /// else failed.
    ///
    /// ```
    /// use threefold::prelude::*;
    ///
    /// #[task]
    /// fn reciprocal(n: u32) -> u32 {
    ///     100 / n
    /// }
    ///
    /// let outcomes = Executor::new(Model::Threads)?.outcomes(Items(vec![2, 0, 5]), reciprocal)?;
    /// assert_eq!(outcomes.iter().flatten().collect::<Vec<_>>(), [&50, &20]);
    /// assert!(outcomes[1].as_ref().unwrap_err().is_panic());
    /// # Ok::<(), threefold::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// A cancelled fold, and one that cannot be started or go on: failures that are no chunk's own.
    pub fn outcomes<S, T>(&self, source: S, task: T) -> Result<Vec<Result<T::Output>>>
    where
        S: Source,
        T: Task<Chunk = S::Chunk>,
    {
        self.view().outcomes(source, task)
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
