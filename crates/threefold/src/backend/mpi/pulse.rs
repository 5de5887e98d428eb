//! `Pulse`: which ranks are alive, as rank 0 knows it.
//!
//! MPI does not notice a rank that was stopped, or a link that is dead. So a caller that waits for chunks asks the ranks
//! that have some whether they are alive, every [`LOOK`]. The main thread of a rank runs no chunks, and answers within
//! about a millisecond. A rank that answers nothing for long is lost.
//!
//! Rank 0 asks, and the others do not report by themselves: their reports would pile up while nobody at rank 0 waits.
//! For the same reason the time that a rank was silent counts only while rank 0 looks: a reduction may take an hour.
//!
//! # An example
//!
//! A fold has chunks in rank 1, and rank 1 is stopped just before time 0.
//!
//! | time | what rank 0 does |
//! |---|---|
//! | 0 | it asks rank 1 |
//! | 0.25 s, 0.5 s, .. | it has not heard of rank 1, and does not ask twice |
//! | 10 s | rank 1 is lost: the fold ends with an error that says so |
//!
//! If rank 1 goes on after 9 s, it answers. Any message counts as a sign of life, an answer to a chunk as well. From
//! then on it may be silent for another 10 s. A chunk may run for hours, since the main thread of the rank answers
//! meanwhile.
//!
//! If rank 0 does not look for more than a second, because it reduces, the silence is counted from its next look. A
//! rank that was sent nothing in a fold is not asked. So a fold may go on with a rank that is gone and that it does not
//! need.

use std::env;
use std::time::Duration;

/// How often ranks are asked, in nanoseconds.
pub(super) const LOOK: u64 = 250_000_000;

/// A rank that has been silent for so long is lost, unless the environment says something else.
const LIMIT: Duration = Duration::from_secs(10);

/// The variable that sets the limit, in seconds.
const VARIABLE: &str = "THREEFOLD_RANK_SILENCE";

/// What is known of the ranks.
pub(super) struct Pulse {
    limit: u64,
    /// When ranks were asked last, in nanoseconds.
    looked: u64,
    ranks: Vec<OfRank>,
}

/// What is known of one rank.
#[derive(Clone, Default)]
struct OfRank {
    /// When it was heard last, or was not expected to be.
    since: u64,
    /// Whether it was asked since.
    is_asked: bool,
}

impl Pulse {
    /// Nothing is known of so many ranks. The limit is read from the environment.
    pub(super) fn of(ranks: usize) -> Self {
        let seconds = env::var(VARIABLE).ok().and_then(|text| text.parse().ok());
        let limit = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()).unwrap_or(LIMIT);
        Self { limit: limit.as_nanos() as u64, looked: 0, ranks: vec![OfRank::default(); ranks] }
    }

    /// How long a rank may be silent.
    pub(super) fn limit(&self) -> Duration {
        Duration::from_nanos(self.limit)
    }

    /// Looks at the ranks at time `now`, if it is time to. `works` says which ranks have chunks, and `heard` whether one
    /// was heard since it was asked last; it is called once for each. Returns which ranks to ask, and which are silent.
    pub(super) fn look(
        &mut self,
        now: u64,
        works: impl Fn(usize) -> bool,
        mut heard: impl FnMut(usize) -> bool,
    ) -> (Vec<usize>, Vec<usize>) {
        let (mut ask, mut silent) = (Vec::new(), Vec::new());
        let passed = now.saturating_sub(self.looked);
        if passed < LOOK {
            return (ask, silent);
        }
        self.looked = now;
        for (rank, it) in self.ranks.iter_mut().enumerate().skip(1) {
            if heard(rank) || !works(rank) {
                *it = OfRank { since: now, is_asked: false };
            } else if passed > 4 * LOOK {
                // Nobody has looked meanwhile.
                it.since = now;
            }
            if works(rank) {
                if now.saturating_sub(it.since) >= self.limit {
                    silent.push(rank);
                } else if !std::mem::replace(&mut it.is_asked, true) {
                    ask.push(rank);
                }
            }
        }
        (ask, silent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rank_that_is_silent_is_lost_and_one_that_answers_is_not() {
        let mut pulse = Pulse::of(3);
        let limit = pulse.limit;
        let mut now = LOOK;
        while now < limit {
            let (ask, silent) = pulse.look(now, |_| true, |rank| rank == 1);
            assert!(ask.contains(&1) && silent.is_empty(), "{now}");
            now += LOOK;
        }
        assert_eq!(pulse.look(now, |_| true, |rank| rank == 1).1, [2]);
    }

    #[test]
    fn silence_counts_only_while_rank_0_looks_and_the_rank_works() {
        let mut pulse = Pulse::of(2);
        let hour = 3_600_000_000_000;
        assert_eq!(pulse.look(LOOK, |_| true, |_| false), (vec![1], vec![]));
        assert_eq!(pulse.look(hour, |_| true, |_| false), (vec![], vec![]));
        assert_eq!(pulse.look(hour + 2 * LOOK, |_| false, |_| false), (vec![], vec![]));
        assert_eq!(pulse.look(hour + 4 * LOOK, |_| true, |_| false), (vec![1], vec![]));
    }
}
