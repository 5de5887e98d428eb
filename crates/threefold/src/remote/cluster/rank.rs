//! `Rank`: a simulated rank: the blocks that it has, and the outputs that it has not sent.

use std::collections::VecDeque;

use crate::remote::dispatch::Block;

/// The outputs of consecutive chunks of one block.
#[derive(Clone, Copy, Debug)]
pub(super) struct Batch {
    /// The first chunk.
    pub(super) first: u64,
    /// How many chunks.
    pub(super) count: u64,
    /// How long they took together, in nanoseconds.
    pub(super) took: u64,
}

/// A rank that runs chunks.
#[derive(Debug, Default)]
pub(super) struct Rank {
    /// Blocks that are on their way to it.
    pub(super) coming: VecDeque<Block>,
    /// Blocks that it has not begun.
    pub(super) blocks: VecDeque<Block>,
    /// Whether it is running a block.
    pub(super) runs: bool,
    /// Since when it has been waiting, while it runs none.
    pub(super) idle_since: u64,
    /// Outputs that it holds back. During a block, they include those of chunks that it has yet to run.
    pub(super) held: VecDeque<Batch>,
    /// Since when.
    held_since: u64,
    /// Outputs that are on their way to the dispatching rank.
    pub(super) going: VecDeque<Batch>,
}

impl Rank {
    /// A chunk begins; its output is held back from then on, unless older ones are.
    pub(super) fn holds_from(&mut self, at: u64) {
        if self.held.is_empty() {
            self.held_since = at;
        }
    }

    /// For how long it has held outputs back.
    pub(super) fn held_for(&self, at: u64) -> u64 {
        at - self.held_since
    }
}
