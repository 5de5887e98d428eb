//! The kinds of failure that an `Error` tells apart: one predicate for each.

use super::{Cause, End, Error};

impl Error {
    /// Whether the task panicked.
    ///
    /// ```
    /// use threefold::prelude::*;
    ///
    /// #[task]
    /// fn reciprocal(n: u32) -> u32 {
    ///     100 / n
    /// }
    ///
    /// let on = Executor::new(Model::Threads)?;
    /// let error = on.map(Items(vec![5, 0]), reciprocal).unwrap_err();
    /// assert!(error.is_panic());
    /// # Ok::<(), threefold::Error>(())
    /// ```
    pub fn is_panic(&self) -> bool {
        matches!(self.0.cause, Cause::Panic { .. })
    }

    /// Whether a worker process was lost: it crashed, exited, was killed by a signal or ran out of memory while it ran
    /// the chunk or before its output had arrived.
    ///
    /// It is `false` for a chunk that was stopped because it took too long: see [`is_timeout`](Self::is_timeout).
    ///
    /// ```
    /// use threefold::prelude::*;
    ///
    /// #[task]
    /// fn crash(_chunk: u32) {
    ///     std::process::abort();
    /// }
    ///
    /// # fn main() -> threefold::Result<()> {
    /// threefold::init();
    /// let on = Executor::new(Model::Processes)?;
    /// let error = on.for_each(Items(vec![7]), crash).unwrap_err();
    /// assert!(error.is_worker_lost());
    /// # Ok(())
    /// # }
    /// ```
    pub fn is_worker_lost(&self) -> bool {
        self.lost().is_some_and(|lost| !matches!(lost.end, End::Deadline(_)))
    }

    /// Whether a chunk took longer than the [`timeout`](crate::Builder::timeout) of the executor.
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
    /// assert!(on.for_each(Items(vec![3600]), wait).unwrap_err().is_timeout());
    /// # Ok::<(), threefold::Error>(())
    /// ```
    pub fn is_timeout(&self) -> bool {
        self.lost().is_some_and(|lost| matches!(lost.end, End::Deadline(_)))
    }

    /// Whether a worker process was lost because memory ran out. [`is_worker_lost`](Self::is_worker_lost) is then
    /// `true` too.
    ///
    /// Either the worker reached its own [`memory_limit`](crate::Builder::memory_limit), which is certain, or the
    /// kernel killed it because the machine or the container had no memory left. The kernel does not say so to the
    /// parent: that case is inferred from the signal and from the kernel's count of such kills, and `Display` says
    /// "probably".
    ///
    /// ```
    /// use threefold::prelude::*;
    ///
    /// #[task]
    /// fn crash(_chunk: u32) {
    ///     std::hint::black_box(vec![1u8; 1 << 30]);
    /// }
    ///
    /// # fn main() -> threefold::Result<()> {
    /// threefold::init();
    /// let on = Executor::builder(Model::Processes).memory_limit(256 << 20).build()?;
    /// let error = on.for_each(Items(vec![7]), crash).unwrap_err();
    /// assert!(error.is_out_of_memory() && error.is_worker_lost());
    /// # Ok(())
    /// # }
    /// ```
    pub fn is_out_of_memory(&self) -> bool {
        self.lost().is_some_and(|lost| matches!(lost.end, End::OutOfMemory { .. }))
    }

    /// Whether the fold was cancelled: by a [`CancelToken`](crate::CancelToken), or because the fold that it is nested
    /// in ended.
    ///
    /// ```
    /// use threefold::CancelToken;
    /// use threefold::prelude::*;
    ///
    /// #[task]
    /// fn double(n: u32) -> u32 {
    ///     2 * n
    /// }
    ///
    /// let token = CancelToken::new();
    /// token.cancel();
    /// let on = Executor::new(Model::Threads)?.cancel(&token);
    /// assert!(on.map(Items(vec![1, 2]), double).unwrap_err().is_cancelled());
    /// # Ok::<(), threefold::Error>(())
    /// ```
    pub fn is_cancelled(&self) -> bool {
        matches!(self.0.cause, Cause::Cancelled)
    }

    /// Whether the task, a chunk or an output could not be serialized, or was not the same after it was restored.
    ///
    /// A field that serde skips is the usual reason. Debug builds find it on every model:
    ///
    /// ```
    /// use serde::{Deserialize, Serialize};
    /// use threefold::prelude::*;
    ///
    /// #[derive(PartialEq, Serialize, Deserialize)]
    /// struct Scale {
    ///     #[serde(skip)]
    ///     factor: u64,
    /// }
    ///
    /// #[task]
    /// impl Task for Scale {
    ///     type Chunk = u64;
    ///     type Output = u64;
    ///
    ///     fn map(&self, n: u64) -> u64 {
    ///         self.factor * n
    ///     }
    /// }
    ///
    /// let on = Executor::new(Model::Threads)?;
    /// let scaled = on.map(Items(vec![1, 2]), Scale { factor: 3 });
    /// if cfg!(debug_assertions) {
    ///     assert!(scaled.unwrap_err().is_serialization());
    /// }
    /// # Ok::<(), threefold::Error>(())
    /// ```
    pub fn is_serialization(&self) -> bool {
        matches!(self.0.cause, Cause::Unportable { .. })
    }

    /// Whether the fold or the executor could not be started: an option that the model does not support, a model that
    /// is not in this build, a source that cannot be cut, a thread or a worker process that the system refused. Also
    /// whether the fold could not go on: a file that has changed, a [state of a worker](crate::Task#state-per-worker)
    /// that could not be made, a closure of [`backoff`](crate::Builder::backoff) that panicked, a journal that is of another
    /// fold or cannot be written.
    ///
    /// ```
    /// use threefold::prelude::*;
    ///
    /// let error = Executor::builder(Model::Sequential).workers(2).build().unwrap_err();
    /// assert!(error.is_setup());
    /// ```
    pub fn is_setup(&self) -> bool {
        matches!(self.0.cause, Cause::Setup { .. })
    }
}
