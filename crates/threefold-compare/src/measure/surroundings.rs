//! `Surroundings`: what the machine did beside the comparison.

use std::time::Instant;

use crate::condition::Condition;
use crate::machine;
use crate::row::Row;

/// Below this share of all cores' time other programs are not worth a word: some program runs always.
const OTHERS: f64 = 0.05;

/// So many threads without a core are not worth a word.
const WAITING: f64 = 0.5;

/// What the machine had counted when measuring began.
pub(super) struct Surroundings {
    began: Instant,
    cores: usize,
    stolen_s: f64,
    throttled_s: f64,
    #[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_possible_whatever_the_machine_does() {
        let surroundings = Surroundings::watch();
        let sum = (0..2_000_000u64).fold(0, |sum, n| std::hint::black_box(sum ^ n));
        std::hint::black_box(sum);
        for condition in surroundings.conditions(&[]) {
            assert!(condition.share().is_none_or(|share| (0.0..=1.0).contains(&share)), "{condition:?}");
        }
    }
}
