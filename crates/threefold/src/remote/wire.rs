//! The wire: what a parent and its workers say to each other, as bytes.
//!
//! Each side sends one message per frame (`frame`). Integers are little-endian; byte strings run to the end of the
//! frame or carry their own length. Values are bytes here: what is in them is the codec's affair. Both sides are the
//! same executable, so there is one version, which the first frame checks.
//!
//! A worker runs the chunks of its `Run` frames in the order in which the frames arrive, and answers them in that
//! order. The outputs of consecutive chunks share one frame. Several chunks that the worker does not start share one
//! frame, too. A failure has its own frame.
//!
//! A fold over a range of integers, on one worker that has run the same task before:
//!
//! ```text
//! parent                                worker
//!   Fold { rules, source: 0..1000 } ->
//!   Run { first: 0, Cut(1) } ->
//!                                    <- Done { chunk: 0, outputs: 1 }
//!   Run { first: 1, Cut(150) } ->
//!   Run { first: 151, Cut(120) } ->       the block to continue with: it is there when the previous one ends
//!                                    <- Done { chunk: 1, outputs: 150 }
//!   Run { first: 271, Cut(90) } ->
//!                                    <- Done { chunk: 151, outputs: 70 }
//!                                    <- Panicked { chunk: 221 }
//!                                    <- Skipped { first: 222, count: 49 }
//!                                    <- Skipped { first: 271, count: 90 }
//! ```
//!
//! The first message to a worker is `Hello`, and so is its answer: the handshake. `Task` comes before the first `Fold`,
//! and before a `Fold` whose task differs from that of the previous fold. Chunks of other sources are in the `Run`
//! message, each after its length, since a worker cannot make them by itself.
//!
//! Arrays of shared memory are not in these messages. A worker is told where the memory is (`Map`), and the task and the
//! source name it by its number.
//!
//! A well-formed message is not trusted for its form alone. An answer must be about the chunk that is due from this
//! worker, and about no more chunks than are left of that chunk's block. Lengths are checked against the received bytes
//! before memory is allocated for them. A list is checked completely before any part of it is used.

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
mod running;
mod to_worker;

pub(crate) use build::Build;
pub(crate) use from_worker::{FromWorker, OpenDone, Ran};
pub(crate) use held::{Held, rest_of};
pub(crate) use inbox::Inbox;
pub(crate) use list::List;
pub(crate) use outbox::Outbox;
pub(crate) use rules::Rules;
pub(crate) use running::Running;
pub(crate) use to_worker::{Chunks, Place, Run, SLOTS, ToWorker};

/// Buffers that have grown beyond this many bytes, for a large message, are let go once they are empty.
const KEPT: usize = 1 << 20;
