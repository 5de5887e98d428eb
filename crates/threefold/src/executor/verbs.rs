//! The verbs. Each drives a fold, and differs in what it does with the outputs of the chunks, which
//! [`reduction`](super::reduction) says. The verbs here block their caller; those in [`awaited`] give futures.

use super::Executor;
use super::reduction::{Reduced, ToErr, ToList, ToNothing, ToResults, ToValue};
use crate::error::{Result, TryError};
use crate::fold::claims::WINDOW;
use crate::source::Source;
use crate::task::{Task, TaskOf};

mod awaited;

impl Executor {
    /// Runs `task` on every chunk of `source`, and reduces the outputs in chunk order, beginning with `init`.
    ///
    /// The result is that of `source.all_chunks().map(task).fold(init, reduce)`, bit for bit, on every model and with
    /// any number of workers. `reduce` runs on the caller's thread, first with the output of chunk 0, while later
    /// chunks still run. It may borrow whatever it likes. An empty source gives `init`.
    ///
    /// It blocks this thread until the fold has ended. In a task of an async runtime, await
    /// [`fold_async`](Self::fold_async) instead, or every other task on the thread has to wait.
    ///
    /// ```
    /// use threefold::prelude::*;
    ///
    /// #[task]
    /// fn add_up(chunk: std::ops::Range<u64>) -> u64 {
    ///     chunk.sum()
    /// }
    ///
    /// let on = Executor::new(Model::Threads)?;
    /// assert_eq!(on.fold(0..1_000, add_up, 0, |sum, part| sum + part)?, 499_500);
    /// # Ok::<(), threefold::Error>(())
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
    /// ([`is_setup`](crate::Error::is_setup)).
    ///
    /// # Panics
    ///
    /// A panic of `reduce` cancels the fold, and unwinds from here when the chunks that had begun have ended.
    pub fn fold<S, T, A>(&self, source: S, task: T, init: A, reduce: impl FnMut(A, T::Output) -> A) -> Result<A>
    where
        S: Source,
        T: TaskOf<S::Chunk>,
    {
        self.drive(source, task, ToValue::new(init, reduce))
    }

    /// Like [`fold`](Self::fold), for a task that returns a `Result`: the first `Err` in chunk order ends the fold and
    /// is returned with the number of its chunk.
    ///
    /// After chunk k has returned an `Err`, no chunk above k starts; chunks below k are finished. `reduce` is given the
    /// values of the `Ok`s. It returns the next value, or a `Result` of it; an `Err` ends the fold too. In this example
    /// an overflow of the total is such an `Err`.
    ///
    /// It blocks this thread until the fold has ended. In a task of an async runtime, await
    /// [`try_fold_async`](Self::try_fold_async) instead, or every other task on the thread has to wait.
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
    /// assert_eq!(on.try_fold((1..10).split_into(3), product, 1, checked).unwrap(), 362_880);
    ///
    /// let error = on.try_fold((1..20).split_into(2), product, 1, checked).unwrap_err();
    /// assert_eq!(error.to_string(), "chunk 1: 11..20 overflows");
    /// # Ok::<(), threefold::Error>(())
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
    /// A panic of `reduce` cancels the fold, and unwinds from here when the chunks that had begun have ended.
    pub fn try_fold<S, T, A, O, E, R>(
        &self,
        source: S,
        task: T,
        init: A,
        reduce: impl FnMut(A, O) -> R,
    ) -> Result<A, TryError<E>>
    where
        S: Source,
        T: TaskOf<S::Chunk> + Task<Output = Result<O, E>>,
        R: Reduced<A, E>,
    {
        self.drive(source, task, ToErr::new(init, reduce))
    }

    /// Runs `task` on every chunk of `source`, and gives the outputs of all chunks in chunk order.
    ///
    /// It blocks this thread until the fold has ended. In a task of an async runtime, await
    /// [`map_async`](Self::map_async) instead, or every other task on the thread has to wait.
    ///
    /// ```
    /// use threefold::prelude::*;
    ///
    /// #[task]
    /// fn length(word: String) -> usize {
    ///     word.len()
    /// }
    ///
    /// let on = Executor::new(Model::Threads)?;
    /// let words = Items(vec!["one".to_string(), "three".to_string()]);
    /// assert_eq!(on.map(words, length)?, [3, 5]);
    /// # Ok::<(), threefold::Error>(())
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
    /// ([`is_setup`](crate::Error::is_setup)).
    pub fn map<S, T>(&self, source: S, task: T) -> Result<Vec<T::Output>>
    where
        S: Source,
        T: TaskOf<S::Chunk>,
    {
        let outputs = ToList::with_capacity(room_for(&source));
        self.drive(source, task, outputs)
    }

    /// Runs `task` on every chunk of `source`, and gives for each chunk, in chunk order, its output or its own failure.
    /// A failure does not end the fold: every chunk is run.
    ///
    /// If the fold is cancelled, nothing that was finished is lost: each finished chunk has its output or its failure,
    /// and every other chunk has an error for which [`is_cancelled`](crate::Error::is_cancelled) is `true`.
    ///
    /// It blocks this thread until the fold has ended. In a task of an async runtime, await
    /// [`map_results_async`](Self::map_results_async) instead, or every other task on the thread has to wait.
    ///
    /// ```
    /// use threefold::prelude::*;
    ///
    /// #[task]
    /// fn reciprocal(n: u32) -> u32 {
    ///     100 / n
    /// }
    ///
    /// let results = Executor::new(Model::Threads)?.map_results(Items(vec![2, 0, 5]), reciprocal)?;
    /// assert_eq!(results.iter().flatten().collect::<Vec<_>>(), [&50, &20]);
    /// assert!(results[1].as_ref().unwrap_err().is_panic());
    /// # Ok::<(), threefold::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Only failures that belong to no chunk: the fold could not be started or continued
    /// ([`is_setup`](crate::Error::is_setup), or [`is_serialization`](crate::Error::is_serialization) of the task).
    pub fn map_results<S, T>(&self, source: S, task: T) -> Result<Vec<Result<T::Output>>>
    where
        S: Source,
        T: TaskOf<S::Chunk>,
    {
        let results = ToResults::with_capacity(room_for(&source));
        self.drive(source, task, results)
    }

    /// Runs `task` on every chunk of `source` for its effects, and drops the outputs.
    ///
    /// The effects take place where the chunk runs. A worker process has its own memory: a global variable that the
    /// task changes there does not change in this process.
    ///
    /// It blocks this thread until the fold has ended. In a task of an async runtime, await
    /// [`for_each_async`](Self::for_each_async) instead, or every other task on the thread has to wait.
    ///
    /// ```
    /// use threefold::prelude::*;
    ///
    /// #[task]
    /// fn write(name: String) {
    ///     std::fs::write(std::env::temp_dir().join(&name), name).unwrap();
    /// }
    ///
    /// let on = Executor::new(Model::Threads)?;
    /// let name = format!("threefold-for-each-{}", std::process::id());
    /// on.for_each(Items(vec![name.clone()]), write)?;
    /// std::fs::remove_file(std::env::temp_dir().join(name)).unwrap();
    /// # Ok::<(), threefold::Error>(())
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
    /// ([`is_setup`](crate::Error::is_setup)).
    pub fn for_each<S, T>(&self, source: S, task: T) -> Result<()>
    where
        S: Source,
        T: TaskOf<S::Chunk>,
    {
        self.drive(source, task, ToNothing)
    }
}

/// How many results to make room for at first, so that they are not moved again and again while their number grows. A
/// fold of very many chunks may end early, so there is room for at most as many as can wait at once.
fn room_for(source: &impl Source) -> usize {
    source.chunk_count().min(u128::from(WINDOW)) as usize
}
