//! `Part`: what a worker needs to know to take part in a fold.
//!
//! The caller and the helpers run the same loop ([`blocks`](super::blocks)); only this value differs. The caller passes
//! itself, since it reduces the outputs of its own chunks, and a guess from earlier folds. A worker that has measured
//! the time per chunk reports it through `look`, and the pool decides whether to call a helper. The loop itself calls
//! nobody.
//!
//! Where there is one worker, `look` does nothing: in the sequential model, and in a fold of a single chunk.

use super::Caller;

/// The part of one worker in a fold.
pub(super) struct Part<'a> {
    /// The number of the worker.
    pub(super) worker: usize,
    /// How many workers the fold can have.
    pub(super) workers: usize,
    /// The guessed time per chunk, in nanoseconds, if there is a guess.
    pub(super) guess: Option<u64>,
    /// Whether the worker reads the clock. If not, it uses the guess from the first chunk to the last, never calls
    /// `look`, and returns no time.
    pub(super) is_timed: bool,
    /// The caller, if this is the part of the caller.
    pub(super) caller: Option<&'a mut dyn Caller>,
    /// Is called with each new estimate of the time per chunk, in nanoseconds, and decides whether to call a helper.
    pub(super) look: &'a mut dyn FnMut(u64),
}
