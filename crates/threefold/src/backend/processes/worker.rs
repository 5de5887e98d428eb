//! Workers: what happens in a process that was started to run chunks for another.
//!
//! The parent starts its own executable again, with a mark as the first argument and one end of a socket pair as the
//! standard input. The mark is in the arguments and not in the environment, which grandchildren would inherit. The
//! worker stops in [`init`], moves the socket out of the way, and serves until it is told to go or the parent is gone.

mod channel;
mod early;
pub(crate) mod entrance;
mod serve;

pub(crate) use entrance::{Entrance, enter_early};
pub(crate) use serve::is_serving;
