//! `Job`: a fold with its types erased.
//!
//! Backends know chunks by number. A job runs a block of them here, starts one as a future, or turns one into bytes
//! and its output back; what becomes of the chunks stays inside, typed, until the caller takes it in chunk order.

use std::ops::Range;
#[cfg(feature = "async")]
use std::sync::Arc;
#[cfg(feature = "async")]
use std::time::Duration;

use super::Fold;
#[cfg(feature = "processes")]
use crate::error::Cause;
use crate::error::Error;
#[cfg(feature = "async")]
use crate::task::BoxFuture;

/// A fold with its types erased: what a backend may know of it.
pub(crate) trait Job: Send + Sync {
    /// The task's name.
    fn task(&self) -> &'static str;

    /// What chunk `chunk` covers, for people.
    fn describe(&self, chunk: u64) -> String;

    /// Keeps the failure of `chunk`; returns whether the caller can take it at once.
    fn fail(&self, chunk: u64, error: Error) -> bool;

    /// Runs the chunks of `block` that may still start, in order, on this thread.
    fn run(&self, block: Range<u64>, fold: &Fold, worker: usize);

    /// Whether the task is `async`: [`start`](Self::start) then gives a future that really waits.
    #[cfg(feature = "async")]
    fn is_async(&self) -> bool;

    /// A future that runs `chunk` of an `async` task and keeps its output, unless it ends after its deadline: then it
    /// gives how long it ran. It does not ask whether the chunk may start, and unwinds when the task does.
    #[cfg(feature = "async")]
    fn start(
        self: Arc<Self>,
        chunk: u64,
        attempt: u32,
        fold: Arc<Fold>,
        worker: usize,
    ) -> BoxFuture<'static, Result<(), Duration>>;

    /// The address that a worker finds the task by, and the task as bytes.
    #[cfg(feature = "processes")]
    fn encode_task(&self) -> Result<(Vec<u8>, Vec<u8>), Cause>;

    /// Whether an `Err` among the outputs ends the fold.
    #[cfg(feature = "processes")]
    fn stops_on_err(&self) -> bool;

    /// Appends `chunk` as bytes.
    #[cfg(feature = "processes")]
    fn encode(&self, chunk: u64, bytes: &mut Vec<u8>) -> Result<(), Cause>;

    /// Keeps the output of `chunk` that a worker sent.
    #[cfg(feature = "processes")]
    fn decode(&self, chunk: u64, bytes: &[u8], fold: &Fold) -> Result<(), Cause>;
}
