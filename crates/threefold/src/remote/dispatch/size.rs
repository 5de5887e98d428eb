//! How many chunks a block has. [The dispatcher's own file](super) explains which costs are weighed, and why.
//!
//! There are four cases, by what is known about the time of a chunk:
//!
//! - *Nothing is known.* Each worker is sent one chunk. If there are very many chunks, it is sent a few more to
//!   continue with.
//! - *Another fold was measured*, and all of its chunks together took less than a message. Each worker is sent its
//!   share in one message. A single worker would be cheaper still, since fewer workers are woken. But if the chunks
//!   turned out to be expensive, all other workers would wait until that one has given some of them back.
//! - *Another fold was measured*, and it took longer. The mean time of its chunks is used until a chunk is done, and its
//!   whole time says how long a block may be.
//! - *Chunks of this fold were measured.* From then on only their time counts.
//!
//! The end of a fold is divided at once: each worker that comes to the end of its block is sent its share of all that
//! is left. If the shares turn out unequal, a [recall](super::recall) follows. The end begins when a share is as short as
//! two blocks, and when the fold has run several times as long, so that its measurements can be relied on.

use super::recall::SOON;
use super::worker::Worker;
use super::{Block, Dispatch, MESSAGE};

/// A block takes about this long, in nanoseconds, or longer in a fold that takes longer. A message costs a worker some
/// 25 us if the workers need all cores: the worker sends it, and the caller takes the worker's core to handle it.
const AHEAD: u64 = 3_000_000;

/// A block may take this part of the time that the fold has run.
const EXPERIENCE: u64 = 8;

/// A block may take this part of a worker's share of the time that the fold is expected to take.
const EXPECTED_BLOCKS: u64 = 4;

/// At the end of a fold a block does not take less than this, in nanoseconds: it would hardly outlast its messages.
const LEAST: u64 = 8 * MESSAGE;

impl Dispatch {
    /// A chunk may take `per_chunk` nanoseconds, as far as is known from another fold.
    pub(crate) fn expect(&mut self, per_chunk: u64) {
        self.expected = Some(per_chunk);
    }

    /// How long a chunk took on average, in nanoseconds; `None` if none is done.
    pub(crate) fn mean(&self) -> Option<u64> {
        self.busy.checked_div(self.done)
    }

    /// Whether `block` should take several times as long as a message, as far as is known.
    pub(crate) fn lasts_long(&self, block: Block) -> bool {
        self.per_chunk.or(self.expected).is_some_and(|per_chunk| per_chunk.saturating_mul(block.len()) >= 4 * MESSAGE)
    }

    /// How many more chunks `worker` should be sent at once.
    pub(super) fn room(&self, worker: usize) -> u64 {
        let Some(it) = self.get(worker).filter(|it| !it.is_stopping() && !it.is_full()) else { return 0 };
        let most = self.terms.chunks_per_worker.map_or(u64::MAX, |most| most.saturating_sub(it.sent()));
        // A worker reports before its block ends, but not before its only chunk does. So it gets another block earlier.
        // Where shares were sent, something is left only if one was cut, since its message became too large. This waits
        // until a chunk is done. Behind another share it could not be recalled.
        let is_short = || self.is_short(it) && !self.divides_at_once();
        let goes_on = || is_short() || it.unanswered() == 1 && !self.is_ending();
        let wanted = match it.blocks() {
            0 if it.is_ready() && self.per_chunk.is_none() => self.first_block(),
            0 if it.is_ready() => self.block_size().max(1),
            // The worker may never become ready: it has one chunk until it is.
            0 => 1,
            1 if it.is_ready() && goes_on() => self.block_size(),
            _ => 0,
        };
        wanted.min(most)
    }

    /// How many chunks the first block of a worker has, before any chunk is done.
    ///
    /// The share is rounded up, so no chunk is left over. The last worker may be sent fewer chunks, or none.
    fn first_block(&self) -> u64 {
        match self.expected {
            Some(_) if self.divides_at_once() => self.chunks.div_ceil(self.terms.workers as u64),
            Some(_) => self.block_size().max(1),
            None => 1,
        }
    }

    /// Whether each worker is sent its share at once: all chunks together are expected to take no longer than a message,
    /// and none is done.
    fn divides_at_once(&self) -> bool {
        let all = self.expected.map(|per_chunk| per_chunk.saturating_mul(self.chunks));
        self.per_chunk.is_none() && all.is_some_and(|all| all <= MESSAGE)
    }

    /// Whether `worker` should get another block now: it is ready, and has little or nothing left to do.
    pub(super) fn is_short(&self, worker: &Worker) -> bool {
        let rest = |per_chunk: u64| worker.unanswered().saturating_mul(per_chunk);
        worker.is_ready()
            && worker.blocks() <= 1
            && self.known_per_chunk().is_some_and(|per_chunk| rest(per_chunk) <= SOON)
    }

    /// The time of a chunk, as far as anything is known of it.
    fn known_per_chunk(&self) -> Option<u64> {
        self.per_chunk.or(self.expected).map(|per_chunk| per_chunk.max(1))
    }

    /// How long a block may take, in nanoseconds.
    fn longest(&self) -> u64 {
        let expected = self.expected.map_or(0, |per_chunk| self.share(self.chunks, per_chunk));
        AHEAD.max((self.now - self.began) / EXPERIENCE).max(expected / EXPECTED_BLOCKS)
    }

    /// How long `chunks` take if they are divided among the workers, in nanoseconds.
    fn share(&self, chunks: u64, per_chunk: u64) -> u64 {
        chunks.saturating_mul(per_chunk) / self.terms.workers as u64
    }

    /// Whether what is left is to be divided among the workers at once.
    fn is_ending(&self) -> bool {
        let short = (2 * self.longest()).min((self.now - self.began) / 4);
        let share = self.known_per_chunk().map(|per_chunk| self.share(self.pending.left(), per_chunk));
        share.is_some_and(|share| share > MESSAGE && share <= short)
    }

    /// How many chunks the next block has. It is 0 if a busy worker should not be sent more, since another worker may
    /// become idle before this one starts the block.
    fn block_size(&self) -> u64 {
        let workers = self.terms.workers as u64;
        let left = self.pending.left();
        let fair = left / (2 * workers);
        // Before any time is known, a few of very many chunks are no risk. They keep a worker busy until more is known.
        let Some(per_chunk) = self.known_per_chunk() else { return (fair / 16).clamp(fair.min(1), 4) };
        // The window holds two blocks of each worker, and leaves room while the outputs of the lowest chunks arrive.
        let within = (self.terms.window / (4 * workers)).max(1);
        if self.is_ending() {
            return left.div_ceil(workers).max(LEAST / per_chunk).min(within);
        }
        // Chunks that take less time than their message are not worth dividing. But the time of a few chunks says
        // little about many more.
        let cheap = (MESSAGE / per_chunk).min(4 * self.done);
        (self.longest() / per_chunk).clamp(1, within).min(fair.max(cheap))
    }
}
