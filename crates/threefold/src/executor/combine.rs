//! `combine`: the verb that merges outputs in a balanced tree.

use std::ops::ControlFlow;
use std::panic::resume_unwind;
use std::sync::Arc;

use super::Executor;
use super::reduction::{Reduction, Stops};
use crate::error::{Error, Result};
use crate::fold::tree::{Run, Tree};
use crate::panics;
use crate::source::Source;
use crate::task::TaskOf;

/// What `combine` makes of the results: the root of the tree. Outputs that no worker has merged are merged here.
struct ToRoot<O> {
    tree: Arc<Tree<O>>,
    run: Run<Arc<Tree<O>>, O>,
}

impl<O> ToRoot<O> {
    fn new(source: &impl Source, combine: impl Fn(O, O) -> O + Send + Sync + 'static) -> Self {
        // A source of more chunks is refused before any of them runs.
        let chunks = u64::try_from(source.chunk_count()).unwrap_or(u64::MAX);
        let tree = Arc::new(Tree::new(chunks, combine));
        Self { run: Run::new(Arc::clone(&tree)), tree }
    }
}

impl<O> Reduction<O> for ToRoot<O> {
    type Value = Option<O>;
    type Error = Error;
    const STOPS: Stops = Stops::AtFailure;

    fn tree(&self) -> Option<Arc<Tree<O>>> {
        Some(Arc::clone(&self.tree))
    }

    fn take(&mut self, chunk: u64, output: O) -> ControlFlow<()> {
        if self.run.push(chunk, output, None) { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }

    fn finish(self, ended: Result<()>) -> Result<Option<O>> {
        let Self { tree, run } = self;
        let root = ended.map(|()| if tree.is_broken() { None } else { tree.root(run) });
        match (root, tree.take_panic()) {
            // A failure below the node of the panic. A fold that was cancelled has no such failure.
            (Err(error), Some(payload)) if error.chunk().is_some() => {
                panics::drop_quietly(payload);
                Err(error)
            }
            (_, Some(payload)) => resume_unwind(payload),
            (root, None) => root,
        }
    }
}

impl Executor {
    /// Runs `task` on every chunk of `source`, and merges the outputs two by two, in a balanced binary tree over the
    /// chunk numbers. An empty source gives `None`.
    ///
    /// Use it where merging two outputs is expensive: maps, histograms, sorted lists. [`fold`](Self::fold) merges one
    /// output after another into one value that grows, on the caller's thread. `combine` merges outputs in parallel on
    /// threads, and on async with a plain function and several workers. Of n outputs, each takes part in about log2(n)
    /// merges.
    ///
    /// ```
    /// use std::collections::BTreeMap;
    /// use threefold::prelude::*;
    ///
    /// #[task]
    /// fn count_digits(chunk: std::ops::Range<u64>) -> BTreeMap<char, u64> {
    ///     let mut counts = BTreeMap::new();
    ///     for number in chunk {
    ///         number.to_string().chars().for_each(|digit| *counts.entry(digit).or_default() += 1);
    ///     }
    ///     counts
    /// }
    ///
    /// let on = Executor::new(Model::Threads)?;
    /// let counts = on.combine(0..1_000, count_digits, |mut left, right| {
    ///     right.into_iter().for_each(|(digit, count)| *left.entry(digit).or_default() += count);
    ///     left
    /// })?;
    /// assert_eq!(counts.unwrap()[&'7'], 300);
    /// # Ok::<(), threefold::Error>(())
    /// ```
    ///
    /// # The tree
    ///
    /// The tree depends on the number of chunks alone. So the result is the same on every model and with any number of
    /// workers, bit for bit, also if `combine` is not associative, as the addition of floats is not. The output of a
    /// single chunk is not merged. The outputs of n chunks are split into those of the first m and those of the others,
    /// where m is the largest power of two below n. Each part is merged in the same way, and then
    /// `combine(left, right)` merges the two. For 5 chunks this is `(((0 1) (2 3)) 4)`. `left` is always the part with
    /// the lower chunk numbers.
    ///
    /// ```
    /// use threefold::prelude::*;
    ///
    /// #[task]
    /// fn name(chunk: u32) -> String {
    ///     chunk.to_string()
    /// }
    ///
    /// let on = Executor::new(Model::Threads)?;
    /// let tree = on.combine(Items(vec![0, 1, 2, 3, 4]), name, |left, right| format!("({left} {right})"))?;
    /// assert_eq!(tree.unwrap(), "(((0 1) (2 3)) 4)");
    /// assert_eq!(on.combine(Items(vec![]), name, |left, _| left)?, None);
    /// # Ok::<(), threefold::Error>(())
    /// ```
    ///
    /// # Where `combine` runs
    ///
    /// On sequential and threads, and on async with a plain function as the task, the workers call `combine`. A worker
    /// first merges the outputs of its own chunks. Then it merges what it has with outputs of other workers, whenever both
    /// parts of a node of the tree are there. Several workers may call `combine` at the same time, so it is an `Fn` that
    /// is `Send` and `Sync`. A worker holds at most two outputs for each level of the tree.
    ///
    /// On processes and mpi, and for an `async fn` on async, the caller's thread calls `combine`, in chunk order. A worker
    /// process cannot run a closure, so every output is sent.
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
    /// A panic of `combine` ends the fold, and unwinds from here when the chunks that had begun have ended. If a chunk
    /// below those that were being merged has failed, its error is returned instead. If several calls panic, the panic of
    /// the node whose last chunk is the lowest unwinds. So the caller gets what a sequential run would have met first.
    pub fn combine<S, T>(
        &self,
        source: S,
        task: T,
        combine: impl Fn(T::Output, T::Output) -> T::Output + Send + Sync + 'static,
    ) -> Result<Option<T::Output>>
    where
        S: Source,
        T: TaskOf<S::Chunk>,
    {
        let root = ToRoot::new(&source, combine);
        self.drive(source, task, root)
    }

    /// [`combine`](Self::combine) as a future: merges the outputs two by two, in the same tree.
    ///
    /// See [awaiting a fold](#awaiting-a-fold) for what all futures of an executor have in common. On the models on which
    /// the blocking verb calls `combine` on the caller's thread, the future calls it on the thread that polls.
    ///
    /// ```
    /// use threefold::prelude::*;
    ///
    /// #[task]
    /// fn name(chunk: u32) -> String {
    ///     chunk.to_string()
    /// }
    ///
    /// # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    /// # runtime.block_on(async {
    /// let on = Executor::new(Model::Threads)?;
    /// let tree = on.combine_async(Items(vec![0, 1, 2]), name, |left, right| format!("({left} {right})")).await?;
    /// assert_eq!(tree.unwrap(), "((0 1) 2)");
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
    /// A panic of `combine` ends the fold, and unwinds from the poll in which the chunks that had begun have ended.
    pub fn combine_async<S, T, F>(
        &self,
        source: S,
        task: T,
        combine: F,
    ) -> impl Future<Output = Result<Option<T::Output>>> + use<S, T, F>
    where
        S: Source,
        T: TaskOf<S::Chunk>,
        F: Fn(T::Output, T::Output) -> T::Output + Send + Sync + 'static,
    {
        let root = ToRoot::new(&source, combine);
        self.drive_async(source, task, root)
    }
}
