//! `Taker`: the caller, as it takes the results of the chunks in chunk order. The lowest failure and panics of the caller's
//! closures are decided here.
//!
//! # The two paths of an output
//!
//! - An output of another worker is *kept* in [`Outputs`](crate::fold::outputs::Outputs), and the caller takes it from
//!   there. An output of the caller is kept too, if a lower chunk is still running on another worker.
//! - An output of the caller that is the next to be taken is not kept. The caller passes it to the closure at once.
//!   Task and closure alternate under one guard against panics, and one store per chunk notes which of the two the
//!   thread runs: see [`chunk`].
//!
//! Most small folds use the second path from the first chunk to the last. Such a fold makes one allocation, registers
//! no waker, takes no lock and reads no clock. The state that other workers would need is made when the first of them
//! enters, or when the caller has to wait.
//!
//! Both paths give the same result. On the second path the caller takes outputs in chunk order, since it uses that path
//! only for a block that begins at the next chunk to take. After each chunk it asks whether the fold was cancelled, as
//! it does with a kept output. On both paths a failure is kept, so that the lowest one is found in one place.

use std::ops::{ControlFlow, Range};
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::reduction::Reduction;
use crate::backend::{Caller, Running, current};
use crate::error::{Error, Result};
use crate::fold::outputs::{Kept, Outcome};
use crate::fold::work::{Ended, Work};
use crate::fold::{Fold, chunk};
use crate::panics::{self, Payload};
use crate::source::Pieces;
use crate::task::Task;

/// The caller, as it takes the results of the chunks in chunk order.
pub(super) struct Taker<'a, P, T: Task, R> {
    fold: &'a Running,
    work: &'a Work<P, T>,
    /// The fold and the chunk, if any, that the caller itself is a task of. Its closure runs as a part of that chunk,
    /// not of this fold.
    outside: (Option<current::Context>, u64),
    pub(super) reduction: R,
    /// How many results it has taken.
    pub(super) taken: u64,
    /// What came after the fold was cancelled. It is dropped after the fold: a destructor of the user's must not unwind
    /// through a backend.
    pub(super) unwanted: Option<Kept<T::Output>>,
    pub(super) end: End,
}

/// How far the caller has come.
pub(super) enum End {
    /// It takes every result that comes.
    Open,
    /// Its reduction broke off: the result of the verb is known.
    Settled,
    /// It has met the failure that ends the fold.
    Failed(Error),
    /// Its reduction panicked.
    Unwound(Payload),
}

impl<P, T, R> Caller for Taker<'_, P, T, R>
where
    P: Pieces<Chunk = T::Chunk>,
    T: Task,
    R: Reduction<T::Output>,
{
    fn run(&mut self, block: Range<u64>) {
        let mut is_next = block.start == self.taken;
        if !is_next && self.work.recording().is_some() {
            // Perhaps only chunks are missing that the journal has.
            self.ready();
            is_next = block.start == self.taken;
        }
        if is_next && self.is_open() && self.work.tree.is_none() {
            self.run_and_take(block);
        } else {
            self.fold.run(block, 0);
        }
        if self.work.outputs.is_waiting() {
            self.ready();
        }
    }

    fn ready(&mut self) {
        // After the last chunk there is nothing left to take.
        if self.taken < self.fold.chunks {
            self.take_ready();
        }
    }
}

impl<'a, P, T, R> Taker<'a, P, T, R>
where
    P: Pieces<Chunk = T::Chunk>,
    T: Task,
    R: Reduction<T::Output>,
{
    /// A caller that has taken nothing of the fold, and that is inside of the fold and chunk `outside`.
    pub(super) fn new(
        (fold, work): (&'a Running, &'a Work<P, T>),
        outside: (Option<current::Context>, u64),
        reduction: R,
    ) -> Self {
        Self { fold, work, outside, reduction, taken: 0, unwanted: None, end: End::Open }
    }

    /// Whether the next result is wanted.
    fn is_open(&self) -> bool {
        matches!(self.end, End::Open) && self.unwanted.is_none()
    }

    /// Runs the chunks of `block`, of which the first is the next to take, and takes each output at once, without
    /// keeping it.
    ///
    /// The closure runs under the same guard as the task. If the thread had stepped outside when it panicked, the
    /// closure has panicked; otherwise the task has.
    fn run_and_take(&mut self, block: Range<u64>) {
        let (fold, work): (&Fold, _) = (self.fold, self.work);
        let mut from = Some((block.start, 1));
        while let Some((next, attempt)) = from.filter(|&(next, _)| next < block.end && self.is_open()) {
            let ended = work.run_guarded(next..block.end, attempt, fold, 0, |chunk, output| {
                // See `take_ready`. A cancel lowers the limit too, so `may_start` is false after it.
                if !fold.may_start(chunk) && fold.is_cancelled() && !fold.policy.keeps_going {
                    self.unwanted = Some(Kept::Value(output));
                    return ControlFlow::Break(());
                }
                self.taken = chunk + 1;
                chunk::step_outside();
                let flow = self.reduction.take(chunk, output);
                if flow.is_break() {
                    self.end = End::Settled;
                }
                flow
            });
            let was_outside = chunk::is_outside();
            chunk::set(next);
            work.outputs.advance(self.taken);
            from = match ended {
                Ended::Panicked(_, payload) if was_outside => {
                    self.end = End::Unwound(payload);
                    None
                }
                ended => work.settle(ended, (next, attempt), fold, 0),
            };
            self.passed();
            // The failure of a chunk is kept, and `take_ready` takes it.
            if from.is_some() {
                self.take_ready();
            }
        }
    }

    /// Tells the fold up to which chunk the caller has taken the outputs.
    fn passed(&self) {
        let fold: &Fold = self.fold;
        match self.end {
            // After the last chunk no worker waits for the window.
            End::Open if self.taken == fold.chunks => (),
            End::Open => fold.taken(self.taken),
            // The result is known: no other chunk is needed, whether it runs already or not.
            _ => fold.cancel(),
        }
    }

    /// Takes every result that has come, as long as the end is open.
    ///
    /// Once the fold is cancelled nothing is taken: a task that asks whether it is cancelled may return anything, and
    /// one whose nested folds were cancelled may panic. The cancel is checked after the result was taken under the lock
    /// of the outputs. A worker that had seen the cancel has put its result there under the same lock, so this check
    /// sees the cancel too.
    ///
    /// A fold that keeps going takes all that was kept: its workers keep nothing after a cancel. See
    /// [`Fold::counts_results`].
    fn take_ready(&mut self) {
        let fold: &Fold = self.fold;
        while self.is_open()
            && let Some((first, kept)) = self.work.outputs.take()
        {
            if fold.is_cancelled() && !fold.policy.keeps_going {
                self.unwanted = Some(kept);
                return;
            }
            self.end = match kept {
                Kept::Failure(error) if !fold.policy.keeps_going => End::Failed(error),
                Kept::Failure(error) => self.hand_over(first, [Err(error)]),
                Kept::Value(value) => self.hand_over(first, [Ok(value)]),
                Kept::Values(values) => self.hand_over(first, values.into_iter().map(Ok)),
                Kept::Merged(count) => self.pass_over(count),
                Kept::Recorded => self.hand_over_recorded(first),
            };
            self.passed();
        }
    }

    /// After a fold that keeps going was cancelled: takes what was finished, and the cancel as the failure of every other
    /// chunk.
    pub(super) fn take_left(&mut self) {
        if self.is_open() && self.fold.policy.keeps_going && self.fold.is_cancelled() {
            let left = self.work.outputs.left(self.taken..self.fold.chunks, self.fold.why());
            for (chunk, outcome) in left {
                self.end = match outcome {
                    Outcome::Here(result) => self.hand_over(chunk, [result]),
                    Outcome::Recorded => self.hand_over_recorded(chunk),
                };
                if !self.is_open() {
                    return;
                }
            }
        }
    }

    /// Reads the output of a chunk from the journal, and gives it to the caller's closure. If it cannot be read, the fold
    /// has failed, also if it keeps going after failures of chunks.
    fn hand_over_recorded(&mut self, chunk: u64) -> End {
        match self.work.read(chunk, self.fold) {
            Ok(output) => self.hand_over(chunk, [Ok(output)]),
            Err(error) => End::Failed(error),
        }
    }

    /// The next `count` chunks are in the tree. If the closure that merges has panicked after one of the chunks below
    /// that, the result is known: no chunk and no merge before it has failed.
    fn pass_over(&mut self, count: u64) -> End {
        self.taken += count;
        if self.work.is_broken_below(self.taken) { End::Settled } else { End::Open }
    }

    /// Gives the caller's closure the results of the chunks from `first` on.
    ///
    /// Before each result it checks whether the fold was cancelled, since the closure itself may have cancelled it. So
    /// a closure that cancels its fold is not called again, whether the caller has run the chunks itself or not.
    fn hand_over(&mut self, first: u64, outcomes: impl IntoIterator<Item = Result<T::Output>>) -> End {
        let fold: &Fold = self.fold;
        let (outside, number) = &self.outside;
        let _outside = current::enter(outside.clone());
        chunk::set(*number);
        let mut outcomes = outcomes.into_iter().zip(first..);
        // Unwind-safe: after a panic nothing that the closure touched is used. The panic continues when the fold has
        // ended. The outputs that are left after a break are dropped here as well, under the same guard. Those that are left
        // after a panic are dropped one by one: two destructors that panic together would end the program.
        let result = catch_unwind(AssertUnwindSafe(|| {
            let mut end = End::Open;
            for (outcome, chunk) in &mut outcomes {
                // A cancel lowers the limit too, so `may_start` is false after it.
                if !fold.may_start(chunk) && fold.is_cancelled() && !fold.policy.keeps_going {
                    break;
                }
                self.taken += 1;
                let flow = match outcome {
                    Ok(output) => self.reduction.take(chunk, output),
                    Err(error) => self.reduction.take_failure(error),
                };
                if flow.is_break() {
                    end = End::Settled;
                    break;
                }
            }
            outcomes.by_ref().for_each(drop);
            end
        }));
        match result {
            Ok(end) => end,
            Err(payload) => {
                outcomes.for_each(panics::drop_caught);
                End::Unwound(payload)
            }
        }
    }
}
