//! `GrainSize`: how many chunks a worker claims at once.
//!
//! A claim costs about ten nanoseconds, on a counter that all workers share. So cheap chunks are claimed in blocks. The
//! size of a block is chosen by time: the measured time per chunk of the last block gives the number of chunks that
//! take [`TARGET`]. Chunks that take longer than that are claimed one by one, so that the workers finish within one
//! chunk of each other.
//!
//! While little is known of the chunks, a block is small. The first block is a single chunk, and each block is at most
//! four times as large as the one before. Whatever the measured times are, no block is larger than its worker's share
//! of the chunks that are left. So if chunks that seemed cheap turn out to take seconds, each of the other workers
//! still finds as many of them as it can use.
//!
//! Reading the clock costs as much as some tens of cheap chunks. So the clock is read only when [`UNTIMED`] is expected
//! to have passed since the last reading. The times are passed in, in nanoseconds: a `GrainSize` reads no clock. A
//! [`Lap`] does.
//!
//! The time from an earlier fold of the same kind is more reliable than the time of a single chunk. The first chunk of
//! a fold that comes after a pause runs with cold caches, and takes several times as long as the others. Taken alone,
//! its time would call helpers for a fold that is too small for them. So with a guess the clock is read only after
//! [`FORESEEN`], and many chunks are timed together. If the guess says that the whole fold is small, the grain size is
//! [untimed](GrainSize::untimed): it uses the guess to the end. Two things limit the cost of a wrong guess then: the
//! largest share of a block, as above, and the helper that ticks, which joins a fold of which no chunk was claimed for
//! a millisecond ([`open_folds`](super::open_folds)).

use std::time::Instant;

/// How long a block should take. It is about a thousand times the cost of a claim. At the end of a fold, when the other
/// workers wait for the last block, nobody notices a wait of this length.
const TARGET: u64 = 20_000;

/// A shorter block costs more than it gains by even division: its claim and its outputs move between the caches of two
/// cores.
const LEAST: u64 = 5_000;

/// Blocks that are expected to take less than this together are timed together. It is several times the cost of a clock
/// reading.
const UNTIMED: u64 = 500;

/// The same limit where the expected time comes from an earlier fold of the same kind. It is longer, because that time
/// is seldom wrong.
const FORESEEN: u64 = 4_000;

/// The largest factor by which blocks grow, and by which the estimated time per chunk grows. So a single wrong
/// measurement does little harm, whether it is too short, or too long because another thread had the core meanwhile.
const GROWTH: u64 = 4;

/// The grain size of one worker in one fold.
pub(crate) struct GrainSize {
    workers: u64,
    size: u64,
    /// The estimated time per chunk, if there is an estimate.
    each: Option<u64>,
    /// How many chunks take [`LEAST`], and how many take [`TARGET`], by this estimate. They change with the estimate and
    /// not with each block, since a division takes about as long as a cheap chunk.
    short: u64,
    full: u64,
    /// Chunks that are expected to take less than this together are timed together, in nanoseconds.
    patience: u64,
    /// How many chunks were run since the last reading of the clock.
    untimed: u64,
    /// How many chunks were timed, and how long they took together.
    timed: u64,
    time: u64,
}

impl GrainSize {
    /// The grain size of one of `workers` workers. The first block is one chunk, whatever time per chunk the `guess`
    /// gives.
    pub(crate) fn new(workers: usize, guess: Option<u64>) -> Self {
        let patience = if guess.is_some() { FORESEEN } else { UNTIMED };
        let (workers, size) = (workers as u64, 1);
        let mut it = Self { workers, size, each: None, short: 1, full: 1, patience, untimed: 0, timed: 0, time: 0 };
        guess.into_iter().for_each(|each| it.estimate(each));
        it
    }

    /// The grain size of a worker that uses the guess and never reads the clock.
    pub(crate) fn untimed(workers: usize, guess: Option<u64>) -> Self {
        Self { patience: u64::MAX, ..Self::new(workers, guess.or(Some(0))) }
    }

    /// How many chunks to claim when `left` are left; at least 1.
    pub(crate) fn size(&self, left: u64) -> u64 {
        // At most this worker's share of half of the chunks that are left. The other half makes up for a worker that is
        // late. If that would be a very short block, a longer one is claimed, up to this worker's share of all that are
        // left. So if the chunks turn out to be expensive, the other workers still have as many of them.
        let share = left / self.workers;
        self.size.min(self.short.min(share).max(share / 2)).max(1)
    }

    /// A block of `chunks` chunks was run. Returns whether it is time to read the clock for the untimed chunks.
    pub(crate) fn ran(&mut self, chunks: u64) -> bool {
        self.untimed += chunks;
        match self.each {
            Some(each) if each.saturating_mul(self.untimed) < self.patience => {
                self.grow();
                false
            }
            _ => true,
        }
    }

    /// The untimed chunks took `time` together. Returns the new estimate of the time per chunk.
    pub(crate) fn took(&mut self, time: u64) -> u64 {
        let measured = time / self.untimed.max(1);
        let each = self.each.map_or(measured, |each| measured.min(each.max(1).saturating_mul(GROWTH)));
        self.timed += self.untimed;
        self.time = self.time.saturating_add(time);
        self.untimed = 0;
        self.estimate(each);
        self.grow();
        each
    }

    /// The average time of the chunks that were timed, and at most [`GROWTH`] times the guess.
    pub(crate) fn average(&self, guess: Option<u64>) -> Option<u64> {
        let most = guess.map_or(u64::MAX, |guess| guess.max(1).saturating_mul(GROWTH));
        Some(self.time.checked_div(self.timed)?.min(most))
    }

    /// A chunk takes `each` nanoseconds, as far as is known.
    fn estimate(&mut self, each: u64) {
        self.each = Some(each);
        (self.short, self.full) = (LEAST / each.max(1), TARGET / each.max(1));
    }

    fn grow(&mut self) {
        self.size = self.full.clamp(1, self.size.saturating_mul(GROWTH));
    }
}

/// A clock that measures the time between two readings.
pub(crate) struct Lap(Instant);

impl Lap {
    pub(crate) fn new() -> Self {
        Self(Instant::now())
    }

    /// The nanoseconds since the last reading.
    pub(crate) fn time(&mut self) -> u64 {
        let before = std::mem::replace(&mut self.0, Instant::now());
        self.0.duration_since(before).as_nanos().try_into().unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The blocks of one worker that runs the whole fold, if chunk k takes `cost(k)`.
    fn blocks(chunks: u64, workers: usize, guess: Option<u64>, cost: impl Fn(u64) -> u64) -> Vec<u64> {
        let mut grain = GrainSize::new(workers, guess);
        let (mut next, mut untimed, mut blocks) = (0, 0, Vec::new());
        while next < chunks {
            let size = grain.size(chunks - next);
            untimed += (next..next + size).map(&cost).sum::<u64>();
            next += size;
            blocks.push(size);
            if grain.ran(size) {
                grain.took(untimed);
                untimed = 0;
            }
        }
        blocks
    }

    #[test]
    fn dear_chunks_are_claimed_one_by_one() {
        assert_eq!(blocks(9, 2, None, |_| 1_000_000), [1; 9]);
    }

    #[test]
    fn cheap_chunks_are_claimed_in_few_blocks_that_grow_and_shrink() {
        let blocks = blocks(1_000, 2, None, |_| 10);
        assert_eq!(blocks, [1, 4, 16, 64, 256, 329, 165, 82, 41, 21, 10, 5, 3, 1, 1, 1]);
    }

    #[test]
    fn a_block_that_was_interrupted_does_not_make_its_chunks_dear() {
        let mut grain = GrainSize::new(2, Some(100));
        assert!(grain.ran(40));
        assert_eq!(grain.took(4_000_000), 400);
        assert!(grain.ran(10));
        assert_eq!(grain.took(1_000), 100);
        assert_eq!(grain.average(Some(100)), Some(400));
        assert_eq!(grain.average(None), Some(80_020));
    }

    #[test]
    fn chunks_of_which_more_is_known_are_timed_less_often() {
        assert!(GrainSize::new(2, None).ran(1));
        let mut grain = GrainSize::new(2, Some(100));
        assert!((1..FORESEEN / 100).all(|_| !grain.ran(1)) && grain.ran(1));
    }

    #[test]
    fn a_pace_that_goes_by_its_guess_never_asks_for_the_time() {
        for guess in [None, Some(0), Some(100), Some(1_000_000)] {
            let mut grain = GrainSize::untimed(2, guess);
            assert!((0..1_000).all(|_| !grain.ran(1_000)));
            assert_eq!((grain.average(guess), grain.size(1)), (None, 1));
        }
        let mut grain = GrainSize::untimed(2, Some(100));
        grain.ran(1);
        assert_eq!(grain.size(1_000), GROWTH);
    }

    #[test]
    fn nothing_is_known_of_a_fold_without_chunks() {
        assert_eq!(GrainSize::new(2, Some(100)).average(Some(100)), None);
    }

    proptest! {
        /// So the other workers can run as many of the chunks that are left, if the first were cheap and the rest are
        /// not.
        #[test]
        fn no_block_is_more_than_the_share_of_its_worker(
            chunks in 1..5_000u64, workers in 1..20usize, guess in prop::option::of(0..100_000u64), cost in 0..10_000u64,
        ) {
            let blocks = blocks(chunks, workers, guess, |_| cost);
            let mut left = chunks;
            for block in blocks {
                prop_assert!(block <= (left / workers as u64).max(1));
                left -= block;
            }
            prop_assert_eq!(left, 0);
        }

        #[test]
        fn no_block_takes_much_longer_than_the_target(chunks in 1..5_000u64, cost in 1..100_000u64) {
            let blocks = blocks(chunks, 2, None, |_| cost);
            prop_assert!(blocks.into_iter().all(|block| block == 1 || block * cost <= TARGET));
        }
    }
}
