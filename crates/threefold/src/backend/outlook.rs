//! `Outlook`: the chunks that are left of a fold, and whether one more worker would shorten the fold.
//!
//! The caller of a fold begins alone. Calling a helper costs time. A helper that sleeps starts some tens of
//! microseconds after the call, and the caller spends a few microseconds in the system call. A helper that spins starts
//! within one microsecond. So after each block that it has timed, the caller looks at the chunks that are left. It
//! calls a helper only if the fold then ends sooner by more than the helper's wake-up latency. A helper that has joined
//! makes the same decision before it calls the next one.
//!
//! What the decision may cost if the times are wrong: a needless call costs the caller a system call of some
//! microseconds, once per fold and block. A missing call costs time until the next decision, or until the helper that
//! ticks finds that no chunk was claimed for a millisecond. Neither changes which chunks are run, the order in which
//! they are claimed, or the result.
//!
//! All times are in nanoseconds. The caller of a function passes them in: nothing here reads a clock.

/// What the caller itself must do for each chunk, whoever runs it: take its output and reduce it. A helper does not
/// save this time. In nanoseconds, for outputs that come from another core.
const TAKING: u64 = 20;

/// How much a helper must gain beyond its wake-up latency, in nanoseconds. This covers the cost of sharing: claims and
/// outputs move between the caches of two cores from then on.
const SHARING: u64 = 8_000;

/// The formula counts at most a million chunks, of at most a minute each.
const MOST_CHUNKS: u64 = 1 << 20;
const MOST_EACH: u64 = 60_000_000_000;

/// The chunks that are left of a fold, and the workers for them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Outlook {
    /// How many chunks are not claimed yet.
    pub(super) left: u64,
    /// The estimated time per chunk.
    pub(super) each: u64,
    /// How many workers are inside the fold or on their way to it; at least 1.
    pub(super) present: u64,
    /// How many cores these workers may use.
    pub(super) cores: u64,
}

impl Outlook {
    /// Whether one more worker, which begins after `arrival`, shortens the fold by more than `arrival` plus the cost of
    /// sharing. Waking a thread takes `wake`.
    pub(super) fn is_worth(&self, arrival: u64, wake: u64) -> bool {
        // This is checked first, since most folds that come here are small.
        if self.is_small() {
            return false;
        }
        // A worker without a core of its own helps only with chunks that wait for something. The thread of a chunk that
        // waits must be woken, so such a chunk takes at least as long as a wake-up.
        let can_run = self.present < self.cores || self.each >= wake;
        can_run && self.gain(arrival) > arrival.saturating_add(SHARING)
    }

    /// Whether so little is left that no helper can pay off, whatever its latency. A helper saves at most half of the
    /// remaining time.
    pub(super) fn is_small(&self) -> bool {
        self.left.saturating_mul(self.each) <= 2 * SHARING
    }

    /// How much sooner the fold ends if one more worker begins after `arrival`. Chunks are not divided: with two left,
    /// the present worker takes one and the new worker takes one; with one left, the new worker gets none.
    fn gain(&self, arrival: u64) -> u64 {
        // More or longer chunks than this always pay off. The limits keep the products below from overflowing.
        let left = self.left.min(MOST_CHUNKS);
        let each = self.each.saturating_sub(TAKING).min(MOST_EACH);
        let present = self.present;
        if each == 0 {
            return 0;
        }
        // If all workers ended at the same time t, then present * t + (t - arrival) = left * each. In whole chunks, the
        // smallest share of the new worker with which it ends last is one or two chunks above what this rounds down to.
        // The best share is that one, or the one below it. It must be the best one, not the nearest, so that a worker
        // never gains more by arriving later.
        let nearest = (left * each).saturating_sub(present * arrival) / (present + 1) / each;
        let end = |newcomers: u64| ((left - newcomers).div_ceil(present) * each).max(arrival + newcomers * each);
        let without = left.div_ceil(present) * each;
        let with = (nearest..=nearest + 2).filter(|&newcomers| newcomers <= left).map(end).min().unwrap_or(without);
        without.saturating_sub(with)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Typical latencies of a thread that sleeps and of one that spins.
    const ASLEEP: u64 = 20_000;
    const AWAKE: u64 = 500;

    fn is_worth(left: u64, each: u64, present: u64, arrival: u64) -> bool {
        Outlook { left, each, present, cores: 64 }.is_worth(arrival, ASLEEP)
    }

    #[test]
    fn workers_that_have_no_core_are_called_only_for_chunks_that_may_wait() {
        let outlook = |each| Outlook { left: 1_000, each, present: 2, cores: 2 };
        assert!(!outlook(10_000).is_worth(ASLEEP, ASLEEP));
        assert!(outlook(10_000).is_worth(ASLEEP, 2_000));
        assert!(outlook(50_000).is_worth(ASLEEP, ASLEEP));
    }

    #[test]
    fn four_chunks_of_10_us_are_worth_a_worker_that_spins_and_none_that_sleeps() {
        assert!(is_worth(4, 10_000, 1, AWAKE));
        assert!(!is_worth(4, 10_000, 1, ASLEEP));
        assert!(!is_worth(2, 10_000, 2, AWAKE));
    }

    #[test]
    fn cheap_chunks_are_worth_nobody() {
        assert!(!is_worth(4, 100, 1, AWAKE));
        assert!(!is_worth(100, 15, 1, AWAKE));
        assert!(!is_worth(1_000_000, 15, 1, AWAKE), "the caller could not take the outputs faster");
    }

    #[test]
    fn dear_chunks_are_worth_as_many_workers_as_can_have_one() {
        const SECOND: u64 = 1_000_000_000;
        assert!(is_worth(2, SECOND, 1, ASLEEP));
        assert!(!is_worth(1, SECOND, 1, ASLEEP), "whoever is there takes the last one");
        assert!(is_worth(16, SECOND, 15, ASLEEP));
        assert!(!is_worth(16, SECOND, 16, ASLEEP));
        assert!(is_worth(3, u64::MAX, 1, ASLEEP) && is_worth(u64::MAX, u64::MAX, 62, ASLEEP), "nothing overflows");
    }

    proptest! {
        /// Compares the formula with a simulation in which every worker takes the next chunk when it is free.
        #[test]
        fn a_fold_with_the_newcomer_ends_sooner_by_what_was_promised(
            left in 0..200u64, each in 1..50_000u64, present in 1..9u64, arrival in 0..60_000u64,
        ) {
            let promised = Outlook { left, each: each + TAKING, present, cores: 64 }.gain(arrival);
            let alone = end(left, each, &vec![0; present as usize]);
            let mut free = vec![0; present as usize];
            free.push(arrival);
            // In the simulation a worker may begin a last chunk too late to gain by it. The formula does not count that
            // chunk.
            let with = end(left, each, &free);
            prop_assert!(alone.saturating_sub(with) <= promised + each, "{alone} {with} {promised}");
            prop_assert!(promised <= alone.saturating_sub(with) + each, "{alone} {with} {promised}");
        }

        /// So `is_worth` may check `is_small` first.
        #[test]
        fn what_is_small_gains_too_little_by_any_helper(
            left in 0..2_000u64, each in 0..20_000u64, present in 1..9u64, arrival in 0..60_000u64,
        ) {
            let outlook = Outlook { left, each, present, cores: 64 };
            prop_assert!(!outlook.is_small() || outlook.gain(arrival) <= arrival + SHARING);
        }

        #[test]
        fn what_is_not_worth_a_helper_nearby_is_not_worth_one_far_away(
            left in 0..1_000u64, each in 1..100_000u64, present in 1..20u64, arrival in 0..60_000u64, more in 0..60_000u64,
        ) {
            let outlook = Outlook { left, each, present, cores: 64 };
            prop_assert!(outlook.is_worth(arrival, ASLEEP) || !outlook.is_worth(arrival + more, ASLEEP));
        }
    }

    /// When `left` chunks are done, if worker k can begin at time `free[k]`.
    fn end(left: u64, each: u64, free: &[u64]) -> u64 {
        let mut free = free.to_vec();
        let mut end = 0;
        for _ in 0..left {
            let first = free.iter_mut().min().expect("there is a worker");
            *first += each;
            end = end.max(*first);
        }
        end
    }
}
