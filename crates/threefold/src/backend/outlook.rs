//! `Outlook`: what is left of a fold, and whether one more worker would be worth its coming.
//!
//! The caller of a fold begins alone. To call a helper costs time: a helper that sleeps comes some tens of microseconds
//! later, and the caller spends a few of these on the system call; a helper that spins comes within one. So after each
//! block that it has timed, the caller looks at what is left, and calls a helper only if the fold then ends sooner by more
//! than the helper needs to come. A helper that has come looks likewise before it calls the next one.
//!
//! What the answer may cost if the times are wrong: a call in vain costs the caller a system call of some microseconds, once
//! per fold and block. A call that is not made costs time until the next look, or until the helper that ticks finds the fold
//! stuck. Neither changes which chunks are run, in which order they are claimed, or what comes of them.
//!
//! All times are in nanoseconds and are passed in: nothing here reads a clock.

/// What the caller has to do for each chunk, whoever runs it: to take its output and to reduce it. As far as this goes,
/// helpers are no help. In nanoseconds, for outputs that come from another core.
const TAKING: u64 = 20;

/// What a helper must gain beyond the time of its coming, in nanoseconds. It pays for what is shared from then on: claims
/// and outputs move between the caches of two cores.
const SHARING: u64 = 8_000;

/// A million chunks, and a minute for each.
const MOST_CHUNKS: u64 = 1 << 20;
const MOST_EACH: u64 = 60_000_000_000;

/// What is left of a fold.
#[derive(Clone, Copy, Debug)]
pub(super) struct Outlook {
    /// How many chunks nobody has claimed.
    pub(super) left: u64,
    /// How long one of them takes, as far as is known.
    pub(super) each: u64,
    /// How many workers are there, or on their way; at least 1.
    pub(super) present: u64,
    /// How many cores there are for them.
    pub(super) cores: u64,
}

impl Outlook {
    /// Whether one more worker, who begins after `arrival`, gains more than that. A thread takes `wake` to be woken.
    pub(super) fn is_worth(&self, arrival: u64, wake: u64) -> bool {
        // Asked first, since most folds that ask are small.
        if self.is_small() {
            return false;
        }
        // More workers than cores help only with chunks that wait for something, and a chunk that waits is a thread that
        // must be woken.
        let can_run = self.present < self.cores || self.each >= wake;
        can_run && self.gain(arrival) > arrival.saturating_add(SHARING)
    }

    /// Whether so little is left that no helper is worth its coming, however near it is: it gains half of this at most.
    pub(super) fn is_small(&self) -> bool {
        self.left.saturating_mul(self.each) <= 2 * SHARING
    }

    /// How much sooner the fold ends if one more worker begins after `arrival`. Chunks are whole: with two left, and one
    /// of them taken by this worker, a newcomer can have one; of one that is left it can have none.
    fn gain(&self, arrival: u64) -> u64 {
        // More chunks, or dearer ones, than this are worth anyone, and the products below stay small.
        let left = self.left.min(MOST_CHUNKS);
        let each = self.each.saturating_sub(TAKING).min(MOST_EACH);
        let present = self.present;
        if each == 0 {
            return 0;
        }
        // If all workers end at the same time t, then present * t + (t - arrival) = left * each.
        let work = (left * each).saturating_sub(present * arrival) / (present + 1);
        let newcomers = ((work + each / 2) / each).min(left);
        if newcomers == 0 {
            return 0;
        }
        let without = left.div_ceil(present) * each;
        let with = ((left - newcomers).div_ceil(present) * each).max(arrival + newcomers * each);
        without.saturating_sub(with)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// About what it takes to wake a thread that sleeps, and to reach one that spins.
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
        /// What the formula promises, against a simulation in which every worker takes the next chunk when it is free.
        #[test]
        fn a_fold_with_the_newcomer_ends_sooner_by_what_was_promised(
            left in 0..200u64, each in 1..50_000u64, present in 1..9u64, arrival in 0..60_000u64,
        ) {
            let promised = Outlook { left, each: each + TAKING, present, cores: 64 }.gain(arrival);
            let alone = end(left, each, &vec![0; present as usize]);
            let mut free = vec![0; present as usize];
            free.push(arrival);
            // A worker who takes chunks greedily may begin one too late; the formula counts only what pays.
            let with = end(left, each, &free);
            prop_assert!(alone.saturating_sub(with) <= promised + each, "{alone} {with} {promised}");
            prop_assert!(promised <= alone.saturating_sub(with) + each, "{alone} {with} {promised}");
        }

        /// So it may be asked first.
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

    /// When `left` chunks are done by workers who are free from these times on.
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
