//! Workers: what happens in a process that was started to run chunks for another.
//!
//! The parent starts its own executable again, with a mark as the first argument and one end of a socket pair as the
//! standard input. The mark is in the arguments and not in the environment, which grandchildren would inherit. The
//! worker stops in [`init`], checks who started it, and moves the socket to another descriptor. It makes copies of
//! itself while its parent requests any. Then it serves until its parent closes the channel or ends.

mod bare_thread;
mod c_library;
mod channel;
mod constructors;
mod copy;
mod copying;
mod early;
pub(crate) mod entrance;
mod guard;
mod parent;
mod reporter;
mod seat;
mod serve;

pub(crate) use c_library::has_other_rights;
pub(crate) use entrance::Entrance;
#[cfg(feature = "mpi")]
pub(crate) use serve::is_main_thread;
pub(crate) use serve::{is_serving, model};
