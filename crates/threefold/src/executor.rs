//! `Executor`: the value that runs folds.

use std::fmt;
use std::sync::Arc;

use crate::backend::current::{self, Context};
#[cfg(all(feature = "processes", target_os = "linux"))]
use crate::backend::processes;
use crate::backend::{Home, sequential, share};
use crate::error::Result;
use crate::fold::policy::Policy;
use crate::model::Model;

mod awaiting;
#[cfg(feature = "processes")]
mod bisect;
mod builder;
mod check;
mod combine;
mod drive;
mod extras;
mod feeding;
mod from_env;
#[cfg(feature = "journal")]
mod journaling;
mod map_into;
mod origin;
mod reduction;
mod registered;
mod stream;
mod taker;
mod verbs;

pub use builder::Builder;
use check::Checked;
use extras::Extras;
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
/// The drop of the last clone waits for the threads of the executor, and so for the destructors of thread-local values that
/// tasks have made on them. So hold no lock that such a destructor takes.
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
/// With the feature `tracing`, the subscriber of the thread that begins a fold receives what the tasks of the fold log,
/// on every model and before the verb returns:
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
/// there, which collects events, spans and records of the crate `log`. They are sent with the answer of their chunk,
/// and the program's own subscriber and logger receive them then. So the time that a subscriber adds is the time at
/// which the answer came; [`trace`](Self::trace) says when a chunk ran. Records of `log` go to the program's logger,
/// for instance to the bridge of `tracing-log`, without their key-value pairs.
///
/// - A worker receives the most verbose level that any subscriber wants, and makes no events beyond it. All further
///   filters apply where the subscriber is.
/// - The events of a chunk that panics arrive, too. If a worker process is killed, those of the chunk that it was running
///   are lost. The chunk has a span all the same, at the time of the loss.
/// - A worker keeps at most 4 MiB of the events of one chunk, and 4 MiB more for its errors and warnings: it does not
///   know which events a filter wants. If there are more, the rest is dropped. An event with the level WARN and the
///   target `threefold` then says how many were dropped; if there is only a logger, it is a log record.
/// - Events of threads that a task starts arrive from worker processes. If such a thread outlives its chunk, its later
///   events are added to the next chunk of that worker, or are lost if the fold has no next chunk there. In other
///   places the subscriber of these threads is that of the whole program, if there is one; in MPI ranks there is none.
/// - If the subscriber panics within a task, the task panics. If it panics when it receives an event of a worker
///   elsewhere, or when a worker leaves the span of the caller, the fold is cancelled, and the panic unwinds from the
///   verb.
#[derive(Clone)]
pub struct Executor {
    model: Model,
    policy: Policy,
    home: Arc<Home>,
    origin: Origin,
    extras: Extras,
    checked: Checked,
}

impl Executor {
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

    /// How many threads a task should use itself, at least 1: the cores that this process may use, divided by the
    /// workers that share them.
    ///
    /// A task may call code that has threads of its own: rayon, OpenMP, a library for matrices. If each of n workers did
    /// so on all n cores, there would be n times n threads. A task asks [`Executor::current`](Self::current) for its
    /// share:
    ///
    /// ```
    /// use threefold::prelude::*;
    ///
    /// #[task]
    /// fn add_up(chunk: Slice<u64>) -> u64 {
    ///     let threads = Executor::current().share();
    ///     std::thread::scope(|scope| {
    ///         let parts = chunk.chunks(chunk.len().div_ceil(threads));
    ///         let sums: Vec<_> = parts.map(|part| scope.spawn(move || part.iter().sum::<u64>())).collect();
    ///         sums.into_iter().map(|sum| sum.join().unwrap()).sum()
    ///     })
    /// }
    ///
    /// let on = Executor::builder(Model::Threads).workers(2).build()?;
    /// let cores = std::thread::available_parallelism().unwrap().get();
    /// assert_eq!(on.share(), (cores / 2).max(1));
    /// assert_eq!(on.fold(vec![1; 1000], add_up, 0, |sum, part| sum + part)?, 1000);
    /// # Ok::<(), threefold::Error>(())
    /// ```
    ///
    /// - CPU affinity and the quota of a container (cgroup) reduce the cores of a process. They are counted once for an
    ///   executor.
    /// - All workers count, also if a fold has fewer chunks than workers. To have more threads in each task, ask for
    ///   fewer [`workers`](Builder::workers).
    /// - An executor that is made inside of a task divides the share of this task.
    /// - In worker processes, also those of MPI ranks, the share is set in the environment variables that libraries
    ///   read, so the task need not do anything. They are set before `main` of the worker begins, unless the user has
    ///   set them: `OMP_NUM_THREADS`, `OPENBLAS_NUM_THREADS`, `MKL_NUM_THREADS`, `BLIS_NUM_THREADS`,
    ///   `RAYON_NUM_THREADS`, `POLARS_MAX_THREADS`, `NUMBA_NUM_THREADS` and `NUMEXPR_NUM_THREADS`. If the user has set
    ///   `OMP_NUM_THREADS`, the variables that libraries read in its absence are not set either.
    /// - On sequential, async and threads all tasks share the environment of the program, so Threefold sets no
    ///   variables. A task has to limit such libraries itself. rayon's global pool has a thread for each core and is
    ///   shared by all tasks; for OpenMP, which has a team of threads for each worker, call `omp_set_num_threads`.
    /// - On mpi a task in a rank has the cores of its rank, divided by the threads of the rank. If the launcher has not
    ///   bound the ranks to cores, the ranks of a host share its cores. In rank 0, `share` is computed from the cores
    ///   of rank 0.
    /// - A rank is considered bound if it may use fewer cores than its host has. In a container, or in an allocation
    ///   that is a part of a host, this is so for every rank. If the launcher has not bound the ranks there, each of
    ///   them counts the same cores, and together they use too many threads. So have the launcher bind the ranks.
    pub fn share(&self) -> usize {
        self.home.share()
    }
}

impl fmt::Debug for Executor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Executor").field("model", &self.model).field("workers", &self.workers()).finish()
    }
}
