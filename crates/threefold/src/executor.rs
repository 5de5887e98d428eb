//! `Executor`: the value that runs folds.

use std::fmt;
use std::sync::Arc;

use crate::backend::current::{self, Context};
#[cfg(all(feature = "processes", target_os = "linux"))]
use crate::backend::processes;
use crate::backend::{Home, sequential, share};
use crate::cancel::CancelToken;
use crate::error::Result;
use crate::fold::policy::Policy;
use crate::fold::recording::Recording;
#[cfg(feature = "journal")]
use crate::journal::Journal;
use crate::model::Model;
use crate::source::Pieces;
use crate::task::Task;
use crate::trace::{Event, Observer, Trace};

mod awaiting;
#[cfg(feature = "processes")]
mod bisect;
mod builder;
mod check;
mod combine;
mod drive;
mod feeding;
mod from_env;
#[cfg(feature = "journal")]
mod journaling;
mod map_into;
mod origin;
mod reduction;
mod registered;
mod sharing;
mod stream;
mod verbs;

pub use builder::Builder;
use check::Checked;
use origin::Origin;
pub use reduction::Reduced;
pub use stream::Stream;

/// Runs folds on one model.
///
/// Its methods are the verbs: [`fold`](Self::fold), [`try_fold`](Self::try_fold), [`map`](Self::map),
/// [`map_results`](Self::map_results), [`map_into`](Self::map_into), [`for_each`](Self::for_each) and
/// [`combine`](Self::combine). Each blocks until its result is there. In async code, use the
/// [forms that give a future](#awaiting-a-fold), such as [`fold_async`](Self::fold_async). [`stream`](Self::stream) gives
/// the outputs one by one.
///
/// An executor is cheap to clone. All clones share the same workers, which end when the last clone is dropped. Several
/// threads may fold on one executor at the same time, and a task may fold too: see [`current`](Self::current).
///
/// Make one executor and keep it: threads and worker processes are started once and serve all its folds.
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
///
/// # Logs and traces
///
/// With the feature `tracing`, the subscriber of the thread that begins a fold is told what the tasks of the fold do, on
/// every model and before the verb returns:
///
/// - A fold is a span `fold`, with the target `threefold::fold`, within the current span of the thread. Its fields are
///   `task`, `model`, `chunks` and `workers`. A stream of an iterator has no `chunks`.
/// - Each attempt at a chunk is a span `chunk` within it, with the target `threefold::chunk`. Its fields are `task`,
///   `chunk` (the number), `range`, `worker`, `model` and `attempt`.
/// - Events and spans of the task are within the span of its chunk. So are those of folds that the task nests.
///
/// Both spans have the level INFO. A filter such as `info,threefold=off` disables them, and then the events of tasks are
/// within the caller's own span. The subscriber may be that of the whole program or of the calling thread only. A fold
/// that is awaited, and a stream, have the subscriber and the span of the thread that polls them first.
///
/// ```
/// use threefold::prelude::*;
///
/// #[task]
/// fn halve(n: u32) -> u32 {
///     if n % 2 == 1 {
///         tracing::warn!(n, "the half is rounded down");
///     }
///     n / 2
/// }
///
/// # fn main() -> threefold::Result<()> {
/// threefold::init();
/// tracing_subscriber::fmt().init();
/// // WARN fold{task="halve" model=processes chunks=2 workers=2}:chunk{task="halve" chunk=1 range="item 1" worker=1
/// // model=processes attempt=1}: program: the half is rounded down n=3
/// Executor::builder(Model::Processes).workers(2).build()?.for_each(Items(vec![2, 3]), halve)?;
/// # Ok(())
/// # }
/// ```
///
/// Worker processes and MPI ranks stop in [`init`](crate::init()), before the program sets a subscriber. Threefold sets one
/// there, which collects events, spans and records of the crate `log`. They are sent with the answer of their chunk, and
/// the program's own subscriber and logger are told then. So the time that a subscriber adds is the time at which the
/// answer came; [`trace`](Self::trace) says when a chunk ran. Records of `log` go to the program's logger, for instance to
/// the bridge of `tracing-log`, without their key-value pairs.
///
/// - A worker is told the most verbose level that any subscriber wants, and makes no events beyond it. All further filters
///   apply where the subscriber is.
/// - The events of a chunk that panics arrive, too. If a worker process is killed, those of the chunk that it was running
///   are lost. The chunk has a span all the same, at the time of the loss.
/// - A worker keeps at most 4 MiB of the events of one chunk, and at most 8 MiB with its errors and warnings: it does not
///   know which events a filter wants. How many are missing beyond this is an event with the level WARN and the target
///   `threefold`, or a log record if there is only a logger.
/// - Events of threads that a task starts arrive from worker processes. If such a thread outlives its chunk, then what
///   it tells later counts for the next chunk of that worker, or is lost if the fold has no next chunk there. In other places
///   the subscriber of these threads is that of the whole program, if there is one; in MPI ranks there is none.
/// - If the subscriber panics within a task, the task panics. If it panics when it is told of a worker elsewhere, the fold
///   is cancelled, and the panic unwinds from the verb.
#[derive(Clone)]
pub struct Executor {
    model: Model,
    policy: Policy,
    home: Arc<Home>,
    origin: Origin,
    extras: Extras,
    checked: Checked,
}

/// What only some folds want: to be cancelled, observed, traced, recorded.
#[derive(Clone, Default)]
struct Extras {
    tokens: Vec<CancelToken>,
    observers: Vec<Observer>,
    traces: Vec<Trace>,
    #[cfg(feature = "journal")]
    journal: Option<Journal>,
}

impl Executor {
    /// Begins to record a fold of so many chunks, if there is a journal.
    fn recording<P, T>(&self, pieces: &P, task: &T, chunks: u64) -> Result<Option<Box<Recording>>>
    where
        P: Pieces<Chunk = T::Chunk>,
        T: Task,
    {
        #[cfg(feature = "journal")]
        if let Some(journal) = &self.extras.journal {
            return self.record(journal, pieces, task, chunks);
        }
        let _ = (pieces, task, chunks);
        Ok(None)
    }

    /// Whether folds are recorded.
    fn has_journal(&self) -> bool {
        #[cfg(feature = "journal")]
        return self.extras.journal.is_some();
        #[cfg(not(feature = "journal"))]
        false
    }

    fn with(model: Model, policy: Policy, home: Arc<Home>, origin: Origin) -> Self {
        Self { model, policy, home, origin, extras: Extras::default(), checked: Checked::default() }
    }

    /// Makes an executor with the default options of `model`.
    ///
    /// ```
    /// use threefold::prelude::*;
    ///
    /// let on = Executor::new(Model::Sequential)?;
    /// assert_eq!((on.model(), on.workers()), (Model::Sequential, 1));
    /// # Ok::<(), threefold::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::is_setup`](crate::Error::is_setup) if the model is not in this build or not on this platform, if the
    /// system refuses a thread, or if the program has not called [`init`](crate::init()) and the executor needs it.
    /// [`Builder::build`] names all reasons.
    pub fn new(model: Model) -> Result<Self> {
        Self::builder(model).build()
    }

    /// Begins an executor with options of your own; [`Builder::build`] makes it.
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

    /// The executor that runs the current task, for folds inside of the task. Outside of tasks it is a sequential
    /// executor, so that a task that folds can also be called as a plain function.
    ///
    /// On threads the same pool helps with the nested fold, and on async it runs on the same workers. In a worker
    /// process or an MPI rank it runs in that worker, one chunk after another, because workers start no workers. A
    /// nested fold always finishes, at any depth: its caller needs no other worker to make progress. It ends early when
    /// the fold that it is nested in does.
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
        let inline = || sequential::inline(share::enclosing());
        let running = current::get().and_then(|context| match context {
            Context::Fold(fold) => Some((fold.model, fold.policy.clone(), fold.home()?)),
            // Workers start no workers.
            #[cfg(all(feature = "processes", target_os = "linux"))]
            Context::Parent => Some((processes::worker::model(), Policy::default(), inline())),
            #[cfg(all(feature = "mpi", target_os = "linux"))]
            Context::Rank(_) => Some((Model::Mpi, Policy::default(), inline())),
        });
        let (model, policy, home) = running.unwrap_or_else(|| (Model::Sequential, Policy::default(), inline()));
        Self::with(model, policy, home, Origin::default())
    }

    /// The model of this executor.
    ///
    /// ```
    /// use threefold::prelude::*;
    /// assert_eq!(Executor::new(Model::Threads)?.model(), Model::Threads);
    /// # Ok::<(), threefold::Error>(())
    /// ```
    pub fn model(&self) -> Model {
        self.model
    }

    /// The largest number of workers that one fold can have, at least 1.
    ///
    /// ```
    /// use threefold::prelude::*;
    /// assert_eq!(Executor::builder(Model::Threads).workers(3).build()?.workers(), 3);
    /// # Ok::<(), threefold::Error>(())
    /// ```
    pub fn workers(&self) -> usize {
        self.home.workers()
    }

    /// An executor with the same workers, whose folds end early when `token` is cancelled. With several tokens, any one
    /// of them ends the fold.
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

    /// An executor with the same workers, whose folds tell `observer` of each [`Event`]: every chunk that starts or is
    /// finished, every failure at once, every retry, and how far the fold has come. With several observers, each of them
    /// is told. [`Event`] says [when](Event#when-events-are-told).
    ///
    /// The observer is called on the thread on which the event happens, perhaps on several threads at once, so it
    /// should be quick: on the local models its time counts as time of the chunk that has started. The clock is read
    /// twice more for each chunk.
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
    ///
    /// # Panics
    ///
    /// A panic of an observer cancels the fold and then unwinds from the verb. The fold calls no observer again after
    /// it.
    pub fn observe(&self, observer: impl Fn(&Event<'_>) + Send + Sync + 'static) -> Self {
        let mut on = self.clone();
        on.extras.observers.push(Arc::new(observer));
        on
    }

    /// An executor with the same workers, whose folds add their [`Span`](crate::Span)s to `trace`: which worker ran
    /// which chunk, and when. The spans are added when the fold ends, also when it fails.
    ///
    /// The clock is read twice more for each chunk.
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
