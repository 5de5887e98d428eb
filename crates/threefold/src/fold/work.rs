//! `Job`: a fold with its types erased.
//!
//! Backends know chunks by number. A job runs a block of them here, starts one as a future, or turns one into bytes
//! and its output back; the outputs stay inside, typed, until the caller takes them in chunk order.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::ops::Range;
#[cfg(feature = "async")]
use std::sync::Arc;
use std::sync::{Mutex, PoisonError};

use crate::error::Place;
use crate::fold::Fold;
use crate::panics;
use crate::source::Pieces;
#[cfg(feature = "async")]
use crate::task::BoxFuture;
use crate::task::Task;

/// A fold with its types erased: what a backend may know of it.
pub(crate) trait Job: Send + Sync {
    /// The task's name.
    fn task(&self) -> &'static str;

    /// What chunk `chunk` covers, for people.
    fn describe(&self, chunk: u64) -> String;

    /// Runs the chunks of `block` that may still start, in order, on this thread.
    fn run(&self, block: Range<u64>, fold: &Fold, worker: usize);

    /// Whether the task is `async`: [`start`](Self::start) then gives a future that really waits.
    #[cfg(feature = "async")]
    fn is_async(&self) -> bool;

    /// A future that runs `chunk` of an `async` task and keeps its output. It does not ask whether the chunk may start,
    /// and unwinds when the task does.
    #[cfg(feature = "async")]
    fn start(self: Arc<Self>, chunk: u64, attempt: u32, fold: Arc<Fold>, worker: usize) -> BoxFuture<'static, ()>;

    /// The address that a worker finds the task by, and the task's captures as bytes.
    #[cfg(feature = "processes")]
    fn encode_task(&self) -> crate::error::Result<(Vec<u8>, Vec<u8>), String>;

    /// Whether an `Err` among the outputs ends the fold.
    #[cfg(feature = "processes")]
    fn stops_on_err(&self) -> bool;

    /// Appends `chunk` as bytes.
    #[cfg(feature = "processes")]
    fn encode(&self, chunk: u64, bytes: &mut Vec<u8>) -> crate::error::Result<(), String>;

    /// Keeps the output of `chunk` that a worker sent.
    #[cfg(feature = "processes")]
    fn decode(&self, chunk: u64, bytes: &[u8], fold: &Fold) -> crate::error::Result<(), String>;
}

/// The typed side of a job.
pub(crate) struct Work<P, T: Task> {
    pub(crate) pieces: P,
    pub(crate) task: T,
    /// Whether an `Err` among the outputs ends the fold, as in `try_fold`.
    stops_on_err: bool,
    arrived: Mutex<Arrived<T::Output>>,
}

/// Outputs that the caller has not taken yet, in blocks of consecutive chunks by the number of their first.
struct Arrived<O> {
    /// The lowest chunk whose output was not taken.
    next: u64,
    blocks: BTreeMap<u64, Vec<O>>,
}

impl<P: Pieces<Chunk = T::Chunk>, T: Task> Work<P, T> {
    pub(crate) fn new(pieces: P, task: T, stops_on_err: bool) -> Self {
        let arrived = Mutex::new(Arrived { next: 0, blocks: BTreeMap::new() });
        Self { pieces, task, stops_on_err, arrived }
    }

    /// The next outputs in chunk order, with the number of the first; `None` when the next one has not arrived.
    pub(crate) fn take(&self) -> Option<(u64, Vec<T::Output>)> {
        let mut arrived = self.arrived.lock().unwrap_or_else(PoisonError::into_inner);
        let next = arrived.next;
        let outputs = arrived.blocks.remove(&next)?;
        arrived.next += outputs.len() as u64;
        Some((next, outputs))
    }

    /// The lowest chunk whose output was not taken is a failure, and was told to the caller: on to the one above.
    pub(crate) fn skip(&self) {
        self.arrived.lock().unwrap_or_else(PoisonError::into_inner).next += 1;
    }

    /// The lowest chunk whose output was not taken.
    pub(crate) fn next(&self) -> u64 {
        self.arrived.lock().unwrap_or_else(PoisonError::into_inner).next
    }

    fn keep(&self, first: u64, outputs: Vec<T::Output>) {
        if !outputs.is_empty() {
            let mut arrived = self.arrived.lock().unwrap_or_else(PoisonError::into_inner);
            let replaced = arrived.blocks.insert(first, outputs);
            debug_assert!(replaced.is_none(), "each chunk has one output");
        }
    }

    /// An output is here: ends the fold after `chunk` where it is an error and that is asked for.
    fn check(&self, chunk: u64, output: &T::Output, fold: &Fold) {
        if self.stops_on_err && T::__is_err(output) {
            fold.stop_after(chunk);
        }
    }
}

impl<P: Pieces<Chunk = T::Chunk>, T: Task> Job for Work<P, T> {
    fn task(&self) -> &'static str {
        T::__entry().name
    }

    fn describe(&self, chunk: u64) -> String {
        self.pieces.describe(chunk)
    }

    fn run(&self, block: Range<u64>, fold: &Fold, worker: usize) {
        let mut next = block.start;
        let mut attempt = 1;
        while next < block.end {
            let running = Cell::new(next);
            // Grown as needed past a page or so: a block that stops early should not have cost much.
            let mut outputs = Vec::with_capacity((block.end - next).min(256) as usize);
            // Of what the closure touches only whole outputs are used after a panic.
            let ran = panics::catch(|| {
                for chunk in next..block.end {
                    if !fold.may_start(chunk) {
                        break;
                    }
                    running.set(chunk);
                    let started = fold.started();
                    let output = self.task.map(self.pieces.piece(chunk));
                    fold.finished(chunk, worker, if chunk == next { attempt } else { 1 }, started);
                    self.check(chunk, &output, fold);
                    outputs.push(output);
                }
            });
            self.keep(next, outputs);
            let Err(panic) = ran else { return };
            // On with the chunk that unwound, or with the one after it: whether that may start is asked above.
            let chunk = running.get();
            attempt = if chunk == next { attempt } else { 1 };
            let at = Place { worker: Some(worker), ..Place::default() };
            if fold.retries_panic(attempt) {
                fold.retried(|| fold.panic(chunk, attempt, at, panic));
                (next, attempt) = (chunk, attempt + 1);
            } else {
                fold.panicked(chunk, attempt, at, panic);
                (next, attempt) = (chunk + 1, 1);
            }
        }
    }

    #[cfg(feature = "async")]
    fn is_async(&self) -> bool {
        T::__ASYNC
    }

    #[cfg(feature = "async")]
    fn start(self: Arc<Self>, chunk: u64, attempt: u32, fold: Arc<Fold>, worker: usize) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            let started = fold.started();
            let future = self.task.__future(self.pieces.piece(chunk));
            let output = future.expect("only async tasks are started").await;
            fold.finished(chunk, worker, attempt, started);
            self.check(chunk, &output, &fold);
            self.keep(chunk, vec![output]);
        })
    }

    #[cfg(feature = "processes")]
    fn encode_task(&self) -> Result<(Vec<u8>, Vec<u8>), String> {
        Ok((T::__entry().address()?, uncrashed(|| crate::task::roundtrip::encode_task(&self.task))?))
    }

    #[cfg(feature = "processes")]
    fn stops_on_err(&self) -> bool {
        self.stops_on_err
    }

    #[cfg(feature = "processes")]
    fn encode(&self, chunk: u64, bytes: &mut Vec<u8>) -> Result<(), String> {
        uncrashed(|| crate::task::encode(&self.pieces.piece(chunk), bytes))
    }

    #[cfg(feature = "processes")]
    fn decode(&self, chunk: u64, bytes: &[u8], fold: &Fold) -> Result<(), String> {
        let output = uncrashed(|| crate::task::decode(bytes))?;
        self.check(chunk, &output, fold);
        self.keep(chunk, vec![output]);
        Ok(())
    }
}

/// Values turn into bytes and back by code of the user's, which may panic.
#[cfg(feature = "processes")]
fn uncrashed<R>(convert: impl FnOnce() -> Result<R, String>) -> Result<R, String> {
    panics::catch(convert).unwrap_or_else(|panic| Err(format!("its own code panicked: {}", panic.message)))
}
