//! The entrance: where a worker leaves the ordinary course of the program, and how its parent knows.

use std::env;
use std::sync::atomic::{AtomicU8, Ordering};

use super::serve;

/// The first argument of a worker that stops in `init()`, called by `main`.
const MARK: &str = "--threefold-worker";

/// The first argument of a worker that stops before `main`.
const EARLY_MARK: &str = "--threefold-early-worker";

/// Where workers of this program stop: 0 as long as nobody knows.
static ENTRANCE: AtomicU8 = AtomicU8::new(0);

/// Where a worker leaves the ordinary course of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Entrance {
    /// In `init()`, at the top of `main`.
    Main = 1,
    /// Before `main`, which belongs to a test harness.
    Early = 2,
}

impl Entrance {
    /// The first argument of a worker that is to stop here.
    pub(crate) fn mark(self) -> &'static str {
        match self {
            Self::Main => MARK,
            Self::Early => EARLY_MARK,
        }
    }

    /// The entrance of this program; `None` as long as `init()` was not called.
    pub(crate) fn known() -> Option<Self> {
        // Relaxed, here and below: a word about the program that stands by itself.
        match ENTRANCE.load(Ordering::Relaxed) {
            0 => None,
            1 => Some(Self::Main),
            _ => Some(Self::Early),
        }
    }

    /// A worker did not stop in `init()` although that was called on the main thread: the main thread is a test
    /// harness's, which runs its tests there when it runs one at a time. From now on workers stop before `main`.
    pub(crate) fn use_early() {
        ENTRANCE.store(Self::Early as u8, Ordering::Relaxed);
    }
}

/// What `init()` does: in a worker that was sent here it does not come back.
pub(crate) fn enter() {
    if is_marked(MARK) {
        serve::serve();
    }
    let entrance = if serve::is_main_thread() { Entrance::Main } else { Entrance::Early };
    let _ = ENTRANCE.compare_exchange(0, entrance as u8, Ordering::Relaxed, Ordering::Relaxed);
}

/// Called before `main`.
pub(crate) fn enter_early() {
    if is_marked(EARLY_MARK) {
        serve::serve();
    }
}

fn is_marked(mark: &str) -> bool {
    env::args_os().nth(1).is_some_and(|argument| argument == mark)
}
