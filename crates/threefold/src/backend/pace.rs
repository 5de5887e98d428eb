//! `Pace`: how many chunks a worker claims at once.
//!
//! A claim costs some ten nanoseconds on a counter that all workers share, so cheap chunks are claimed in blocks. A
//! block is sized by time: the last one's duration per chunk says how many chunks make up [`TARGET`]. Chunks that take
//! longer than that are claimed one by one, which balances any unevenness to within one chunk.

use std::time::{Duration, Instant};

/// A block should take this long: a thousand times what a claim costs, and far less than anyone notices at the end of
/// a fold, when workers wait for the last block.
const TARGET: Duration = Duration::from_micros(20);

/// Blocks grow by this factor at most, so that one lucky measurement does no harm.
const GROWTH: u64 = 4;

/// The pace of one worker in one fold.
pub(crate) struct Pace {
    workers: u64,
    size: u64,
    since: Instant,
}

impl Pace {
    /// The pace of one of `workers` workers; its first block is one chunk.
    pub(crate) fn new(workers: usize) -> Self {
        Self { workers: workers as u64, size: 1, since: Instant::now() }
    }

    /// How many chunks to claim when `left` are left.
    pub(crate) fn size(&self, left: u64) -> u64 {
        // No more than a fair share of half of what is left: the rest evens out whoever is late.
        self.size.min(left / (2 * self.workers)).max(1)
    }

    /// A block of `chunks` is done.
    pub(crate) fn done(&mut self, chunks: u64) {
        let now = Instant::now();
        let took = now.duration_since(self.since).as_nanos().max(1);
        self.since = now;
        let fitting = (u128::from(chunks) * TARGET.as_nanos() / took).min(u128::from(u64::MAX)) as u64;
        self.size = fitting.clamp(1, self.size.saturating_mul(GROWTH));
    }
}
