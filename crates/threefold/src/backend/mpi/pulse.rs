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
//! If rank 1 goes on after 9 s, it answers. Any message counts as a sign of life, an answer to a chunk as well. The
//! rank is asked again, and may then be silent for another 10 s. A chunk may run for hours, since the main thread of
//! the rank answers meanwhile.
//!
//! If rank 0 does not look for more than a second, because it reduces, the silence is counted from its next look. A
//! rank that has no chunks is not asked. So a fold may go on with a rank that is gone and that it does not need.

/// How often ranks are asked, in nanoseconds.
const LOOK: u64 = 250_000_000;

/// What is known of the ranks.
pub(super) struct Pulse {
    /// When ranks were asked last, in nanoseconds.
    looked: u64,
    /// For each rank, since when it owes an answer; `None` if it owes none.
    asked: Vec<Option<u64>>,
}

impl Pulse {
    /// Nothing is known of so many ranks.
    pub(super) fn of(ranks: usize) -> Self {
        Self { looked: 0, asked: vec![None; ranks] }
    }

    /// Looks at the ranks at time `now`, if it is time to. `works` says which ranks have chunks, and `heard` whether one
    /// was heard since it was asked last; it is called once for each. Returns which ranks to ask.
    pub(super) fn look(
        &mut self,
        now: u64,
        works: impl Fn(usize) -> bool,
        mut heard: impl FnMut(usize) -> bool,
    ) -> Vec<usize> {
        let passed = now.saturating_sub(self.looked);
        if passed < LOOK {
            return Vec::new();
        }
        self.looked = now;
        let mut ask = Vec::new();
        for (rank, asked) in self.asked.iter_mut().enumerate().skip(1) {
            if heard(rank) || !works(rank) {
                *asked = None;
            } else if passed > 4 * LOOK {
                // Nobody has looked meanwhile.
                *asked = asked.map(|_| now);
            }
            if works(rank) && asked.is_none() {
                *asked = Some(now);
                ask.push(rank);
            }
        }
        ask
    }

    /// From when on `look` has something to do, in nanoseconds.
    pub(super) fn next_look(&self) -> u64 {
        self.looked + LOOK
    }

    /// How long, in nanoseconds, the rank has owed an answer at time `now`, unless it was heard since the last look.
    pub(super) fn silent_for(&self, rank: usize, now: u64) -> u64 {
        self.asked[rank].map_or(0, |asked| now.saturating_sub(asked))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_silence_of_a_rank_counts_from_the_question_that_it_does_not_answer() {
        let mut pulse = Pulse::of(3);
        for look in 1..40 {
            let now = look * LOOK;
            let ask = pulse.look(now, |_| true, |rank| rank == 1);
            assert_eq!(ask, if look == 1 { vec![1, 2] } else { vec![1] }, "{look}");
            assert_eq!((pulse.silent_for(1, now), pulse.silent_for(2, now)), (0, now - LOOK));
        }
    }

    #[test]
    fn a_rank_that_begins_to_work_was_not_silent_before() {
        let mut pulse = Pulse::of(2);
        assert!(pulse.look(LOOK, |_| false, |_| false).is_empty());
        assert_eq!(pulse.look(4 * LOOK, |_| true, |_| false), [1]);
        assert_eq!(pulse.silent_for(1, 4 * LOOK), 0);
    }

    #[test]
    fn silence_counts_only_while_rank_0_looks_and_the_rank_works() {
        let mut pulse = Pulse::of(2);
        let hour = 3_600_000_000_000;
        assert_eq!(pulse.look(LOOK, |_| true, |_| false), [1]);
        assert!(pulse.look(hour, |_| true, |_| false).is_empty());
        assert_eq!(pulse.silent_for(1, hour + LOOK), LOOK);
        assert!(pulse.look(hour + 2 * LOOK, |_| false, |_| false).is_empty());
        assert_eq!(pulse.look(hour + 4 * LOOK, |_| true, |_| false), [1]);
    }
}
