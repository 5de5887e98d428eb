//! `Block`: chunks that are sent together.

/// Consecutive chunks, all at the same attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Block {
    /// The first chunk.
    pub(crate) first: u64,
    /// One past the last chunk.
    pub(crate) end: u64,
    /// Which attempt at these chunks this is, from 1.
    pub(crate) attempt: u32,
}

impl Block {
    /// How many chunks the block has.
    pub(crate) fn len(self) -> u64 {
        self.end - self.first
    }

    /// How many of its chunks are below `limit`.
    pub(super) fn below(self, limit: u64) -> u64 {
        self.end.min(limit).saturating_sub(self.first)
    }

    pub(super) fn chunks(self) -> impl Iterator<Item = Sent> {
        (self.first..self.end).map(move |chunk| Sent { chunk, attempt: self.attempt })
    }
}

/// A chunk that a worker has been sent, and which attempt that is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sent {
    pub(crate) chunk: u64,
    pub(crate) attempt: u32,
}
