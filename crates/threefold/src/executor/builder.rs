//! `Builder`: an executor in the making, and what can be asked of it.

use std::time::Duration;

use super::Executor;
use crate::backend::make;
use crate::backend::options::Options;
use crate::error::Result;
use crate::model::Model;
use crate::panics;

/// An executor in the making: see [`Executor::builder`].
#[derive(Clone, Debug)]
#[must_use = "call `build` to get the executor"]
pub struct Builder {
    model: Model,
    options: Options,
}

impl Builder {
    pub(super) fn new(model: Model) -> Self {
        Self { model, options: Options::default() }
    }

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
    /// `RLIMIT_DATA`). One that asks for more is lost, out of memory. A lower limit of the system's stays in force. An error
    /// below 4 MiB, where no worker can start, and on the other models.
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
    /// too: [`Error::smallest_range`](crate::Error::smallest_range) names it. Each step runs half of what is left on worker processes,
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

    /// How many bytes of stack each chunk has, at least 64 KiB, on async and threads. By default a thread that the executor
    /// starts has as much as the main thread may have (`ulimit -s`, usually 8 MiB), and chunks that the caller runs have the
    /// caller's. With a size asked for, every chunk runs on a thread of the executor's, and the caller runs none.
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

    /// Makes the executor.
    ///
    /// # Errors
    ///
    /// [`Error::is_setup`](crate::Error::is_setup): the model cannot do what was asked for, is not in this build, or
    /// could not be started.
    pub fn build(self) -> Result<Executor> {
        panics::watch();
        self.options.check(self.model)?;
        let backend = make::backend(self.model, &self.options)?;
        Ok(Executor::with(self.model, self.options.policy, backend))
    }
}
