//! The number of the chunk that this thread runs, for the folds that the task nests in it.
//!
//! A caller that runs the chunks of its own fold reduces each output as soon as it is there. Its reduction is no part of
//! the chunk: it runs *outside*, as a part of the chunk, if any, that the caller itself is a task of. One store takes the
//! thread outside, and noting the next chunk takes it inside again.
//!
//! What is noted is the thread's own, so no order between threads matters here. A panic leaves the note as it was, which
//! is how a caller knows whether its closure or the task has panicked.

use std::cell::Cell;

thread_local! {
    /// The chunk that this thread runs, or [`OUTSIDE`].
    static CHUNK: Cell<u64> = const { Cell::new(0) };
    /// The chunk that the caller of the fold is a task of.
    static OUTER: Cell<u64> = const { Cell::new(0) };
}

/// No chunk has this number, since the number of chunks fits in 64 bits.
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

/// This thread runs what its caller does outside of the fold, until the next chunk is [set](set).
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
