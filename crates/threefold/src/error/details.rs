//! What an `Error` knows: the place of the failure, and the circumstances in which a worker was lost.

use std::time::Duration;

use super::{Cause, End, Error};
use crate::model::Model;

impl Error {
    /// The name of the task, as it is written in the program. `None` if no fold was running, as in an error of
    /// [`Builder::build`](crate::Builder::build).
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
    /// assert_eq!(error.task(), Some("reciprocal"));
    /// # Ok::<(), threefold::Error>(())
    /// ```
    pub fn task(&self) -> Option<&str> {
        self.0.place.task
    }

    /// The number of the chunk that failed, counted from 0. `None` for a failure of the fold as a whole.
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
    /// assert_eq!(error.chunk(), Some(1));
    /// # Ok::<(), threefold::Error>(())
    /// ```
    pub fn chunk(&self) -> Option<u64> {
        self.0.place.chunk
    }

    /// What the chunk covers, as text: `500001..=750000` for a range of integers, `items 4096..8192` for a slice of an
    /// array, `item 7` for an element of [`Items`](crate::Items).
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
    /// assert_eq!(error.range(), Some("item 1"));
    /// # Ok::<(), threefold::Error>(())
    /// ```
    pub fn range(&self) -> Option<&str> {
        self.0.place.range.as_deref()
    }

    /// The model of the fold, or of the executor that could not be made.
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
    /// assert_eq!(error.model(), Some(Model::Threads));
    /// # Ok::<(), threefold::Error>(())
    /// ```
    pub fn model(&self) -> Option<Model> {
        self.0.place.model
    }

    /// The number of the worker that ran the chunk, counted from 0, if it is known: after a panic, and after the loss
    /// of a worker process.
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
    /// let on = Executor::builder(Model::Processes).workers(1).build()?;
    /// let error = on.for_each(Items(vec![7]), crash).unwrap_err();
    /// assert_eq!(error.worker(), Some(0));
    /// # Ok(())
    /// # }
    /// ```
    pub fn worker(&self) -> Option<usize> {
        self.0.place.worker
    }

    /// The process id of the worker process that ran the chunk. The process has ended, so the system may already use
    /// the id for another one.
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
    /// assert_ne!(error.pid(), Some(std::process::id()));
    /// assert!(error.pid().is_some());
    /// # Ok(())
    /// # }
    /// ```
    pub fn pid(&self) -> Option<u32> {
        self.0.place.pid
    }

    /// The number of the signal that ended the worker process.
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
    /// assert_eq!(error.signal(), Some(6)); // SIGABRT
    /// # Ok(())
    /// # }
    /// ```
    pub fn signal(&self) -> Option<i32> {
        match self.lost()?.end {
            End::Signal(signal) | End::OutOfMemory { signal, .. } => Some(signal),
            _ => None,
        }
    }

    /// The code with which the worker process exited, 0 to 255.
    ///
    /// ```
    /// use threefold::prelude::*;
    ///
    /// #[task]
    /// fn crash(_chunk: u32) {
    ///     std::process::exit(3);
    /// }
    ///
    /// # fn main() -> threefold::Result<()> {
    /// threefold::init();
    /// let on = Executor::new(Model::Processes)?;
    /// let error = on.for_each(Items(vec![7]), crash).unwrap_err();
    /// assert_eq!(error.exit_code(), Some(3));
    /// # Ok(())
    /// # }
    /// ```
    pub fn exit_code(&self) -> Option<i32> {
        match self.lost()?.end {
            End::Exit(code) => Some(code),
            _ => None,
        }
    }

    /// The number of the attempt at the chunk that failed, counted from 1.
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
    /// let on = Executor::builder(Model::Processes).retries(2).build()?;
    /// let error = on.for_each(Items(vec![7]), crash).unwrap_err();
    /// assert_eq!((error.attempt(), error.attempts()), (Some(3), Some(3)));
    /// # Ok(())
    /// # }
    /// ```
    pub fn attempt(&self) -> Option<u32> {
        self.0.place.attempt.map(|attempt| attempt.number)
    }

    /// How many attempts at the chunk were allowed: the number of [`retries`](crate::Builder::retries) and one more.
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
    /// assert_eq!(error.attempts(), Some(1));
    /// # Ok(())
    /// # }
    /// ```
    pub fn attempts(&self) -> Option<u32> {
        self.0.place.attempt.map(|attempt| attempt.of)
    }

    /// How long the chunk had been running when its worker was lost or when it was stopped after its timeout.
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
    /// assert!(error.ran_for().is_some());
    /// # Ok(())
    /// # }
    /// ```
    pub fn ran_for(&self) -> Option<Duration> {
        self.lost()?.ran_for
    }

    /// The largest resident memory of the lost worker that was seen, in bytes.
    ///
    /// It is a lower bound. The caller looks at a worker's memory 20 times a second, so a worker that is lost sooner
    /// may not have been seen at all (`None`).
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
    /// assert!(error.memory().is_none_or(|bytes| bytes > 0));
    /// # Ok(())
    /// # }
    /// ```
    pub fn memory(&self) -> Option<u64> {
        self.lost()?.memory
    }

    /// The last lines that the lost worker wrote to its standard error, the oldest first, without their line ends: at
    /// most five.
    ///
    /// ```
    /// use threefold::prelude::*;
    ///
    /// #[task]
    /// fn crash(_chunk: u32) {
    ///     eprintln!("the disk is full");
    ///     std::process::exit(1);
    /// }
    ///
    /// # fn main() -> threefold::Result<()> {
    /// threefold::init();
    /// let on = Executor::new(Model::Processes)?;
    /// let error = on.for_each(Items(vec![7]), crash).unwrap_err();
    /// assert!(error.stderr_tail().contains(&"the disk is full".to_string()));
    /// # Ok(())
    /// # }
    /// ```
    pub fn stderr_tail(&self) -> &[String] {
        self.lost().map_or(&[], |lost| &lost.stderr_tail)
    }

    /// The smallest range of the chunk that is lost too when it is run alone, as text. It is there if
    /// [`bisect`](crate::Builder::bisect) was set, the chunk could be cut, and each part that was tried could be run.
    ///
    /// ```
    /// use threefold::prelude::*;
    ///
    /// #[task]
    /// fn fragile(chunk: std::ops::RangeInclusive<u32>) {
    ///     if chunk.contains(&7) {
    ///         std::process::abort();
    ///     }
    /// }
    ///
    /// # fn main() -> threefold::Result<()> {
    /// threefold::init();
    /// let on = Executor::builder(Model::Processes).bisect(true).build()?;
    /// let error = on.for_each((1..=100).split_into(2), fragile).unwrap_err();
    /// assert_eq!(error.smallest_range(), Some("7..=7"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn smallest_range(&self) -> Option<&str> {
        self.lost()?.smallest_range.as_deref()
    }

    /// The other chunks that the lost worker had finished, but whose outputs were lost with it, in ascending order.
    ///
    /// A worker sends the outputs of cheap chunks together, and holds them back for at most 0.1 ms. Where failures do
    /// not end the fold ([`map_results`](crate::Executor::map_results), [`retries`](crate::Builder::retries)) it sends
    /// each output at once, and this is empty.
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
    /// assert!(error.also_lost().is_empty()); // it had run no other chunk
    /// # Ok(())
    /// # }
    /// ```
    pub fn also_lost(&self) -> &[u64] {
        self.lost().map_or(&[], |lost| &lost.also)
    }

    /// The file, line and column of the panic: `src/main.rs:10:5`.
    ///
    /// It is `None` if the panic hook was not called: the program has replaced the hook that the first executor
    /// installed, or the task resumed an earlier panic with `resume_unwind`.
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
    /// assert!(error.panic_location().is_some_and(|place| place.contains(".rs:")));
    /// # Ok::<(), threefold::Error>(())
    /// ```
    pub fn panic_location(&self) -> Option<&str> {
        match &self.0.cause {
            Cause::Panic { at, .. } => at.as_deref(),
            _ => None,
        }
    }
}
