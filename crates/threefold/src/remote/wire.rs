//! The wire: what a parent and its workers say to each other, as bytes.
//!
//! Each says one message per frame (`frame`). Integers are little-endian; byte strings run to the end of the frame or
//! carry their own length. Values are bytes here: what is in them is the codec's affair. Both sides are the same
//! executable, so there is one version, which the first frame checks.
//!
//! A worker runs the chunks of its `Run` frames in the order in which they come, and answers them in that order. The
//! outputs of consecutive chunks share one frame, so do several chunks that it does not start; a failure has a frame of
//! its own.

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
