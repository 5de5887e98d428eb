//! The wire: what a parent and its workers say to each other, as bytes.
//!
//! Each says one message per frame (`frame`). Integers are little-endian; byte strings run to the end of the frame or
//! carry their own length. Values are bytes here: what is in them is the codec's affair. Both sides are the same
//! executable, so there is one version, which the first frame checks.
//!
//! A worker runs the chunks of its `Run` frames in the order in which they come, and answers them in that order. The
//! outputs of consecutive chunks share one frame, so do several chunks that it does not start; a failure has a frame of
//! its own.
//!
//! A fold over a range of integers, on one worker that has run the same task before:
//!
//! ```text
//! parent                                worker
//!   Fold { rules, source: 0..1000 } ->
//!   Run { first: 0, Cut(1) } ->
//!                                    <- Done { chunk: 0, outputs: 1 }
//!   Run { first: 1, Cut(150) } ->
//!   Run { first: 151, Cut(120) } ->       the block to go on with: it lies ready when the one before it ends
//!                                    <- Done { chunk: 1, outputs: 150 }
//!   Run { first: 271, Cut(90) } ->
//!                                    <- Done { chunk: 151, outputs: 70 }
//!                                    <- Panicked { chunk: 221 }
//!                                    <- Skipped { first: 222, count: 49 }
//!                                    <- Skipped { first: 271, count: 90 }
//! ```
//!
//! The first message to a worker is `Hello`, and so is its answer. `Task` comes before the first `Fold` and where the task is
//! another one than in the fold before. Chunks of other sources are in the `Run` message, each behind its length: a worker
//! cannot make them by itself.
//!
//! Nothing that a worker says is believed because it is well formed. Its answer must be about the chunk that is due from it,
//! and about no more chunks than are left of the block that the chunk is of. Lengths are checked against what is there before
//! anything is allocated for them, and a list is seen to be whole before any of it is used.

mod build;
mod fields;
mod frame;
mod from_worker;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod held;
mod inbox;
mod list;
mod outbox;
mod rules;
mod to_worker;

pub(crate) use build::Build;
pub(crate) use from_worker::{FromWorker, OpenDone, Ran};
pub(crate) use held::{Held, rest_of};
pub(crate) use inbox::Inbox;
pub(crate) use list::List;
pub(crate) use outbox::Outbox;
pub(crate) use rules::Rules;
pub(crate) use to_worker::{Chunks, Run, ToWorker};

/// Buffers that have grown beyond this many bytes, for a large message, are let go once they are empty.
const KEPT: usize = 1 << 20;
