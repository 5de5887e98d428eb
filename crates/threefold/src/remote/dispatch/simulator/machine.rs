//! A machine of the simulator: what happens on it, what it answers, and what it is doing.

use std::collections::VecDeque;

use super::plan::SOON;
use super::{Block, Sent};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Event {
    Hello,
    Arrives,
    /// A recall arrives, of the chunks from this one on.
    Recalled(u64),
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

#[derive(Debug)]
pub(super) struct Machine {
    pub(super) life: u64,
    /// Blocks that are on their way.
    pub(super) coming: VecDeque<Block>,
    pub(super) blocks: VecDeque<Block>,
    pub(super) running: Option<(Sent, u64)>,
    /// Whether this is the last chunk of its block.
    pub(super) ends_block: bool,
    /// When it began its block, and how many of the block's chunks it has run.
    pub(super) block_began: u64,
    pub(super) ran: u64,
    /// Whether it has reported that it is almost done with its block.
    pub(super) reported: bool,
    /// Answers that are on their way, followed by answers that are held back.
    pub(super) going: VecDeque<Answer>,
    /// How many of these answers are held back, and since when.
    pub(super) held: usize,
    pub(super) held_since: u64,
    pub(super) last_answer: u64,
    pub(super) moved: bool,
    pub(super) stopped: bool,
    /// It is asked to give back the chunks from here on.
    pub(super) recalled_from: u64,
    /// Whether it starts nothing of its next block, since it was told to terminate for a moment.
    pub(super) skips: bool,
}

impl Machine {
    /// Whether it should report now that it is almost done, as a worker process does.
    pub(super) fn reports(&mut self, now: u64) -> bool {
        let took = now - self.block_began;
        let rest = self.blocks.front().map_or(0, |front| front.len());
        let soon = !self.reported && took > SOON / 2 && (rest == 1 || took / self.ran.max(1) * rest < SOON);
        self.reported |= soon;
        soon && self.blocks.len() == 1
    }

    /// A machine that has done nothing, in this life.
    pub(super) fn new(life: u64) -> Self {
        Self {
            life,
            coming: VecDeque::new(),
            blocks: VecDeque::new(),
            running: None,
            ends_block: false,
            block_began: 0,
            ran: 0,
            reported: false,
            going: VecDeque::new(),
            held: 0,
            held_since: 0,
            last_answer: 0,
            moved: false,
            stopped: false,
            recalled_from: u64::MAX,
            skips: false,
        }
    }
}
