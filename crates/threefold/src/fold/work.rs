//! `Work`: a fold with its types: the source, the task, and the outputs.
//!
//! A block of chunks is run under one guard against panics, since a guard for each chunk would cost more than a cheap
//! chunk itself. When a chunk panics, the outputs of the chunks before it are kept, the chunk fails or runs again, and
//! the rest of the block follows under a new guard, if it may still start.
//!
//! The outputs of a block are passed to a sink (see [`guarded`]). The sink of a worker keeps them. The sink
//! of a caller reduces them at once, under the same guard.
//!
//! Chunk 0 is special in debug builds only: the chunk and its output are serialized, restored and compared, once per
//! task and executor. A difference is the failure of chunk 0, and the rest of its block follows in the same way.
//!
//! # What happens to a chunk
//!
//! 1. Its number is noted, for what the task and errors ask about it.
//! 2. Its span is entered, if somebody listens. It is made from the source. This may run code of the user's.
//! 3. The task runs.
//! 4. If the fold is observed, it is recorded when the chunk ran.
//! 5. Its output is checked, is added to the journal if the fold has one, and ends the fold after this chunk if it is an
//!    `Err` and that ends the fold. With a journal, what the bytes restore takes its place. See [`answered`].
//! 6. The sink gets the output.
//!
//! All six are under the guard, so a panic in any of them is caught. The number tells at which chunk.

mod answered;
mod ended;
mod guarded;
mod in_span;

use std::any::Any;
use std::ops::Range;
use std::sync::Arc;
#[cfg(feature = "async")]
use std::time::Instant;

use super::Fold;
#[cfg(feature = "async")]
use super::job::Again;
use super::job::Job;
#[cfg(feature = "processes")]
use super::job::Refused;
use super::outputs::Outputs;
use super::recording::Recording;
use super::states::States;
use super::tree::Tree;
use crate::error::{Cause, Error};
#[cfg(feature = "processes")]
use crate::panics;
use crate::source::Pieces;
#[cfg(feature = "async")]
use crate::task::BoxFuture;
use crate::task::{Task, roundtrip};

pub(crate) use ended::Ended;

/// A fold with its types.
pub(crate) struct Work<P, T: Task> {
    pub(crate) pieces: P,
    pub(crate) task: T,
    pub(crate) outputs: Outputs<T::Output>,
    /// Where outputs are merged, if the fold has a tree.
    pub(crate) tree: Option<Arc<Tree<T::Output>>>,
    pub(crate) states: States,
    looks: Looks,
    /// The journal of the fold, if it has one. In a box, since few folds have one.
    recording: Option<Box<Recording>>,
    /// Whether outputs are checked or recorded.
    watches: bool,
}

/// What a fold looks for.
#[derive(Clone, Copy, Default)]
pub(crate) struct Looks {
    /// An `Err` among the outputs. It ends the fold, as in `try_fold`.
    pub(crate) for_errs: bool,
    /// A task, first chunk or first output that is another after it was serialized and restored.
    pub(crate) for_changes: bool,
}

impl<P: Pieces<Chunk = T::Chunk>, T: Task> Work<P, T> {
    /// A fold whose outputs are kept, or are merged in `tree` by workers of this process, and are recorded if there is a
    /// journal.
    pub(crate) fn new(
        (pieces, task): (P, T),
        looks: Looks,
        tree: Option<Arc<Tree<T::Output>>>,
        recording: Option<Box<Recording>>,
    ) -> Self {
        let outputs = Outputs::new(recording.as_ref().and_then(|recording| recording.finished()));
        let watches = looks.for_changes || recording.is_some();
        Self { pieces, task, outputs, tree, states: States::default(), looks, recording, watches }
    }

    /// Has the caller take outputs as they come, in any order.
    pub(crate) fn in_any_order(self) -> Self {
        Self { outputs: self.outputs.in_any_order(), ..self }
    }

    /// The journal of the fold, if it has one.
    pub(crate) fn recording(&self) -> Option<&Recording> {
        self.recording.as_deref()
    }

    /// Whether the closure that merges outputs panicked at a node that ends at `chunk` or before.
    pub(crate) fn is_broken_below(&self, chunk: u64) -> bool {
        self.tree.as_ref().is_some_and(|tree| tree.is_broken_below(chunk))
    }

    /// The job of `fold`, with its type. Only code that knows the type calls this, because it has made the fold.
    pub(crate) fn of(fold: &Fold) -> &Self {
        let job: &dyn Any = &fold.job;
        job.downcast_ref().expect("a fold keeps the job that it was made with")
    }

    /// Checks the task, if that is asked for.
    pub(crate) fn check_task(&self) -> Result<(), Cause> {
        if self.looks.for_changes { roundtrip::check("the task", &self.task, T::__eq) } else { Ok(()) }
    }

    /// Whether chunk `number` and its output are checked.
    fn is_checked(&self, number: u64) -> bool {
        self.looks.for_changes && number == 0
    }

    /// Makes chunk `number`, and checks it if that is asked for. This may run code of the user's, such as a `Clone`
    /// that panics.
    #[inline]
    fn piece(&self, number: u64, is_checked: bool) -> Result<T::Chunk, Cause> {
        if is_checked || self.pieces.may_fail() {
            self.doubtful_piece(number, is_checked)
        } else {
            Ok(self.pieces.piece(number))
        }
    }

    /// The same for a chunk that is checked, or that the source may fail to make. It is apart, so that the loop over cheap
    /// chunks stays small.
    #[inline(never)]
    fn doubtful_piece(&self, number: u64, is_checked: bool) -> Result<T::Chunk, Cause> {
        let piece = self.pieces.try_piece(number).map_err(Cause::unreadable)?;
        if is_checked {
            roundtrip::check("the chunk", &piece, T::__chunk_eq)?;
        }
        Ok(piece)
    }

    /// Runs all chunks of a block, whatever becomes of some of them.
    #[inline]
    fn run_to_end(&self, block: Range<u64>, fold: &Fold, worker: usize) {
        let mut from = Some((block.start, 1));
        while let Some((next, attempt)) = from.filter(|&(next, _)| next < block.end) {
            let rest = next..block.end;
            let ended = match &self.tree {
                None => self.run_and_keep(rest, attempt, fold, worker),
                Some(tree) => self.run_and_merge(tree, rest, attempt, fold, worker),
            };
            from = self.settle(ended, (next, attempt), fold, worker);
        }
    }

    /// The same, with each chunk as a block of its own.
    #[inline(never)]
    fn run_each(&self, block: Range<u64>, fold: &Fold, worker: usize) {
        block.for_each(|chunk| self.run_to_end(chunk..chunk + 1, fold, worker));
    }

    fn keep(&self, first: u64, outputs: Vec<T::Output>, fold: &Fold) {
        fold.arrived(self.outputs.keep(first, outputs));
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
        // The outputs of a block arrive together, when it ends. A stream gives each when its chunk ends.
        if fold.policy.streams {
            self.run_each(block, fold, worker);
        } else {
            self.run_to_end(block, fold, worker);
        }
    }

    #[cfg(feature = "async")]
    fn is_async(&self) -> bool {
        T::__ASYNC
    }

    #[cfg(feature = "async")]
    fn start<'a>(
        &'a self,
        chunk: u64,
        attempt: u32,
        fold: &'a Fold,
        worker: usize,
    ) -> BoxFuture<'a, Result<(), Again>> {
        Box::pin(async move {
            let started = fold.started(chunk, worker, attempt);
            let deadline = fold.policy.timeout.map(|timeout| (timeout, Instant::now()));
            let piece = match self.piece(chunk, self.is_checked(chunk)) {
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
                return Err(Again::Late(began.elapsed()));
            }
            if !fold.counts_results() {
                return Ok(());
            }
            if T::__is_err(&output) && fold.retries_error(attempt) {
                return Err(Again::Erred);
            }
            let watched = if self.watches { self.watch(chunk, output, fold) } else { Ok(output) };
            let output = match watched {
                Ok(output) => output,
                Err(cause) => {
                    fold.unsent(chunk, cause);
                    return Ok(());
                }
            };
            self.stop_on_err(chunk, &output, fold);
            fold.finished(chunk, worker, attempt, started);
            fold.arrived(self.outputs.keep_one(chunk, output));
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
        self.looks.for_errs
    }

    #[cfg(feature = "processes")]
    fn encode(&self, chunk: u64, bytes: &mut Vec<u8>) -> Result<(), Cause> {
        let piece = panics::catch(|| self.piece(chunk, self.is_checked(chunk)))??;
        roundtrip::encode("the chunk", &piece, bytes)
    }

    #[cfg(feature = "processes")]
    fn source(&self) -> Option<Vec<u8>> {
        self.pieces.as_bytes(crate::source::Ours::new())
    }

    #[cfg(feature = "processes")]
    fn decode(
        &self,
        first: u64,
        attempt: u32,
        outputs: &mut dyn Iterator<Item = &[u8]>,
        fold: &Fold,
    ) -> (u64, Result<(), Refused>) {
        self.take_answers(first, attempt, outputs, fold)
    }
}
