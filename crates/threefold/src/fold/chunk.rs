//! The number of the chunk that this thread runs, for the folds that the task nests in it.
//!
//! A caller that runs the chunks of its own fold reduces each output at once. Its reduction is not part of the chunk.
//! It runs *outside*: if the caller itself is a task, its reduction is part of the chunk of that task. One store takes
//! the thread outside, and noting the next chunk takes it inside again.
//!
//! The notes are thread-local, so no memory ordering matters here. A panic does not change them. So after a panic the
//! caller knows from them whether its closure or the task has panicked.

use std::cell::Cell;

thread_local! {
    /// The chunk that this thread runs, or [`OUTSIDE`].
    static CHUNK: Cell<u64> = const { Cell::new(0) };
    /// The chunk that the caller of the fold is a task of.
    static OUTER: Cell<u64> = const { Cell::new(0) };
}

/// No chunk has this number: chunks are numbered from 0, and their count fits in 64 bits.
const OUTSIDE: u64 = u64::MAX;

/// What a thread notes about its chunk.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Noted {
    chunk: u64,
    outer: u64,
}

/// Notes that this thread runs `chunk` from now on.
pub(crate) fn set(chunk: u64) {
    CHUNK.set(chunk);
}

/// The number of the chunk that this thread runs; 0 if it runs none.
pub(crate) fn get() -> u64 {
    match CHUNK.get() {
        OUTSIDE => OUTER.get(),
        chunk => chunk,
    }
}

/// Notes that this thread runs the reduction, outside of the fold, until the next chunk is [set](set).
pub(crate) fn step_outside() {
    CHUNK.set(OUTSIDE);
}

/// Whether this thread has stepped outside.
pub(crate) fn is_outside() -> bool {
    CHUNK.get() == OUTSIDE
}

/// This thread enters a fold, whose caller is a task of the chunk that this thread runs now. Returns what was noted.
pub(crate) fn enter() -> Noted {
    let noted = Noted { chunk: CHUNK.get(), outer: OUTER.get() };
    OUTER.set(get());
    CHUNK.set(0);
    noted
}

/// Notes again what was noted before.
pub(crate) fn restore(noted: Noted) {
    CHUNK.set(noted.chunk);
    OUTER.set(noted.outer);
}
