//! `Worker`: what the dispatcher knows of one worker: the blocks that it has, and whether it is at work.
//!
//! # The states of a worker
//!
//! | state | it becomes this when | it is sent | it is left when |
//! |---|---|---|---|
//! | starting | it was started | one chunk, which waits for it | its handshake comes, or it is gone |
//! | ready | its handshake came, or an earlier fold had it | blocks | its chunk is late, or it is retired or gone |
//! | stopping | its chunk was found to be late | nothing | its chunk has just ended after all, or it is gone |
//!
//! A worker that is gone or retired has no state: its number is free. A worker that stops is killed when its notice is
//! over.
//!
//! Besides the state, four notes say what may be done with a worker:
//!
//! - *hungry*: it is in the queue of workers that may want chunks, so it is not put there twice.
//! - *full*: the last block was cut, since its message became too large. The worker is sent no block until it answers,
//!   or until all is sent.
//! - *recalled*: it was asked to give back the end of a block. It is not asked again before it answers, before its first
//!   block is done, or before it is sent another block, which takes the recall back. If it was asked for chunks of its
//!   second block, it may be asked for chunks of the first one, too.
//! - *fresh*: it was sent nothing in its life. A chunk that was lost waits for such a worker, if there is or can be
//!   one.
//!
//! # An example
//!
//! A worker has two blocks, chunks 10 to 13 and 30 to 31. Six chunks are unanswered, and chunk 10 is due.
//!
//! | event | first block | second block | unanswered |
//! |---|---|---|---|
//! | | 10 to 13 | 30 to 31 | 6 |
//! | it answers two chunks | 12 to 13 | 30 to 31 | 4 |
//! | it does not start one chunk from 13 on | 12 | 30 to 31 | 3 |
//! | it answers one chunk | 30 to 31 | | 2 |
//!
//! An answer about another chunk than the one that is due is refused, and so is one that reaches beyond the first
//! block.

use std::collections::VecDeque;

use super::{Block, Progress, Sent};

/// One worker.
#[derive(Debug)]
pub(super) struct Worker {
    state: State,
    /// What it was sent and has not answered, in the order in which it runs them.
    blocks: VecDeque<Block>,
    /// How many chunks these are.
    unanswered: u64,
    /// How many chunks it was sent in its life.
    sent: u64,
    /// When it was last seen to do anything.
    moved: u64,
    /// Whether it is in the queue of those that may want chunks.
    hungry: bool,
    /// Whether the way to it is full.
    full: bool,
    /// When it began the chunk that is due, as far as is known.
    since: u64,
    /// From which chunk on it was asked to give chunks back.
    recalled: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// It was started, and may never come to life.
    Starting,
    Ready,
    /// It was told to terminate.
    Stopping,
}

/// What a lost worker had not answered.
#[derive(Debug, Default)]
pub(super) struct Unfinished {
    /// What it had started: the chunk that was running first, where there is one.
    pub(super) started: Vec<Sent>,
    /// What it had not started.
    pub(super) waiting: Vec<Block>,
}

impl Worker {
    pub(super) fn starting(now: u64) -> Self {
        Self {
            state: State::Starting,
            blocks: VecDeque::new(),
            unanswered: 0,
            sent: 0,
            moved: now,
            hungry: false,
            full: false,
            since: now,
            recalled: None,
        }
    }

    pub(super) fn ready(sent: u64, now: u64) -> Self {
        Self { state: State::Ready, sent, ..Self::starting(now) }
    }

    pub(super) fn becomes_ready(&mut self, now: u64) -> bool {
        self.moves(now);
        let became = self.state == State::Starting;
        if became {
            self.state = State::Ready;
        }
        became
    }

    pub(super) fn is_ready(&self) -> bool {
        self.state != State::Starting
    }

    pub(super) fn stop(&mut self) {
        self.state = State::Stopping;
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.state == State::Stopping
    }

    pub(super) fn goes_on(&mut self, now: u64) {
        self.state = State::Ready;
        self.moves(now);
    }

    pub(super) fn is_idle(&self) -> bool {
        self.state == State::Ready && self.unanswered == 0
    }

    /// Whether it should be doing something.
    pub(super) fn owes(&self) -> bool {
        self.state == State::Starting || self.unanswered > 0
    }

    pub(super) fn moves(&mut self, now: u64) {
        self.moved = now;
    }

    pub(super) fn rests_since(&self) -> u64 {
        self.moved
    }

    /// Whether it has been sent nothing in its life.
    pub(super) fn is_fresh(&self) -> bool {
        self.sent == 0
    }

    /// Whether it had been sent nothing before its last block.
    pub(super) fn was_fresh_before_last(&self) -> bool {
        self.blocks.back().is_some_and(|last| self.sent == last.len())
    }

    pub(super) fn sent(&self) -> u64 {
        self.sent
    }

    pub(super) fn unanswered(&self) -> u64 {
        self.unanswered
    }

    /// Whether it has answered anything in its life.
    pub(super) fn has_answered(&self) -> bool {
        self.sent > self.unanswered
    }

    /// How many blocks the worker has, including the one that it runs.
    pub(super) fn blocks(&self) -> usize {
        self.blocks.len()
    }

    pub(super) fn owes_below(&self, limit: u64) -> u64 {
        self.blocks.iter().map(|&block| block.below(limit)).sum()
    }

    /// It may want chunks; whether that is news.
    pub(super) fn becomes_hungry(&mut self) -> bool {
        !std::mem::replace(&mut self.hungry, true)
    }

    /// It is not looked at for more chunks until something changes.
    pub(super) fn becomes_sated(&mut self) {
        self.hungry = false;
    }

    /// It was sent `block`.
    pub(super) fn receives(&mut self, block: Block, now: u64) {
        if self.unanswered == 0 {
            self.moves(now);
            self.since = now;
        }
        self.unanswered += block.len();
        self.sent += block.len();
        self.blocks.push_back(block);
        // With new chunks the limit is stated anew, which takes a recall back: see `Run::send`.
        self.recalled = None;
    }

    /// Only what is below `end` of its last block was sent; the rest of it.
    pub(super) fn cuts(&mut self, end: u64) -> Option<Block> {
        let last = self.blocks.back_mut().filter(|last| (last.first..last.end).contains(&end))?;
        let rest = Block { first: end, ..*last };
        last.end = end;
        self.full = last.len() > 0;
        if last.len() == 0 {
            self.blocks.pop_back();
        }
        self.unanswered -= rest.len();
        self.sent -= rest.len();
        Some(rest)
    }

    pub(super) fn is_full(&self) -> bool {
        self.full
    }

    /// The way to it is free; whether that is news.
    pub(super) fn becomes_free(&mut self) -> bool {
        std::mem::replace(&mut self.full, false)
    }

    /// The chunk that its next answer must be about.
    pub(super) fn due(&self) -> Option<Sent> {
        self.blocks.front().map(|block| Sent { chunk: block.first, attempt: block.attempt })
    }

    /// Whether it was sent this chunk at this attempt, and has not answered it.
    pub(super) fn has(&self, sent: Sent) -> bool {
        let mut blocks = self.blocks.iter();
        blocks.any(|block| (block.first..block.end).contains(&sent.chunk) && block.attempt == sent.attempt)
    }

    /// How many chunks it may answer in one frame, starting with the one that is due: the rest of their block.
    pub(super) fn due_together(&self) -> u64 {
        self.blocks.front().map_or(0, |block| block.len())
    }

    /// The worker has answered `count` chunks, beginning with the chunk that was due.
    pub(super) fn answers(&mut self, count: u64, now: u64) -> Option<Block> {
        let front = self.blocks.front().filter(|front| (1..=front.len()).contains(&count))?;
        let answered = Block { end: front.first + count, ..*front };
        self.take(count);
        self.full = false;
        self.moves(now);
        self.since = now;
        Some(answered)
    }

    /// It has not started the `count` chunks from `first` on, and does not start them. They are the end of its first
    /// block.
    pub(super) fn skips(&mut self, first: u64, count: u64) -> Option<Block> {
        let ends = |front: &&mut Block| first.checked_add(count) == Some(front.end);
        let front = self.blocks.front_mut().filter(|front| front.first <= first && first < front.end).filter(ends)?;
        let block = Block { first, ..*front };
        front.end = first;
        if front.len() == 0 {
            self.blocks.pop_front();
        }
        self.unanswered -= count;
        self.recalled = None;
        Some(block)
    }

    /// Its first block, if a part of this block can be recalled. An earlier recall may be for chunks of a later block.
    pub(super) fn divisible(&self) -> Option<Block> {
        let may = |front: &Block| self.recalled.is_none_or(|from| from >= front.end);
        self.blocks.front().copied().filter(|front| self.state == State::Ready && front.len() > 1 && may(front))
    }

    /// The rest of the block that it runs after it has started `count` chunks, and how many chunks wait behind this
    /// block.
    pub(super) fn runs_after(&self, count: u64) -> (Block, u64) {
        let mut left = count;
        let mut behind = self.unanswered;
        let mut rest = Block { first: 0, end: 0, attempt: 1 };
        for &block in &self.blocks {
            let here = left.min(block.len());
            behind -= block.len();
            rest = Block { first: block.first + here, ..block };
            if rest.len() > 0 {
                break;
            }
            left -= here;
        }
        (rest, behind)
    }

    /// When it began the chunk that is due, as far as is known.
    pub(super) fn since(&self) -> u64 {
        self.since
    }

    /// It is asked to give back the chunks from `from` on.
    pub(super) fn recall(&mut self, from: u64) {
        self.recalled = Some(from);
    }

    /// Whether it was asked to give chunks back, and has not answered.
    pub(super) fn is_recalled(&self) -> bool {
        self.recalled.is_some()
    }

    /// Takes `count` chunks off its first block.
    fn take(&mut self, count: u64) {
        if let Some(front) = self.blocks.front_mut() {
            front.first += count;
            self.unanswered -= count;
            if front.len() == 0 {
                self.blocks.pop_front();
                self.recalled = None;
            }
        }
    }

    /// The chunk that it runs after `count` others.
    fn nth(&self, mut count: u64) -> Option<Sent> {
        for block in &self.blocks {
            if count < block.len() {
                return Some(Sent { chunk: block.first + count, attempt: block.attempt });
            }
            count -= block.len();
        }
        None
    }

    /// What it had not finished.
    pub(super) fn unfinished(&self, progress: Progress) -> Unfinished {
        let (done, running) = match progress {
            Progress::Known { done, running: None } => (done, false),
            Progress::Known { done, running: Some(named) } if self.nth(done) == Some(named) => (done, true),
            _ => (self.unanswered, false),
        };
        let mut unfinished = Unfinished::default();
        let mut started = done.saturating_add(u64::from(running));
        for &block in &self.blocks {
            let here = started.min(block.len());
            started -= here;
            let (first, waiting) = (block.first + here, Block { first: block.first + here, ..block });
            unfinished.started.extend(Block { end: first, ..block }.chunks());
            if waiting.len() > 0 {
                unfinished.waiting.push(waiting);
            }
        }
        if running {
            // It comes first: it is the one to blame.
            unfinished.started.rotate_right(1);
        }
        unfinished
    }
}
