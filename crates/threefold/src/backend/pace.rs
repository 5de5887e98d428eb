//! `Pace`: the grain size, that is, how many chunks a worker claims at once.
//!
//! A claim costs about ten nanoseconds, on a counter that all workers share, so cheap chunks are claimed in blocks. The
//! size of a block is chosen by time: from the time that a chunk of the last block took follows how many chunks make up
//! [`TARGET`]. Chunks that take longer are claimed one by one, so that the workers finish within one chunk of each
//! other.

use std::time::{Duration, Instant};

/// How long a block should take. It is a thousand times the cost of a claim, and far less than anyone notices at the
/// end of a fold, when the other workers wait for the last block.
const TARGET: Duration = Duration::from_micros(20);

/// The largest factor by which blocks grow, so that a single measurement that is too short does little harm.
const GROWTH: u64 = 4;

/// The grain size of one worker in one fold.
pub(crate) struct Pace {
    workers: u64,
    size: u64,
    since: Instant,
}

impl Pace {
    /// For one of `workers` workers. The first block is one chunk.
    pub(crate) fn new(workers: usize) -> Self {
        Self { workers: workers as u64, size: 1, since: Instant::now() }
    }

    /// How many chunks to claim when `left` are left; at least 1.
    pub(crate) fn size(&self, left: u64) -> u64 {
        match self.workers {
            1 => self.size.min(left),
            // At most this worker's share of half of what is left. The other half evens out a worker that is late.
            workers => self.size.min(left / (2 * workers)).max(1),
        }
    }

    /// Measures the block of `chunks` chunks that was finished now.
    pub(crate) fn done(&mut self, chunks: u64) {
        let now = Instant::now();
        let took = now.duration_since(self.since).as_nanos().max(1);
        self.since = now;
        let fitting = (u128::from(chunks) * TARGET.as_nanos() / took).min(u128::from(u64::MAX)) as u64;
        self.size = fitting.clamp(1, self.size.saturating_mul(GROWTH));
    }
}
