//! The verbs as futures: for callers that must not block, such as tasks of an async runtime.

use super::room_for;
use crate::error::{Result, TryError};
use crate::executor::Executor;
use crate::executor::reduction::{Reduced, ToErr, ToList, ToNothing, ToResults, ToValue};
use crate::source::Source;
use crate::task::{Task, TaskOf};

/// # Awaiting a fold
///
/// Each verb has a form that gives a future, on every model: [`fold_async`](Self::fold_async),
/// [`try_fold_async`](Self::try_fold_async), [`map_async`](Self::map_async),
/// [`map_results_async`](Self::map_results_async), [`for_each_async`](Self::for_each_async) and
/// [`combine_async`](Self::combine_async). The result and the error are those of the blocking verb. The futures need no
/// runtime: tokio, any other executor, or a loop of your own may poll them.
///
/// - **Nothing blocks the thread that polls.** Chunks never run on it. The fold begins at the first poll. It then has a
///   thread of its own until it ends. This thread runs chunks, as the caller of a blocking verb does, or it talks with
///   worker processes or MPI ranks. So each fold that is being awaited costs one thread. The executor keeps one of these
///   threads for its next awaited fold.
/// - **`reduce` runs where the future is polled.** After about 0.1 ms of reductions the future gives way to other tasks of
///   the runtime. `reduce` may borrow, and the future then borrows the same values.
/// - **What tasks print is printed by other threads**, on processes too. They wait while somebody holds the lock of the
///   standard output. So if tasks print there, do not block on the future while you hold it: neither would go on.
/// - **The future is `Send`** if `init` and `reduce` are, so that it can be given to `tokio::spawn`.
/// - **Dropping the future cancels the fold**, as a [`CancelToken`](crate::CancelToken) does. The drop returns at once.
///   No further chunk starts. Worker processes that run a chunk are killed, and async tasks are dropped at the await at
///   which they wait. A chunk that cannot be stopped, on a thread or in an MPI rank without
///   [`isolate`](crate::Builder::isolate), runs on in the background. When it has ended, nothing is left of the fold. A
///   [`Trace`](crate::Trace) gets no spans of a fold whose future was dropped.
/// - **A fold that is awaited inside of a task** is nested in it, as a blocking fold is.
impl Executor {
    /// [`fold`](Self::fold) as a future: runs `task` on every chunk of `source`, and reduces the outputs in chunk order.
    ///
    /// See [awaiting a fold](#awaiting-a-fold) for what all futures of an executor have in common.
    ///
    /// ```
    /// use threefold::prelude::*;
    ///
    /// #[task]
    /// fn add_up(chunk: std::ops::Range<u64>) -> u64 {
    ///     chunk.sum()
    /// }
    ///
    /// # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    /// # runtime.block_on(async {
    /// let on = Executor::new(Model::Threads)?;
    /// assert_eq!(on.fold_async(0..1_000, add_up, 0, |sum, part| sum + part).await?, 499_500);
    /// # Ok::<(), threefold::Error>(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// The failure of the lowest chunk that failed, which is the one that a sequential run would have met: a panic of
    /// the task ([`is_panic`](crate::Error::is_panic)), the loss of the worker process
    /// ([`is_worker_lost`](crate::Error::is_worker_lost)), an exceeded timeout
    /// ([`is_timeout`](crate::Error::is_timeout)), or a chunk or output that cannot be serialized
    /// ([`is_serialization`](crate::Error::is_serialization)). Otherwise an error of the whole fold: it was cancelled
    /// ([`is_cancelled`](crate::Error::is_cancelled)), or it could not be started
    /// ([`is_setup`](crate::Error::is_setup)), for instance because the system refused a thread.
    ///
    /// # Panics
    ///
    /// A panic of `reduce` cancels the fold, and unwinds from the poll in which the chunks that had begun have ended.
    pub fn fold_async<S, T, A, F>(
        &self,
        source: S,
        task: T,
        init: A,
        reduce: F,
    ) -> impl Future<Output = Result<A>> + use<S, T, A, F>
    where
        S: Source,
        T: TaskOf<S::Chunk>,
        F: FnMut(A, T::Output) -> A,
    {
        self.drive_async(source, task, ToValue::new(init, reduce))
    }

    /// [`try_fold`](Self::try_fold) as a future: the first `Err` in chunk order ends the fold and is returned with the
    /// number of its chunk. So does an `Err` of `reduce`, which returns the next value or a `Result` of it.
    ///
    /// See [awaiting a fold](#awaiting-a-fold) for what all futures of an executor have in common.
    ///
    /// ```
    /// use threefold::prelude::*;
    ///
    /// #[task]
    /// fn parse(word: String) -> Result<u64, String> {
    ///     word.parse().map_err(|_| format!("`{word}` is not a number"))
    /// }
    ///
    /// # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    /// # runtime.block_on(async {
    /// let on = Executor::new(Model::Threads)?;
    /// let words = Items(vec!["20".to_string(), "many".to_string()]);
    /// let error = on.try_fold_async(words, parse, 0, |sum, n| sum + n).await.unwrap_err();
    /// assert_eq!(error.to_string(), "chunk 1: `many` is not a number");
    /// # Ok::<(), threefold::Error>(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// [`TryError::Task`] with the error of the lowest chunk whose task, or whose reduction, returned an `Err`.
    /// [`TryError::Failed`] if no lower chunk returned an `Err` and a chunk failed (a panic of the task, the loss of
    /// the worker process, an exceeded timeout, a chunk or output that cannot be serialized), or if the fold was
    /// cancelled or could not be started.
    ///
    /// # Panics
    ///
    /// A panic of `reduce` cancels the fold, and unwinds from the poll in which the chunks that had begun have ended.
    pub fn try_fold_async<S, T, A, O, E, R, F>(
        &self,
        source: S,
        task: T,
        init: A,
        reduce: F,
    ) -> impl Future<Output = Result<A, TryError<E>>> + use<S, T, A, O, E, R, F>
    where
        S: Source,
        T: TaskOf<S::Chunk> + Task<Output = Result<O, E>>,
        R: Reduced<A, E>,
        F: FnMut(A, O) -> R,
    {
        self.drive_async(source, task, ToErr::new(init, reduce))
    }

    /// [`map`](Self::map) as a future: gives the outputs of all chunks in chunk order.
    ///
    /// See [awaiting a fold](#awaiting-a-fold) for what all futures of an executor have in common.
    ///
    /// ```
    /// use threefold::prelude::*;
    ///
    /// #[task]
    /// fn length(word: String) -> usize {
    ///     word.len()
    /// }
    ///
    /// # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    /// # runtime.block_on(async {
    /// let on = Executor::new(Model::Threads)?;
    /// let words = Items(vec!["one".to_string(), "three".to_string()]);
    /// assert_eq!(on.map_async(words, length).await?, [3, 5]);
    /// # Ok::<(), threefold::Error>(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// The failure of the lowest chunk that failed, which is the one that a sequential run would have met: a panic of
    /// the task ([`is_panic`](crate::Error::is_panic)), the loss of the worker process
    /// ([`is_worker_lost`](crate::Error::is_worker_lost)), an exceeded timeout
    /// ([`is_timeout`](crate::Error::is_timeout)), or a chunk or output that cannot be serialized
    /// ([`is_serialization`](crate::Error::is_serialization)). Otherwise an error of the whole fold: it was cancelled
    /// ([`is_cancelled`](crate::Error::is_cancelled)), or it could not be started
    /// ([`is_setup`](crate::Error::is_setup)), for instance because the system refused a thread.
    pub fn map_async<S, T>(&self, source: S, task: T) -> impl Future<Output = Result<Vec<T::Output>>> + use<S, T>
    where
        S: Source,
        T: TaskOf<S::Chunk>,
    {
        let outputs = ToList::with_capacity(room_for(&source));
        self.drive_async(source, task, outputs)
    }

    /// [`map_results`](Self::map_results) as a future: gives for each chunk, in chunk order, its output or its own
    /// failure. A failure does not end the fold. If a token cancels the fold, each finished chunk has its output or its
    /// failure, and every other chunk has an error for which [`is_cancelled`](crate::Error::is_cancelled) is `true`.
    ///
    /// See [awaiting a fold](#awaiting-a-fold) for what all futures of an executor have in common.
    ///
    /// ```
    /// use threefold::prelude::*;
    ///
    /// #[task]
    /// fn reciprocal(n: u32) -> u32 {
    ///     100 / n
    /// }
    ///
    /// # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    /// # runtime.block_on(async {
    /// let on = Executor::new(Model::Threads)?;
    /// let results = on.map_results_async(Items(vec![2, 0, 5]), reciprocal).await?;
    /// assert_eq!(results.iter().flatten().collect::<Vec<_>>(), [&50, &20]);
    /// # Ok::<(), threefold::Error>(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// Only failures that belong to no chunk: the fold could not be started or continued
    /// ([`is_setup`](crate::Error::is_setup), or [`is_serialization`](crate::Error::is_serialization) of the task).
    pub fn map_results_async<S, T>(
        &self,
        source: S,
        task: T,
    ) -> impl Future<Output = Result<Vec<Result<T::Output>>>> + use<S, T>
    where
        S: Source,
        T: TaskOf<S::Chunk>,
    {
        let results = ToResults::with_capacity(room_for(&source));
        self.drive_async(source, task, results)
    }

    /// [`for_each`](Self::for_each) as a future: runs `task` on every chunk of `source` for its effects.
    ///
    /// See [awaiting a fold](#awaiting-a-fold) for what all futures of an executor have in common.
    ///
    /// ```
    /// use threefold::prelude::*;
    ///
    /// #[task]
    /// fn write(name: String) {
    ///     std::fs::write(std::env::temp_dir().join(&name), name).unwrap();
    /// }
    ///
    /// # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    /// # runtime.block_on(async {
    /// let on = Executor::new(Model::Threads)?;
    /// let name = format!("threefold-for-each-async-{}", std::process::id());
    /// on.for_each_async(Items(vec![name.clone()]), write).await?;
    /// std::fs::remove_file(std::env::temp_dir().join(name)).unwrap();
    /// # Ok::<(), threefold::Error>(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// The failure of the lowest chunk that failed, which is the one that a sequential run would have met: a panic of
    /// the task ([`is_panic`](crate::Error::is_panic)), the loss of the worker process
    /// ([`is_worker_lost`](crate::Error::is_worker_lost)), an exceeded timeout
    /// ([`is_timeout`](crate::Error::is_timeout)), or a chunk or output that cannot be serialized
    /// ([`is_serialization`](crate::Error::is_serialization)). Otherwise an error of the whole fold: it was cancelled
    /// ([`is_cancelled`](crate::Error::is_cancelled)), or it could not be started
    /// ([`is_setup`](crate::Error::is_setup)), for instance because the system refused a thread.
    pub fn for_each_async<S, T>(&self, source: S, task: T) -> impl Future<Output = Result<()>> + use<S, T>
    where
        S: Source,
        T: TaskOf<S::Chunk>,
    {
        self.drive_async(source, task, ToNothing)
    }
}
