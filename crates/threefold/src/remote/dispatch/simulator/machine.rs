//! A machine of the simulator: what happens on it, what it answers, and what it is doing.

use std::collections::VecDeque;

use super::{Block, Sent};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Event {
    Hello,
    Arrives,
    Ends,
    Answers,
    Dies,
}

/// When, in which order of those at once, to which worker, in which of its lives, and what.
pub(super) type Scheduled = (u64, u64, usize, u64, Event);

#[derive(Clone, Copy, Debug)]
pub(super) enum Answer {
    Ran(Sent),
    Skipped(Block),
}

#[derive(Debug, Default)]
pub(super) struct Machine {
    pub(super) life: u64,
    /// Blocks that are on their way.
    pub(super) coming: VecDeque<Block>,
    pub(super) blocks: VecDeque<Block>,
    pub(super) running: Option<(Sent, u64)>,
    /// Whether this is the last chunk of its block.
    pub(super) ends_block: bool,
    /// Answers that are on their way, followed by answers that are held back.
    pub(super) going: VecDeque<Answer>,
    /// How many of these answers are held back, and since when.
    pub(super) held: usize,
    pub(super) held_since: u64,
    pub(super) last_answer: u64,
    pub(super) moved: bool,
    pub(super) stopped: bool,
    /// Whether it starts nothing of its next block, since it was told to terminate for a moment.
    pub(super) skips: bool,
}
