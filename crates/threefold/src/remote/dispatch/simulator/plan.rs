//! `Plan`: what a simulated run is made of.

use std::ops::Range;

use super::Terms;

pub(super) const US: u64 = 1_000;
pub(super) const MS: u64 = 1_000_000;

/// How long answers are held back at most. Worker processes use the same time.
pub(super) const HOLD: u64 = 4 * MS;

/// How long before its end a worker reports that a block is almost done. Worker processes use the same time.
pub(super) const SOON: u64 = 100 * US;

/// What happens to a chunk on every attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Succeeds,
    Panics,
    /// Its output is an `Err` that ends the fold after it.
    IsErr,
    /// Its output is an `Err` at first, and the chunk is tried again, if there are retries.
    ErrsOnce,
    /// Its output cannot be read.
    Unreadable,
    /// It cannot be sent.
    Unsendable,
}

/// How the times of chunks are spread over the fold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// The time of each chunk is drawn independently.
    Random,
    /// Each chunk takes longer than the previous one, by the same difference.
    Rising,
    /// Each chunk takes less time than the previous one, by the same difference.
    Falling,
}

/// How a recall reaches a worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Recalls {
    /// At once, as on a status page.
    Noted,
    /// As a message.
    Sent,
    /// Never.
    Dropped,
}

/// What a run is made of. Chances are in a million.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) terms: Terms,
    /// The shortest and the longest time of a chunk.
    pub(super) times: (u64, u64),
    pub(super) shape: Shape,
    /// The expected time of a chunk, which may be wrong.
    pub(super) expected: Option<u64>,
    /// Whether workers hold answers back until their block ends, but no longer than [`HOLD`].
    pub(super) holds: bool,
    pub(super) recalls: Recalls,
    /// The chance that a block is too large for one message.
    pub(super) cuts: u32,
    /// The chance that a chunk takes 50 times as long.
    pub(super) dear: u32,
    pub(super) failing: u32,
    pub(super) dies_in_chunk: u32,
    pub(super) dies_after_chunk: u32,
    pub(super) stalls_in_chunk: u32,
    pub(super) never_starts: u32,
    pub(super) dies_idle: u32,
    pub(super) late: u32,
    /// How long a chunk waits after its first attempt before it is tried again; twice as long after the second.
    pub(super) pause: u64,
    /// How many workers an earlier fold has left.
    pub(super) admitted: usize,
    pub(super) cancelled_at: Option<u64>,
    /// The chunks that the journal of the fold has.
    pub(super) finished: Vec<Range<u64>>,
}
