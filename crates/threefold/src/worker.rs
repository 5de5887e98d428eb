//! Workers: what happens in a process that was started to run chunks for another.
//!
//! The parent starts its own executable again, with a mark as the first argument and one end of a socket pair as the
//! standard input. The mark is in the arguments and not in the environment, which grandchildren would inherit. The
//! worker stops in [`init`], moves the socket out of the way, and serves until it is told to go or the parent is gone.

use std::sync::atomic::{AtomicU8, Ordering};

#[cfg(feature = "processes")]
mod channel;
#[cfg(feature = "processes")]
mod serve;
#[cfg(feature = "processes")]
mod task;

#[cfg(feature = "processes")]
pub(crate) use task::{Receive, receive};

/// The first argument of a worker that stops in `init()`, called by `main`.
pub(crate) const MARK: &str = "--threefold-worker";

/// The first argument of a worker that stops before `main`.
pub(crate) const EARLY_MARK: &str = "--threefold-early-worker";

/// Where workers of this program stop: one of the constants of [`Entrance`].
static ENTRANCE: AtomicU8 = AtomicU8::new(0);

/// Where a worker leaves the ordinary course of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entrance {
    /// In `init()`, at the top of `main`.
    Main,
    /// Before `main`, which belongs to a test harness.
    Early,
}

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
    {
        if std::env::args_os().nth(1).is_some_and(|mark| mark == MARK) {
            serve::serve();
        }
        let entrance = if serve::is_main_thread() { Entrance::Main } else { Entrance::Early };
        // Relaxed: a word about the program, set to the same value by every call that matters.
        let _ = ENTRANCE.compare_exchange(0, entrance as u8 + 1, Ordering::Relaxed, Ordering::Relaxed);
    }
}

/// Where workers stop; `None` as long as `init()` was not called.
#[cfg(feature = "processes")]
pub(crate) fn entrance() -> Option<Entrance> {
    match ENTRANCE.load(Ordering::Relaxed) {
        0 => None,
        1 => Some(Entrance::Main),
        _ => Some(Entrance::Early),
    }
}

/// A worker did not stop in `init()` although that was called on the main thread: the main thread is a test harness's,
/// which runs its tests there when it runs one at a time. From now on workers stop before `main`.
#[cfg(feature = "processes")]
pub(crate) fn use_early_entrance() {
    ENTRANCE.store(Entrance::Early as u8 + 1, Ordering::Relaxed);
}

/// Called before `main`.
#[cfg(feature = "processes")]
pub(crate) fn serve_if_early() {
    if std::env::args_os().nth(1).is_some_and(|mark| mark == EARLY_MARK) {
        serve::serve();
    }
}

/// Whether this process is a worker.
#[cfg(feature = "processes")]
pub(crate) fn is_worker() -> bool {
    serve::is_serving()
}
