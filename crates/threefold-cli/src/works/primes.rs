//! The work `primes`: counts the primes of a range by trial division.
//!
//! It stands for uneven work, such as rendering the rows of a picture: the larger a number, the more divisors are tried,
//! so that later chunks cost more. Who gives each worker an equal share beforehand waits for the one with the last
//! share. Threads and processes claim chunk after chunk instead, and end together.

use std::ops::RangeInclusive;

use threefold::{Model, task};

use super::{About, Recipe, Use};
use crate::plan::{Input, Plan};

pub(crate) const ABOUT: About = About {
    name: "primes",
    does: "counts primes by division",
    range: Some("1..=3_000_000"),
    items: "integers",
    chunk_size: 50_000,
    wins: Model::Threads,
    because: "chunks are claimed",
};

pub(crate) fn with<U: Use>(input: &Input, user: U) -> Result<U::Result, String> {
    let plan = Plan::new(input, ABOUT.all(), &ABOUT)?;
    Ok(Recipe::adding_up(count_primes).over(plan, RangeInclusive::clone, user))
}

/// How many primes `chunk` has. Ends early, with any number, when the fold is cancelled.
#[task]
fn count_primes(chunk: RangeInclusive<i64>) -> u128 {
    // No number below 2 is prime: they are not worth a look.
    let candidates = *chunk.start().max(&2)..=*chunk.end();
    candidates.take_while(|_| !threefold::is_cancelled()).map(|n| u128::from(is_prime(n.unsigned_abs()))).sum()
}

/// Whether `n`, which is at least 2, has no divisor but 1 and itself.
fn is_prime(n: u64) -> bool {
    // The smaller of two factors is at most the square root. By division, since the square of `d` may not fit.
    n == 2 || (!n.is_multiple_of(2) && (3..).step_by(2).take_while(|&d| d <= n / d).all(|d| !n.is_multiple_of(d)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::count_primes;

    #[test]
    fn there_are_78498_primes_below_a_million() {
        assert_eq!(count_primes(1..=1_000_000), 78_498);
    }

    #[test]
    fn nothing_below_2_is_prime() {
        assert_eq!((count_primes(i64::MIN..=1), count_primes(i64::MIN..=2)), (0, 1));
        #[expect(clippy::reversed_empty_ranges, reason = "the case under test")]
        let reversed = 7..=3;
        assert_eq!(count_primes(reversed), 0);
    }

    #[test]
    fn squares_of_primes_are_none() {
        for prime in [2, 3, 5, 7, 97, 65_537, 99_991] {
            assert_eq!((count_primes(prime..=prime), count_primes(prime * prime..=prime * prime)), (1, 0), "{prime}");
        }
        // The largest integer is 7 times 7 times more: no bound is passed on the way to it.
        assert_eq!(count_primes(i64::MAX..=i64::MAX), 0);
    }

    proptest! {
        #[test]
        fn the_count_is_that_of_the_numbers_with_two_divisors(start in -50i64..2000, len in 0i64..200) {
            let range = start..=start + len;
            let divisors = |n: i64| (1..=n).filter(|d| n % d == 0).count();
            let primes = range.clone().filter(|&n| divisors(n) == 2).count();
            prop_assert_eq!(count_primes(range), primes as u128);
        }
    }
}
