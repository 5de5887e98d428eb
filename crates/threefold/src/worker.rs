//! Workers: what happens in a process that was started to run chunks for another.
//!
//! The parent starts its own executable again, with a mark as the first argument and one end of a socket pair as the
//! standard input. The mark is in the arguments and not in the environment, which grandchildren would inherit. The
//! worker stops in [`init`], moves the socket out of the way, and serves until it is told to go or the parent is gone.

#[cfg(feature = "processes")]
mod channel;
#[cfg(feature = "processes")]
mod entrance;
#[cfg(feature = "processes")]
mod serve;
#[cfg(feature = "processes")]
mod task;

#[cfg(feature = "processes")]
pub(crate) use entrance::{Entrance, enter_early};
#[cfg(feature = "processes")]
pub(crate) use serve::is_serving;
#[cfg(feature = "processes")]
pub(crate) use task::{Receive, receive};

/// The first line of `main`: a worker process stops here and serves, and does not come back.
///
/// In the program itself it does nothing but allow [`Model::Processes`](crate::Model::Processes): without it workers
/// would run `main` again, so asking for them is an error. Call it before anything that has an effect; in a test, as
/// the first line of the `#[test]` (a worker then stops before the test harness runs).
///
/// ```
/// fn main() -> threefold::Result<()> {
///     threefold::init();
///     // ..
///     Ok(())
/// }
/// ```
pub fn init() {
    #[cfg(feature = "processes")]
    entrance::enter();
}
