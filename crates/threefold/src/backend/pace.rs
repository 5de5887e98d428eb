//! `Pace`: the grain size, that is, how many chunks a worker claims at once.
//!
//! A claim costs about ten nanoseconds, on a counter that all workers share, so cheap chunks are claimed in blocks. The
//! size of a block is chosen by time: from the time that a chunk of the last block took follows how many chunks make up
//! [`TARGET`]. Chunks that take longer are claimed one by one, so that the workers finish within one chunk of each
//! other.
//!
//! To ask for the time costs as much as some tens of cheap chunks. So it is asked only when it is expected that
//! [`UNTIMED`] has passed since it was asked last.

use std::time::{Duration, Instant};

/// How long a block should take. It is a thousand times the cost of a claim, and far less than anyone notices at the
/// end of a fold, when the other workers wait for the last block.
const TARGET: u64 = 20_000;

/// A shorter block costs more than it evens out: its claim and its outputs move between the caches of two cores.
const LEAST: u64 = 2_000;

/// Blocks that are expected to take less than this together are timed together. It is some times the cost of the question.
const UNTIMED: u64 = 500;

/// The largest factor by which blocks grow, so that a single measurement that is too short does little harm.
const GROWTH: u64 = 4;

/// The grain size of one worker in one fold. All times are in nanoseconds.
pub(crate) struct Pace {
    workers: u64,
    size: u64,
    /// How long a chunk takes, if that is known.
    each: Option<u64>,
    /// How many chunks were run since the time was asked last.
    untimed: u64,
    began: Instant,
    since: Instant,
    /// How many chunks were timed from `began` to `since`.
    timed: u64,
}

impl Pace {
    /// For one of `workers` workers. The first block is one chunk, whatever the `guess` of how long it takes.
    pub(crate) fn new(workers: usize, guess: Option<u64>) -> Self {
        let now = Instant::now();
        Self { workers: workers as u64, size: 1, each: guess, untimed: 0, began: now, since: now, timed: 0 }
    }

    /// How many chunks to claim when `left` are left; at least 1.
    pub(crate) fn size(&self, left: u64) -> u64 {
        // At most this worker's share of half of what is left. The other half evens out a worker that is late. Where that
        // would be a very short block, a longer one, up to this worker's share of all. So if the chunks turn out to be dear
        // after all, the others have as much of them.
        let short = self.each.map_or(1, |each| LEAST / each.max(1)).min(left / self.workers);
        self.size.min(short.max(left / (2 * self.workers))).max(1)
    }

    /// A block of `chunks` chunks is finished now. If that was timed, gives the time that one of the last chunks took.
    pub(crate) fn done(&mut self, chunks: u64) -> Option<u64> {
        self.untimed += chunks;
        if let Some(each) = self.each
            && each.saturating_mul(self.untimed) < UNTIMED
        {
            self.grow(each);
            return None;
        }
        Some(self.time())
    }

    /// How long a chunk took on average, if any was run.
    pub(crate) fn average(mut self) -> Option<u64> {
        if self.untimed > 0 {
            self.time();
        }
        nanos(self.since.duration_since(self.began)).checked_div(self.timed)
    }

    /// Asks for the time; gives how long each of the untimed chunks took.
    fn time(&mut self) -> u64 {
        let now = Instant::now();
        let each = nanos(now.duration_since(self.since)) / self.untimed;
        self.since = now;
        self.timed += self.untimed;
        self.untimed = 0;
        self.each = Some(each);
        self.grow(each);
        each
    }

    fn grow(&mut self, each: u64) {
        self.size = (TARGET / each.max(1)).clamp(1, self.size.saturating_mul(GROWTH));
    }
}

fn nanos(time: Duration) -> u64 {
    time.as_nanos().try_into().unwrap_or(u64::MAX)
}
