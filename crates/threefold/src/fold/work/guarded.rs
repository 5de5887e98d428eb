//! A block of chunks, run under one guard against panics, and what becomes of it if a chunk ends the run of the block.
//!
//! The loop over the chunks is compiled twice. Most folds are neither checked nor recorded, and their loop does not ask
//! for that: one more test for each chunk would be noticed where chunks are cheap. A fold that is *watched* uses the
//! second loop, which gives every output to [`Work::watch`] before the sink gets it.
//!
//! Three callers run blocks, each with a sink of its own:
//!
//! | caller | sink |
//! |---|---|
//! | a worker of a fold without a tree | collects the outputs of the block, which are then kept together |
//! | a worker of a fold with a tree | merges the output with those of the block before it |
//! | the caller of the fold, at the next chunk to take | reduces the output at once |
//!
//! The loop ends at the first chunk that may not start, that fails, or whose output the sink does not want to be followed
//! by another. What is left of the block is then run in another call, or not at all, as the policy says.

use std::ops::{ControlFlow, Range};

use super::{Ended, Work};
#[cfg(feature = "async")]
use crate::error::Error;
use crate::error::Place;
use crate::fold::tree::Tree;
use crate::fold::{Fold, chunk};
use crate::panics;
use crate::source::Pieces;
use crate::task::Task;

impl<P: Pieces<Chunk = T::Chunk>, T: Task> Work<P, T> {
    /// Runs the chunks of `block` that may still start, in order, on this thread, under one guard against panics.
    /// `sink` gets the output of each chunk, and may break off. `attempt` is the attempt of the first chunk.
    ///
    /// After a panic, only complete outputs are used of the data that the guarded code has touched.
    pub(crate) fn run_guarded(
        &self,
        block: Range<u64>,
        attempt: u32,
        fold: &Fold,
        worker: usize,
        mut sink: impl FnMut(u64, T::Output) -> ControlFlow<()>,
    ) -> Ended {
        // Asked once for a block, so that the loop over cheap chunks stays small. Few folds are watched, so that loop is
        // compiled once for a task, and not for each sink.
        if self.watches {
            let sink: &mut dyn FnMut(u64, T::Output) -> ControlFlow<()> = &mut sink;
            self.run_block::<true>(block, attempt, fold, worker, sink)
        } else {
            self.run_block::<false>(block, attempt, fold, worker, sink)
        }
    }

    /// The same. `WATCHES` says whether outputs are checked or recorded.
    #[inline]
    fn run_block<const WATCHES: bool>(
        &self,
        block: Range<u64>,
        attempt: u32,
        fold: &Fold,
        worker: usize,
        mut sink: impl FnMut(u64, T::Output) -> ControlFlow<()>,
    ) -> Ended {
        let mut number = block.start;
        if !fold.may_start(number) {
            return Ended::Well;
        }
        chunk::set(number);
        let Some(mut state) = self.states.take(&self.task, fold, worker) else { return Ended::Well };
        let mut listening = Default::default();
        let ran = panics::catch_payload(|| {
            listening = fold.scope.listen();
            while number < block.end && fold.may_start(number) {
                chunk::set(number);
                let attempt = if number == block.start { attempt } else { 1 };
                let started = fold.started(number, worker, attempt);
                let output = match fold.scope.is_heard() {
                    false => {
                        let piece = self.piece(number, WATCHES && self.is_checked(number))?;
                        self.task.__map_with(&mut state, piece)
                    }
                    true => self.map_in_span(&mut state, (number, attempt), fold, worker)?,
                };
                if !fold.counts_results() {
                    break;
                }
                if T::__is_err(&output) && fold.retries_error(attempt) {
                    return Ok(true);
                }
                let output = if WATCHES { self.watch(number, output, fold)? } else { output };
                self.stop_on_err(number, &output, fold);
                fold.finished(number, worker, attempt, started);
                if sink(number, output).is_break() {
                    break;
                }
                number += 1;
            }
            Ok(false)
        });
        // Outside of the guard: a subscriber that panics here is the task of no chunk. Its panic continues at the end.
        if fold.scope.is_heard() && fold.scope.leave(listening) {
            fold.cancel();
        }
        match ran {
            Ok(ended) => {
                self.states.put_back::<T>(worker, state);
                match ended {
                    Ok(false) => Ended::Well,
                    Ok(true) => Ended::Erred(number),
                    Err(cause) => Ended::Unsent(number, cause),
                }
            }
            Err(payload) => {
                // The panic may have left it half changed.
                if let Err(second) = panics::catch_payload(|| drop(state)) {
                    panics::drop_quietly(second);
                }
                Ended::Panicked(number, payload)
            }
        }
    }

    /// Runs the chunks of `block` as [`run_guarded`](Self::run_guarded) does, and keeps their outputs.
    pub(super) fn run_and_keep(&self, block: Range<u64>, attempt: u32, fold: &Fold, worker: usize) -> Ended {
        let first = block.start;
        // At most about a page at first: a block that stops early should not cost much.
        let mut outputs = Vec::with_capacity((block.end - first).min(256) as usize);
        let ended = self.run_guarded(block, attempt, fold, worker, |_, output| {
            outputs.push(output);
            ControlFlow::Continue(())
        });
        self.keep(first, outputs, fold);
        ended
    }

    /// Runs the chunks of `block` as [`run_guarded`](Self::run_guarded) does, and merges their outputs. The caller
    /// learns last that they have been run, so it finds what has become of the tree until then.
    pub(super) fn run_and_merge(
        &self,
        tree: &Tree<T::Output>,
        block: Range<u64>,
        attempt: u32,
        fold: &Fold,
        worker: usize,
    ) -> Ended {
        let first = block.start;
        let (mut run, mut count) = (tree.run(), 0);
        let ended = self.run_guarded(block, attempt, fold, worker, |chunk, output| {
            count += 1;
            run.push(chunk, output, Some(fold));
            ControlFlow::Continue(())
        });
        run.join(Some(fold));
        fold.arrived(self.outputs.keep_merged(first, count));
        ended
    }

    /// Applies the policy to a failure that ended a block. The block had begun at chunk `first`, at attempt `attempt`.
    /// Returns the chunk and the attempt to continue with: the chunk that failed, or the one after it. Whether that
    /// chunk may still start is checked when it is run.
    #[inline]
    pub(crate) fn settle(&self, ended: Ended, begun: (u64, u32), fold: &Fold, worker: usize) -> Option<(u64, u32)> {
        if let Ended::Well = ended { None } else { self.settle_failure(ended, begun, fold, worker) }
    }

    #[cold]
    fn settle_failure(
        &self,
        ended: Ended,
        (first, attempt): (u64, u32),
        fold: &Fold,
        worker: usize,
    ) -> Option<(u64, u32)> {
        match ended {
            Ended::Well => None,
            Ended::Unsent(number, cause) => {
                fold.unsent(number, cause);
                Some((number + 1, 1))
            }
            Ended::Erred(number) => {
                let attempt = if number == first { attempt } else { 1 };
                let at = Place { worker: Some(worker), ..Place::default() };
                fold.retried(|| fold.returned_err(number, attempt, at));
                fold.wait_before(number, attempt);
                Some((number, attempt + 1))
            }
            #[cfg(feature = "async")]
            Ended::Panicked(_, payload) if payload.is::<panics::Refused>() => {
                if let Ok(refused) = payload.downcast::<panics::Refused>() {
                    fold.abort(Error::system(fold.model, refused.what, refused.error));
                }
                None
            }
            Ended::Panicked(number, payload) => {
                let panic = panics::describe(payload);
                let attempt = if number == first { attempt } else { 1 };
                let at = Place { worker: Some(worker), ..Place::default() };
                if fold.retries_panic(attempt) {
                    fold.retried(|| fold.panic(number, attempt, at, panic));
                    fold.wait_before(number, attempt);
                    Some((number, attempt + 1))
                } else {
                    fold.panicked(number, attempt, at, panic);
                    Some((number + 1, 1))
                }
            }
        }
    }
}
