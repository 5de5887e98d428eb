//! `Job`: a fold with its types erased.
//!
//! A backend knows chunks by number. A job runs a block of them on this thread, starts one as a future, or turns one
//! into bytes and restores its output. The results stay inside of the job, with their types, until the caller takes
//! them in chunk order.

use std::any::Any;
use std::ops::Range;
#[cfg(feature = "async")]
use std::time::Duration;

use super::Fold;
#[cfg(feature = "processes")]
use crate::error::Cause;
use crate::error::Error;
#[cfg(feature = "async")]
use crate::task::BoxFuture;

/// A fold with its types erased: all that a backend may know about it.
pub(crate) trait Job: Any + Send + Sync {
    /// The name of the task.
    fn task(&self) -> &'static str;

    /// What chunk `chunk` covers, for people.
    fn describe(&self, chunk: u64) -> String;

    /// Keeps the failure of `chunk`. Returns whether the caller can take it at once.
    fn fail(&self, chunk: u64, error: Error) -> bool;

    /// Runs the chunks of `block` that may still start, in order, on this thread.
    fn run(&self, block: Range<u64>, fold: &Fold, worker: usize);

    /// Whether the task is `async`, so that [`start`](Self::start) gives a future that really waits.
    #[cfg(feature = "async")]
    fn is_async(&self) -> bool;

    /// A future that runs `chunk` of an `async` task and keeps its output. If it ends after its deadline, or with an
    /// `Err` that is retried, it says so, and keeps nothing. It does not ask whether the chunk may start, and it panics
    /// when the task does.
    #[cfg(feature = "async")]
    fn start<'a>(&'a self, chunk: u64, attempt: u32, fold: &'a Fold, worker: usize)
    -> BoxFuture<'a, Result<(), Again>>;

    /// The address by which a worker finds the task, and the task as bytes.
    #[cfg(feature = "processes")]
    fn encode_task(&self) -> Result<(Vec<u8>, Vec<u8>), Cause>;

    /// Whether an `Err` among the outputs ends the fold.
    #[cfg(feature = "processes")]
    fn stops_on_err(&self) -> bool;

    /// Appends `chunk` as bytes.
    #[cfg(feature = "processes")]
    fn encode(&self, chunk: u64, bytes: &mut Vec<u8>) -> Result<(), Cause>;

    /// The source as bytes, from which a worker makes any chunk by itself. `None` if chunks are sent one by one.
    #[cfg(feature = "processes")]
    fn source(&self) -> Option<Vec<u8>>;

    /// Keeps the outputs of consecutive chunks that a worker sent, from chunk `first` on; says how many these are. After
    /// an output that cannot be restored, or is an `Err` that is retried after this attempt, no more is taken from
    /// `outputs`, and those before it are kept.
    #[cfg(feature = "processes")]
    fn decode(
        &self,
        first: u64,
        attempt: u32,
        outputs: &mut dyn Iterator<Item = &[u8]>,
        fold: &Fold,
    ) -> (u64, Result<(), Refused>);
}

/// Why a chunk of an `async` task that has ended gave no output.
#[cfg(feature = "async")]
#[derive(Clone, Copy, Debug)]
pub(crate) enum Again {
    /// It ended after its deadline, and ran for so long.
    Late(Duration),
    /// Its output is an `Err`, and it runs again.
    Erred,
}

/// Why the output of a chunk was not kept.
#[cfg(feature = "processes")]
#[derive(Clone, Debug)]
pub(crate) enum Refused {
    /// It cannot be restored.
    Unportable(Cause),
    /// It is an `Err`, and its chunk runs again.
    Erred,
}
