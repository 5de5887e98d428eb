//! `Work`: a fold with its types: the source, the task, and the outputs.
//!
//! A block of chunks is run under one guard against panics, since a guard for each chunk would cost more than a cheap
//! chunk itself. When a chunk panics, the outputs of the chunks before it are kept, the chunk fails or runs again, and the
//! rest of the block follows under a new guard, if it may still start. Which chunk panicked is known from the number that
//! the thread notes before each.
//!
//! Chunk 0 is special in debug builds only: the chunk and its output are serialized, restored and compared, once per task
//! and executor. A difference is the failure of chunk 0, and the rest of its block follows in the same way.

use std::ops::Range;
#[cfg(feature = "async")]
use std::sync::Arc;
#[cfg(feature = "async")]
use std::time::{Duration, Instant};

use super::job::Job;
use super::outputs::Outputs;
use super::{Fold, chunk};
use crate::error::{Cause, Error, Place};
use crate::panics;
use crate::source::Pieces;
#[cfg(feature = "async")]
use crate::task::BoxFuture;
use crate::task::{Task, roundtrip};

/// A fold with its types.
pub(crate) struct Work<P, T: Task> {
    pub(crate) pieces: P,
    pub(crate) task: T,
    pub(crate) outputs: Outputs<T::Output>,
    /// Whether an `Err` among the outputs ends the fold, as in `try_fold`.
    stops_on_err: bool,
    /// Whether the task, the first chunk and the first output are checked: serialized, restored and compared.
    checks: bool,
}

impl<P: Pieces<Chunk = T::Chunk>, T: Task> Work<P, T> {
    pub(crate) fn new(pieces: P, task: T, stops_on_err: bool, checks: bool) -> Self {
        Self { pieces, task, outputs: Outputs::new(), stops_on_err, checks }
    }

    /// Checks the task, if that is asked for.
    pub(crate) fn check_task(&self) -> Result<(), Cause> {
        if self.checks { roundtrip::check("the task", &self.task, T::__eq) } else { Ok(()) }
    }

    /// Makes chunk `number`, and checks it if that is asked for. This may run code of the user's, such as a `Clone`
    /// that panics.
    fn piece(&self, number: u64) -> Result<T::Chunk, Cause> {
        let piece = self.pieces.piece(number);
        if self.checks && number == 0 {
            roundtrip::check("the chunk", &piece, T::__chunk_eq)?;
        }
        Ok(piece)
    }

    fn keep(&self, first: u64, outputs: Vec<T::Output>, fold: &Fold) {
        fold.arrived(self.outputs.keep(first, outputs));
    }

    /// Looks at an output: checks it if that is asked for, and ends the fold after chunk `number` if the output is an
    /// `Err` and that ends the fold.
    fn arrive(&self, number: u64, output: &T::Output, fold: &Fold) -> Result<(), Cause> {
        if self.checks && number == 0 {
            roundtrip::check("the output", output, T::__output_eq)?;
        }
        if self.stops_on_err && T::__is_err(output) {
            fold.stop_after(number);
        }
        Ok(())
    }
}

impl<P: Pieces<Chunk = T::Chunk>, T: Task> Job for Work<P, T> {
    fn task(&self) -> &'static str {
        T::__entry().name
    }

    fn describe(&self, chunk: u64) -> String {
        self.pieces.describe(chunk)
    }

    fn fail(&self, chunk: u64, error: Error) -> bool {
        self.outputs.fail(chunk, error)
    }

    fn run(&self, block: Range<u64>, fold: &Fold, worker: usize) {
        let mut next = block.start;
        let mut attempt = 1;
        while next < block.end {
            chunk::set(next);
            // At most about a page at first: a block that stops early should not cost much.
            let mut outputs = Vec::with_capacity((block.end - next).min(256) as usize);
            // After a panic only whole outputs are used of what the closure touched.
            let ran = panics::catch(|| {
                for number in next..block.end {
                    if !fold.may_start(number) {
                        break;
                    }
                    chunk::set(number);
                    let started = fold.started();
                    let output = self.task.map(self.piece(number)?);
                    fold.finished(number, worker, if number == next { attempt } else { 1 }, started);
                    self.arrive(number, &output, fold)?;
                    outputs.push(output);
                }
                Ok(())
            });
            self.keep(next, outputs, fold);
            let panic = match ran {
                Ok(Ok(())) => return,
                Ok(Err(cause)) => {
                    fold.unsent(chunk::get(), cause);
                    (next, attempt) = (chunk::get() + 1, 1);
                    continue;
                }
                Err(panic) => panic,
            };
            // Go on with the chunk that panicked, or with the one after it. Whether it may still start is asked above.
            let unwound = chunk::get();
            attempt = if unwound == next { attempt } else { 1 };
            let at = Place { worker: Some(worker), ..Place::default() };
            if fold.retries_panic(attempt) {
                fold.retried(|| fold.panic(unwound, attempt, at, panic));
                (next, attempt) = (unwound, attempt + 1);
            } else {
                fold.panicked(unwound, attempt, at, panic);
                (next, attempt) = (unwound + 1, 1);
            }
        }
    }

    #[cfg(feature = "async")]
    fn is_async(&self) -> bool {
        T::__ASYNC
    }

    #[cfg(feature = "async")]
    fn start(
        self: Arc<Self>,
        chunk: u64,
        attempt: u32,
        fold: Arc<Fold>,
        worker: usize,
    ) -> BoxFuture<'static, Result<(), Duration>> {
        Box::pin(async move {
            let started = fold.started();
            let deadline = fold.policy.timeout.map(|timeout| (timeout, Instant::now()));
            let piece = match self.piece(chunk) {
                Ok(piece) => piece,
                Err(cause) => {
                    fold.unsent(chunk, cause);
                    return Ok(());
                }
            };
            let output = self.task.__future(piece).expect("only async tasks are started").await;
            // A task that never awaits cannot be stopped, but it is told all the same that it took too long.
            if let Some((timeout, began)) = deadline
                && began.elapsed() > timeout
            {
                return Err(began.elapsed());
            }
            fold.finished(chunk, worker, attempt, started);
            match self.arrive(chunk, &output, &fold) {
                Ok(()) => self.keep(chunk, vec![output], &fold),
                Err(cause) => fold.unsent(chunk, cause),
            }
            Ok(())
        })
    }

    #[cfg(feature = "processes")]
    fn encode_task(&self) -> Result<(Vec<u8>, Vec<u8>), Cause> {
        let address = T::__entry().address().map_err(|reason| Cause::Unportable { what: "the task", reason })?;
        Ok((address, roundtrip::encode_task(&self.task)?))
    }

    #[cfg(feature = "processes")]
    fn stops_on_err(&self) -> bool {
        self.stops_on_err
    }

    #[cfg(feature = "processes")]
    fn encode(&self, chunk: u64, bytes: &mut Vec<u8>) -> Result<(), Cause> {
        let piece = panics::catch(|| self.piece(chunk))??;
        roundtrip::encode("the chunk", &piece, bytes)
    }

    #[cfg(feature = "processes")]
    fn source(&self) -> Option<Vec<u8>> {
        self.pieces.as_bytes()
    }

    #[cfg(feature = "processes")]
    fn decode(&self, first: u64, outputs: &mut dyn Iterator<Item = &[u8]>, fold: &Fold) -> (u64, Result<(), Cause>) {
        let mut values: Vec<T::Output> = Vec::new();
        let result = roundtrip::decode_all("the output", outputs, &mut values);
        if self.stops_on_err
            && let Some(err) = values.iter().position(T::__is_err)
        {
            fold.stop_after(first + err as u64);
        }
        let count = values.len() as u64;
        self.keep(first, values, fold);
        (count, result)
    }
}
