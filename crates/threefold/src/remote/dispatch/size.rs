//! How many chunks a block has. [The dispatcher's own file](super) explains which costs are weighed, and why.
//!
//! There are three cases, by what is known about the time of a chunk:
//!
//! - *Nothing is known.* Each worker is sent one chunk. If there are very many chunks, it is sent a few more to
//!   continue with.
//! - *Another fold was measured*, and all of its chunks together took less than a message. Each worker is sent its
//!   share in one message. A single worker would be cheaper still, since fewer workers are woken. But a worker cannot
//!   give back chunks that it has not started. So if the chunks turned out to be expensive, all other workers would
//!   wait for that one.
//! - *Chunks of this fold were measured.* From then on only this measurement counts.

use super::{Block, Dispatch, MESSAGE};

/// A block takes about this long, in nanoseconds, or an [`EXPERIENCE`]th of the time that the fold has run if that is
/// longer. A message takes some ten microseconds of the caller's time. Workers lose this time if they need all cores.
const AHEAD: u64 = 1_000_000;

/// See [`AHEAD`].
const EXPERIENCE: u64 = 16;

impl Dispatch {
    /// A chunk may take `pace` nanoseconds, as far as is known from another fold.
    pub(crate) fn expect(&mut self, pace: u64) {
        self.expected = Some(pace);
    }

    /// The recent time of a chunk, in nanoseconds; `None` until one is done.
    pub(crate) fn pace(&self) -> Option<u64> {
        self.pace
    }

    /// Whether `block` should take several times as long as a message, as far as is known.
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
            // The worker may never become ready: it has one chunk until it is.
            0 => 1,
            1 if it.is_ready() => self.block_size(),
            _ => 0,
        };
        wanted.min(most)
    }

    /// How many chunks the first block of a worker has, before any chunk is done.
    ///
    /// The share is rounded up, so no chunk is left over. The last worker may be sent fewer chunks, or none.
    fn first_block(&self) -> u64 {
        let all = self.expected.map(|pace| pace.saturating_mul(self.terms.chunks));
        match all {
            Some(all) if all <= MESSAGE => self.terms.chunks.div_ceil(self.terms.workers as u64),
            _ => 1,
        }
    }

    /// How many chunks the next block has. It is 0 if a busy worker should not be sent more, since another worker may
    /// become idle before this one starts the block.
    fn block_size(&self) -> u64 {
        let fair = self.pending.left() / (2 * self.terms.workers as u64);
        // Before any time is known, a few of very many chunks are no risk. They keep a worker busy until more is known.
        let Some(pace) = self.pace else { return (fair / 16).clamp(fair.min(1), 4) };
        let pace = pace.max(1);
        let longest = AHEAD.max((self.now - self.began) / EXPERIENCE);
        // The window holds two blocks of each worker, and leaves room while the outputs of the lowest chunks arrive.
        let within = (self.terms.window / (4 * self.terms.workers as u64)).max(1);
        // Chunks that take less time than their message are not worth dividing. But the time of a few chunks says
        // little about many more.
        let cheap = (MESSAGE / pace).min(4 * self.done);
        (longest / pace).clamp(1, within).min(fair.max(cheap))
    }
}
