//! Which chunk this thread is running: what a fold that is nested in it belongs to.

use std::cell::Cell;

thread_local! {
    static CHUNK: Cell<u64> = const { Cell::new(0) };
}

/// This thread runs `chunk` now; returns the one that it ran before.
pub(crate) fn set(chunk: u64) -> u64 {
    CHUNK.replace(chunk)
}

/// The chunk that this thread runs, where it runs one.
pub(crate) fn get() -> u64 {
    CHUNK.get()
}
