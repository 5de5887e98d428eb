//! The options that say which chunks are run again, how often and when.

use std::sync::Arc;
use std::time::Duration;

use super::Builder;
use crate::fold::policy::Backoff;

impl Builder {
    /// How many times a chunk is run again after its worker was lost, each time on a fresh worker; the default is 0.
    ///
    /// The result is the same, bit for bit, as without the loss. If a chunk is lost at every attempt, the fold returns
    /// an error. Only worker processes can be lost, on processes and mpi. A chunk that exceeds its
    /// [`timeout`](Self::timeout) is run again too, also on async. A chunk that panics is not, unless
    /// [`retry_panics`](Self::retry_panics) is set, and neither is a chunk whose task returns an `Err`, unless
    /// [`retry_errors`](Self::retry_errors) is set. [`backoff`](Self::backoff) sets a pause before each retry.
    ///
    /// ```
    /// use threefold::prelude::*;
    ///
    /// /// Crashes if it finds the file, and removes it first: it crashes once.
    /// #[task]
    /// fn crash_once(file: std::path::PathBuf) -> u8 {
    ///     if std::fs::remove_file(&file).is_ok() {
    ///         std::process::abort();
    ///     }
    ///     1
    /// }
    ///
    /// # fn main() -> threefold::Result<()> {
    /// threefold::init();
    /// let file = std::env::temp_dir().join(format!("threefold-doc-{}", std::process::id()));
    /// std::fs::write(&file, "").unwrap();
    /// let on = Executor::builder(Model::Processes).workers(1).retries(1).build()?;
    /// assert_eq!(on.map(Items(vec![file]), crash_once)?, [1]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn retries(mut self, retries: u32) -> Self {
        self.options.policy.retries = retries;
        self
    }

    /// Whether a chunk that panicked is run again, as often as [`retries`](Self::retries) says. The default is `false`,
    /// since most panics happen again. If it is set and `retries` is not, [`build`](Self::build) returns an error.
    ///
    /// If the `Deserialize` of captures panics in a worker process, this is the panic of each chunk of the task there. The
    /// worker reads the captures once, also for later folds, so the chunk panics at each attempt in this worker.
    ///
    /// ```
    /// use std::sync::atomic::{AtomicU32, Ordering};
    /// use threefold::prelude::*;
    ///
    /// static CALLS: AtomicU32 = AtomicU32::new(0);
    ///
    /// #[task]
    /// fn panics_once(n: u32) -> u32 {
    ///     assert!(CALLS.fetch_add(1, Ordering::Relaxed) > 0, "not yet");
    ///     n
    /// }
    ///
    /// let on = Executor::builder(Model::Threads).retries(1).retry_panics(true).build()?;
    /// assert_eq!(on.map(Items(vec![7]), panics_once)?, [7]);
    /// # Ok::<(), threefold::Error>(())
    /// ```
    pub fn retry_panics(mut self, retry: bool) -> Self {
        self.options.policy.retry_panics = retry;
        self
    }

    /// Whether a chunk whose task returned an `Err` is run again, at most as often as [`retries`](Self::retries) says. The
    /// default is `false`. If it is set and `retries` is not, [`build`](Self::build) returns an error.
    ///
    /// It applies to every verb whose task returns a `Result`. If the last attempt returns an `Err` too, this `Err` is
    /// the output of the chunk: it ends a [`try_fold`](crate::Executor::try_fold), and it is in the list that
    /// [`map`](crate::Executor::map) returns. The `Err`s of earlier attempts are dropped. An observer is told of each of
    /// them as [`Event::Retried`](crate::Event::Retried). An `Err` of the reduction is not retried.
    ///
    /// ```
    /// use std::sync::atomic::{AtomicU32, Ordering};
    /// use std::time::Duration;
    /// use threefold::prelude::*;
    ///
    /// static CALLS: AtomicU32 = AtomicU32::new(0);
    ///
    /// /// Fails twice.
    /// #[task]
    /// fn fetch(n: u32) -> Result<u32, String> {
    ///     if CALLS.fetch_add(1, Ordering::Relaxed) < 2 { Err("503".to_string()) } else { Ok(n) }
    /// }
    ///
    /// let on = Executor::builder(Model::Threads)
    ///     .retries(4)
    ///     .retry_errors(true)
    ///     .backoff(|attempt| Duration::from_millis(1 << attempt)) // 2 ms, 4 ms, 8 ms ..
    ///     .build()?;
    /// assert_eq!(on.try_fold(Items(vec![7]), fetch, 0, |sum, n| sum + n).unwrap(), 7);
    /// # Ok::<(), threefold::Error>(())
    /// ```
    pub fn retry_errors(mut self, retry: bool) -> Self {
        self.options.policy.retry_errors = retry;
        self
    }

    /// How long a chunk waits before it is run again. `wait` is given the number of the attempt that failed, which is 1 for
    /// the first one. By default a chunk is run again at once. If it is set and [`retries`](Self::retries) is not,
    /// [`build`](Self::build) returns an error.
    ///
    /// It applies to every retry: after an `Err`, a panic, an exceeded timeout and the loss of a worker. On sequential
    /// and threads, and on async with a plain function as the task, the worker waits and runs nothing else. With an
    /// `async` task on async, and on processes and mpi, other chunks run meanwhile. A fold that is cancelled does not
    /// wait.
    ///
    /// If `wait` panics, the fold ends with an error for which [`is_setup`](crate::Error::is_setup) is `true`. So does a
    /// fold in which an `async` task must wait on a `runtime` of the program that has no timers.
    ///
    /// ```
    /// use std::time::Duration;
    /// use threefold::prelude::*;
    ///
    /// let doubled = |attempt| Duration::from_millis(10) * 2u32.saturating_pow(attempt);
    /// let on = Executor::builder(Model::Threads).retries(3).retry_errors(true).backoff(doubled).build();
    /// assert!(on.is_ok());
    /// assert!(Executor::builder(Model::Threads).backoff(doubled).build().is_err());
    /// ```
    pub fn backoff(mut self, wait: impl Fn(u32) -> Duration + Send + Sync + 'static) -> Self {
        self.options.policy.backoff = Some(Backoff(Arc::new(wait)));
        self
    }
}
