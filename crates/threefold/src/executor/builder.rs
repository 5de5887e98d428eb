//! `Builder`: the options of an executor.

mod retrying;

use std::time::Duration;

use super::Executor;
use super::origin::Origin;
use crate::backend::options::Options;
use crate::backend::{make, share};
use crate::error::Result;
use crate::model::Model;
use crate::panics;

/// Collects the options of an executor. [`Executor::builder`] makes a builder, and [`build`](Self::build) makes the
/// executor.
///
/// If the model does not support an option, `build` returns an error that names the models that support it.
///
/// ```
/// use threefold::prelude::*;
///
/// let on = Executor::builder(Model::Threads).workers(4).stack_size(64 << 20).build()?;
/// assert_eq!(on.workers(), 4);
///
/// let error = Executor::builder(Model::Threads).memory_limit(1 << 30).build().unwrap_err();
/// assert!(error.to_string().ends_with("it needs worker processes; use processes or mpi"));
/// # Ok::<(), threefold::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "call `build` to get the executor"]
pub struct Builder {
    pub(super) model: Model,
    pub(super) options: Options,
    pub(super) origin: Origin,
}

impl Builder {
    pub(super) fn new(model: Model) -> Self {
        Self { model, options: Options::default(), origin: Origin::of_program() }
    }

    /// The number of workers that run chunks, 1 to 4096.
    ///
    /// | model | a worker is | default |
    /// |---|---|---|
    /// | sequential | the caller; any number but 1 is refused | 1 |
    /// | async | a thread with an async runtime; the caller is the first | 1 |
    /// | threads | a thread; the caller is the first | the cores that this process may use |
    /// | processes | a worker process; a fold uses at most one for each chunk | the cores that this process may use |
    /// | mpi | a thread in each rank but rank 0; in a job of one rank as on threads | 1 |
    ///
    /// CPU affinity and the quota of a container (cgroup) reduce the cores that a process may use. The caller runs
    /// chunks itself, except on processes and mpi, and except with a [`stack_size`](Self::stack_size).
    ///
    /// ```
    /// use threefold::prelude::*;
    /// assert_eq!(Executor::builder(Model::Threads).workers(2).build()?.workers(), 2);
    /// # Ok::<(), threefold::Error>(())
    /// ```
    pub fn workers(mut self, workers: usize) -> Self {
        self.options.workers = Some(workers);
        self
    }

    /// The largest number of chunks that may be running at the same time: begun and not finished. It is at least 1; the
    /// default is 16,384. The option is for async only; other models refuse it.
    ///
    /// It bounds, for instance, the connections that are open at one time. It counts the chunks of all workers
    /// together, so more workers than chunks in flight are not started.
    ///
    /// ```
    /// use threefold::prelude::*;
    ///
    /// #[task]
    /// async fn next(n: u64) -> u64 {
    ///     std::future::ready(n + 1).await
    /// }
    ///
    /// let on = Executor::builder(Model::Async).in_flight(2).build()?;
    /// assert_eq!(on.map(Items(vec![1, 2, 3]), next)?, [2, 3, 4]);
    /// # Ok::<(), threefold::Error>(())
    /// ```
    pub fn in_flight(mut self, chunks: usize) -> Self {
        self.options.in_flight = Some(chunks);
        self
    }

    /// The tokio runtime of your program on which `async` tasks wait. By default each worker makes a runtime of its own.
    /// The option is for async only; other models refuse it. It needs the feature `async`.
    ///
    /// The tasks use the timers and sockets of this runtime, and what they spawn runs on it. So a task can use a
    /// connection pool or a client that was made there. The chunks themselves are polled on threads of the executor, so
    /// they keep no thread of the runtime busy. The runtime must be running, and must not be shut down, while folds run:
    /// a chunk that waits on a runtime that was shut down fails. A [`timeout`](Self::timeout) and a pause between attempts
    /// need its timers (`enable_time`): without them the fold returns an error.
    ///
    /// With a multi-thread runtime, [all verbs](crate::Executor) work. A blocking verb may be called on a thread of the
    /// runtime: it then uses tokio's `block_in_place`. Inside of a `LocalSet`, where tokio does not allow that, the thread
    /// blocks, and the other tasks of the set wait; with `panic = "abort"` tokio ends the program there.
    ///
    /// A current-thread runtime does nothing while its thread blocks. So on a current-thread runtime, a blocking verb
    /// with an `async` task returns an error; use the [form that gives a future](crate::Executor#awaiting-a-fold), also
    /// for folds inside of a task. Plain functions need no runtime, so they may be folded by any verb.
    ///
    /// ```
    /// use threefold::prelude::*;
    ///
    /// #[task]
    /// async fn wait(milliseconds: u64) -> u64 {
    ///     tokio::time::sleep(std::time::Duration::from_millis(milliseconds)).await;
    ///     milliseconds
    /// }
    ///
    /// # let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    /// # runtime.block_on(async {
    /// let on = Executor::builder(Model::Async).runtime(tokio::runtime::Handle::current()).build()?;
    /// assert_eq!(on.map_async(Items(vec![2, 1]), wait).await?, [2, 1]);
    /// # Ok::<(), threefold::Error>(())
    /// # }).unwrap();
    /// ```
    #[cfg(feature = "async")]
    pub fn runtime(mut self, runtime: tokio::runtime::Handle) -> Self {
        self.options.runtime = Some(runtime);
        self
    }

    /// How long one attempt at a chunk may take, from when the chunk begins; it must be longer than 0 s. It is for
    /// async, processes and mpi; other models, where nothing can stop a chunk, refuse it.
    ///
    /// On processes and mpi the worker, and whatever processes it started, are told to terminate (SIGTERM) and are
    /// killed 100 ms later. On async the future of the chunk is dropped at the await at which it waits. An `async` task
    /// that never awaits cannot be stopped; if it ends too late, its chunk fails with a timeout error too. On async, a
    /// fold of a plain function with a timeout returns an error.
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
    /// assert_eq!(error.to_string(), "wait: chunk 1 (item 1) ran out of time on async: took longer than 20 ms, attempt 1 of 1");
    /// # Ok::<(), threefold::Error>(())
    /// ```
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.options.policy.timeout = Some(timeout);
        self
    }

    /// The private memory that a worker process may have, in bytes, at least 4 MiB: its data segment, heap and private
    /// mappings, which the system counts as `RLIMIT_DATA`. If the system sets a lower limit, that one applies. The
    /// option is for processes and mpi; other models refuse it.
    ///
    /// A worker that asks for more is lost, and the error says so:
    /// [`Error::is_out_of_memory`](crate::Error::is_out_of_memory).
    ///
    /// ```
    /// use threefold::prelude::*;
    ///
    /// #[task]
    /// fn allocate(bytes: usize) -> usize {
    ///     vec![1u8; bytes].len()
    /// }
    ///
    /// # fn main() -> threefold::Result<()> {
    /// threefold::init();
    /// let on = Executor::builder(Model::Processes).memory_limit(256 << 20).build()?;
    /// assert_eq!(on.map(Items(vec![1 << 20]), allocate)?, [1 << 20]);
    /// assert!(on.map(Items(vec![1 << 30]), allocate).unwrap_err().is_out_of_memory());
    /// # Ok(())
    /// # }
    /// ```
    pub fn memory_limit(mut self, bytes: u64) -> Self {
        self.options.memory_limit = Some(bytes);
        self
    }

    /// The number of chunks after which a worker process is replaced by a fresh one, at least 1, for tasks that leak.
    /// By default workers are kept as long as the executor. It is for processes and mpi; other models refuse it.
    ///
    /// ```
    /// use threefold::prelude::*;
    ///
    /// #[task]
    /// fn process_id(_n: u32) -> u32 {
    ///     std::process::id()
    /// }
    ///
    /// # fn main() -> threefold::Result<()> {
    /// threefold::init();
    /// let on = Executor::builder(Model::Processes).workers(1).chunks_per_worker(1).build()?;
    /// let ids = on.map(Items(vec![1, 2]), process_id)?;
    /// assert_ne!(ids[0], ids[1]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn chunks_per_worker(mut self, chunks: usize) -> Self {
        self.options.chunks_per_worker = Some(chunks);
        self
    }

    /// Whether chunks run in worker processes, so that a crash ends one worker, and the fold returns an error. On
    /// processes they always do. On mpi each rank then starts [`workers`](Self::workers) worker processes of its own,
    /// and keeps them as long as the executor; without it a crash ends the rank, and with it the whole job. Other
    /// models refuse it. The default is `false`.
    ///
    /// On mpi these options have the same effect: [`retries`](Self::retries), [`retry_panics`](Self::retry_panics),
    /// [`timeout`](Self::timeout), [`memory_limit`](Self::memory_limit),
    /// [`chunks_per_worker`](Self::chunks_per_worker) and [`bisect`](Self::bisect). So has a fold that keeps going after
    /// failures, such as [`map_results`](crate::Executor::map_results).
    ///
    /// A chunk costs more in a worker process of a rank: its messages go through one process more.
    ///
    /// ```
    /// use threefold::prelude::*;
    ///
    /// #[task]
    /// fn crash(n: u32) -> u32 {
    ///     if n == 7 {
    ///         std::process::abort();
    ///     }
    ///     n
    /// }
    ///
    /// # fn main() -> threefold::Result<()> {
    /// threefold::init();
    /// let on = Executor::builder(Model::Processes).isolate(true).build()?;
    /// assert!(on.for_each(Items(vec![1, 7]), crash).unwrap_err().is_worker_lost());
    ///
    /// let error = Executor::builder(Model::Threads).isolate(true).build().unwrap_err();
    /// assert!(error.to_string().starts_with("isolate cannot be set for threads"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn isolate(mut self, isolate: bool) -> Self {
        self.options.isolate = isolate;
        self
    }

    /// How long a rank of an MPI job may be silent before it counts as lost; it must be longer than 0 s. If a rank is
    /// lost, the fold returns an error that names the rank and the lost chunks. The job is then aborted when `main`
    /// ends. The option is for mpi; other models refuse it.
    ///
    /// A rank is silent if it is stopped, or if its host or the network is gone. A rank that runs a long chunk is not
    /// silent: it answers while it computes. The time in which the caller reduces does not count.
    ///
    /// By default the environment variable `THREEFOLD_RANK_SILENCE` of rank 0 sets the time, in seconds. Without it the
    /// time is 10 s. Ranks are asked four times a second, so the time is exact to about a quarter of a second. In a job of
    /// one rank the option has no effect.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use threefold::prelude::*;
    ///
    /// # #[cfg(feature = "mpi")] {
    /// // Hosts of this cluster may be suspended for some minutes.
    /// let on = Executor::builder(Model::Mpi).silence(Duration::from_secs(600)).build();
    /// # on.unwrap();
    /// # }
    ///
    /// let error = Executor::builder(Model::Threads).silence(Duration::from_secs(600)).build().unwrap_err();
    /// assert!(error.to_string().ends_with("it applies to the ranks of an MPI job; use mpi"));
    /// ```
    pub fn silence(mut self, limit: Duration) -> Self {
        self.options.silence = Some(limit);
        self
    }

    /// Whether a chunk that is lost at its last attempt is bisected: it is halved again and again, to find the smallest
    /// range that is lost too when it is run alone. [`Error::smallest_range`](crate::Error::smallest_range) gives it.
    /// The default is `false`. It is for processes and mpi; other models refuse it.
    ///
    /// Each step runs half of what is left on a worker process, so a chunk of n items takes about log2(n) more losses.
    /// The task must be able to run on a part of a chunk. Elements of [`Items`](crate::Items) cannot be cut.
    /// [`map_results`](crate::Executor::map_results) bisects each chunk that was lost, one after another, when all other
    /// chunks have ended.
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
    /// let on = Executor::builder(Model::Processes).workers(2).bisect(true).build()?;
    /// let error = on.for_each((0..1000).split_into(4), fragile).unwrap_err();
    /// assert_eq!((error.range(), error.smallest_range()), (Some("750..1000"), Some("777..778")));
    /// # Ok(())
    /// # }
    /// ```
    pub fn bisect(mut self, find: bool) -> Self {
        self.options.policy.bisect = find;
        self
    }

    /// The stack of the threads that run chunks, in bytes, at least 65,536 (64 KiB). It is for async and threads; other
    /// models refuse it.
    ///
    /// By default a thread that the executor starts has as much stack as the main thread (`ulimit -s`, usually 8 MiB),
    /// and chunks that the caller runs have the caller's stack. With this option every chunk runs on a thread that the
    /// executor starts, and the caller only waits and reduces.
    ///
    /// There is no upper bound. If the system refuses a thread with so large a stack, `build` returns an error for
    /// which [`Error::is_setup`](crate::Error::is_setup) is `true`. With one worker the first fold returns it.
    ///
    /// ```
    /// use threefold::prelude::*;
    ///
    /// #[task]
    /// fn depth(levels: u64) -> u64 {
    ///     if levels == 0 { 0 } else { 1 + depth(levels - 1) }
    /// }
    ///
    /// let on = Executor::builder(Model::Threads).stack_size(256 << 20).build()?;
    /// assert_eq!(on.map(Items(vec![100_000]), depth)?, [100_000]);
    /// # Ok::<(), threefold::Error>(())
    /// ```
    pub fn stack_size(mut self, bytes: usize) -> Self {
        self.options.stack_size = Some(bytes);
        self
    }

    /// Makes the executor, and starts its threads. Worker processes are started by the first fold that needs them.
    ///
    /// The first executor of the process also wraps the process's panic hook, so that errors can say where a task
    /// panicked: see [the panic hook](crate#the-panic-hook).
    ///
    /// ```
    /// use threefold::prelude::*;
    ///
    /// assert!(Executor::builder(Model::Threads).build().is_ok());
    /// assert!(Executor::builder(Model::Threads).workers(0).build().unwrap_err().is_setup());
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::is_setup`](crate::Error::is_setup) if the model does not support an option or an option is out of its
    /// range, if the model is not in this build or not on this platform, or if the system refuses a thread. Also if the
    /// program has not called [`init`](crate::init()) and the executor needs worker processes, or the program is a rank of
    /// an MPI job. On mpi also if a rank does not answer or runs another build of the program, or if
    /// `THREEFOLD_RANK_SILENCE` is not a number of seconds above 0.
    pub fn build(self) -> Result<Executor> {
        panics::watch();
        self.options.check(self.model)?;
        let options = Options { cores: share::enclosing(), ..self.options };
        let backend = make::backend(self.model, &options)?;
        let origin = self.origin.of_workers(options.workers.is_some());
        Ok(Executor::with(self.model, options.policy, backend, origin))
    }
}
