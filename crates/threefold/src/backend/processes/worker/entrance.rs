//! The entrance: where a worker leaves the ordinary course of the program, and how its parent knows.
//!
//! A program that calls `init()` on its main thread, at the top of `main`, has workers that stop there. Where it is
//! called on another thread, `main` is a test harness's, and workers stop before it. Then the call counts for the thread
//! that made it and for no other: whether a test may start workers must not depend on which tests ran before.

use std::cell::Cell;
use std::env;
use std::io::{self, Write};
use std::process;
use std::sync::atomic::{AtomicU8, Ordering};

use super::parent::{Asked, asked_by};
use super::{c_library, serve};

/// The first argument of a worker that stops in `init()`, called by `main`.
const MARK: &str = "--threefold-worker";

/// The first argument of a worker that stops before `main`.
const EARLY_MARK: &str = "--threefold-early-worker";

/// What is known of the program's `main`.
static MAIN: AtomicU8 = AtomicU8::new(NOT_SEEN);

/// `init()` was not called on the main thread.
const NOT_SEEN: u8 = 0;

/// `init()` was called on the main thread: by the program's own `main`, it seems.
const SEEN: u8 = 1;

/// A worker has stopped in `init()`.
const CONFIRMED: u8 = 2;

/// A worker has not: `main` is a harness's after all.
const FOREIGN: u8 = 3;

thread_local! {
    /// Whether `init()` was called on this thread.
    static CALLED_HERE: Cell<bool> = const { Cell::new(false) };
}

/// Where a worker leaves the ordinary course of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entrance {
    /// In `init()`, at the top of `main`.
    Main,
    /// Before `main`, which belongs to a test harness.
    Early,
}

impl Entrance {
    /// The first argument of a worker that is to stop here.
    pub(crate) fn mark(self) -> &'static str {
        match self {
            Self::Main => MARK,
            Self::Early => EARLY_MARK,
        }
    }

    /// Where workers of this program stop.
    pub(crate) fn of_workers() -> Self {
        // Relaxed, here and below: a word about the program that stands by itself.
        match MAIN.load(Ordering::Relaxed) {
            SEEN | CONFIRMED => Self::Main,
            _ => Self::Early,
        }
    }

    /// Whether this thread may make an executor with workers: `init()` was called at the top of `main`, or on this
    /// thread.
    pub(crate) fn is_open_here() -> bool {
        MAIN.load(Ordering::Relaxed) != NOT_SEEN || CALLED_HERE.get()
    }

    /// A worker that was started for this entrance has arrived.
    pub(crate) fn confirm(self) {
        if self == Self::Main {
            let _ = MAIN.compare_exchange(SEEN, CONFIRMED, Ordering::Relaxed, Ordering::Relaxed);
        }
    }

    /// A worker that was started for this entrance has exited and not arrived. Returns whether workers stop elsewhere
    /// from now on: before `main`, since it belongs to a harness that runs its tests on the main thread.
    pub(crate) fn give_up(self) -> bool {
        self == Self::Main
            && match MAIN.compare_exchange(SEEN, FOREIGN, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => true,
                // Another worker had found out before.
                Err(known) => known == FOREIGN,
            }
    }
}

/// What `init()` does. It does not return in a worker whose arguments name this entrance.
pub(crate) fn enter() {
    if is_marked(MARK) {
        stop_if_asked(|| Ok(()));
    }
    CALLED_HERE.set(true);
    if serve::is_main_thread() {
        let _ = MAIN.compare_exchange(NOT_SEEN, SEEN, Ordering::Relaxed, Ordering::Relaxed);
    }
}

/// Called before `main`. It does not return in a worker whose arguments name this entrance. `complete` runs what else
/// is to run before `main`.
pub(super) fn enter_early(complete: impl FnOnce() -> io::Result<()>) {
    if is_marked(EARLY_MARK) {
        stop_if_asked(|| {
            c_library::ignore_broken_pipes();
            complete()
        });
    }
}

fn is_marked(mark: &str) -> bool {
    env::args_os().nth(1).is_some_and(|argument| argument == mark)
}

/// If a parent asked for a worker, runs `complete`, serves the parent and never returns. Returns if the mark is an
/// argument of the program itself.
fn stop_if_asked(complete: impl FnOnce() -> io::Result<()>) {
    match asked_by() {
        Asked::Nobody => {}
        Asked::By(parent) => match complete() {
            Ok(()) => serve::serve(parent),
            Err(error) => refuse(&error.to_string()),
        },
        Asked::Refused(why) => refuse(&why),
    }
}

/// Ends this process: it must not go on to run the program.
fn refuse(why: &str) -> ! {
    let _ = writeln!(io::stderr(), "threefold: this process will not serve as a worker: {why}");
    process::exit(1)
}
