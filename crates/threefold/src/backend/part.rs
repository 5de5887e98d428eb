//! `Part`: what one worker is told about its part in a fold.
//!
//! The caller and the helpers run the same loop ([`blocks`](super::blocks)), and differ in what is here. The caller comes
//! with itself, since it reduces what it runs, and with a guess from earlier folds. Whoever finds out how long a chunk takes
//! says so, and the pool decides what follows from that: the loop itself calls nobody.
//!
//! A model with one worker has a part that asks for nothing: sequential, and a fold of a single chunk.

use super::Caller;

/// One worker's part in a fold.
pub(super) struct Part<'a> {
    /// The number of the worker.
    pub(super) worker: usize,
    /// How many workers the fold can have.
    pub(super) workers: usize,
    /// How long a chunk will take, in nanoseconds, if that can be guessed.
    pub(super) guess: Option<u64>,
    /// Whether the worker reads the clock. If not, it goes by the guess from the first chunk to the last, never looks whether
    /// others should help, and returns no time.
    pub(super) is_timed: bool,
    /// The caller, if this is its part.
    pub(super) caller: Option<&'a mut dyn Caller>,
    /// Called whenever it is known better how long a chunk takes, in nanoseconds: to see whether others should help.
    pub(super) look: &'a mut dyn FnMut(u64),
}
