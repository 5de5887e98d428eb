//! How many chunks a block has. What is weighed, and why, is told in [the dispatcher's own file](super).
//!
//! There are three cases, by what is known:
//!
//! - *Nothing.* Each worker is sent one chunk, and, of very many, a few to go on with.
//! - *What another fold took*, and that it was less than a message in all. Each worker is sent its share in one message. One
//!   worker would be cheaper still, since one less is woken. But a worker cannot be asked to give chunks back that it has not
//!   started. So where the chunks turned out to be expensive, all the others would wait for the one.
//! - *What chunks of this fold took.* From then on only this counts.

use super::{Block, Dispatch, MESSAGE};

/// A block is of chunks for about this long, in nanoseconds, or for an [`EXPERIENCE`]th of the time that the fold has run.
/// A message costs some ten microseconds of the caller's time, which workers lose where they need all cores.
const AHEAD: u64 = 1_000_000;

/// See [`AHEAD`].
const EXPERIENCE: u64 = 16;

impl Dispatch {
    /// A chunk may take so many nanoseconds, as far as is known from another fold.
    pub(crate) fn expect(&mut self, pace: u64) {
        self.expected = Some(pace);
    }

    /// How long a chunk takes, lately, in nanoseconds; `None` until one is done.
    pub(crate) fn pace(&self) -> Option<u64> {
        self.pace
    }

    /// Whether `block` takes several times as long as a message, as far as is known.
    pub(crate) fn lasts_long(&self, block: Block) -> bool {
        self.pace.is_some_and(|pace| pace.saturating_mul(block.len()) >= 4 * MESSAGE)
    }

    /// How many more chunks `worker` should be sent at once.
    pub(super) fn room(&self, worker: usize) -> u64 {
        let Some(it) = self.get(worker).filter(|it| !it.is_stopping() && !it.is_full()) else { return 0 };
        let most = self.terms.chunks_per_worker.map_or(u64::MAX, |most| most.saturating_sub(it.sent()));
        let wanted = match it.blocks() {
            0 if it.is_ready() && self.pace.is_none() => self.first_block(),
            0 if it.is_ready() => self.block_size().max(1),
            // It may never come to life: it holds one chunk until it does.
            0 => 1,
            1 if it.is_ready() => self.block_size(),
            _ => 0,
        };
        wanted.min(most)
    }

    /// How many chunks a worker's first block has, before any chunk is done.
    ///
    /// The share is rounded up, so that nothing is left over: the last worker may be sent fewer, or none.
    fn first_block(&self) -> u64 {
        let all = self.expected.map(|pace| pace.saturating_mul(self.terms.chunks));
        match all {
            Some(all) if all <= MESSAGE => self.terms.chunks.div_ceil(self.terms.workers as u64),
            _ => 1,
        }
    }

    /// How many chunks the next block has. It is 0 where a worker that is busy should not be sent more: another worker may
    /// be idle before this one comes to it.
    fn block_size(&self) -> u64 {
        let fair = self.pending.left() / (2 * self.terms.workers as u64);
        // Before anything is known, a few of very many are no risk, and keep a worker busy until more is.
        let Some(pace) = self.pace else { return (fair / 16).clamp(fair.min(1), 4) };
        let pace = pace.max(1);
        let longest = AHEAD.max((self.now - self.began) / EXPERIENCE);
        // Two blocks of each worker go into the window, and leave room while the outputs of the lowest come.
        let within = (self.terms.window / (4 * self.terms.workers as u64)).max(1);
        // What takes less time than its message is not worth dividing. But what some chunks took says little of many more.
        let cheap = (MESSAGE / pace).min(4 * self.done);
        (longest / pace).clamp(1, within).min(fair.max(cheap))
    }
}
