//! The number of the chunk that this thread runs, for the folds that the task nests in it.

use std::cell::Cell;

thread_local! {
    static CHUNK: Cell<u64> = const { Cell::new(0) };
}

/// Notes that this thread runs `chunk` from now on. Returns the number that was noted before.
pub(crate) fn set(chunk: u64) -> u64 {
    CHUNK.replace(chunk)
}

/// The number of the chunk that this thread runs; 0 if it runs none.
pub(crate) fn get() -> u64 {
    CHUNK.get()
}
