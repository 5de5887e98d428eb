//! The workload `primes`: counts the primes of a range by trial division.
//!
//! It is shaped like uneven work, such as rendering the rows of an image: larger numbers need more divisions, so that
//! later chunks take longer. If every worker were given an equal share, all would wait for the last one. Threads and
//! processes take one chunk after another instead, and finish together.

use std::ops::RangeInclusive;

use threefold::{Model, task};

use crate::computation::{Computation, Visitor};
use crate::description::Description;
use crate::plan::{Input, Plan};

pub(crate) const DESCRIPTION: Description = Description {
    name: "primes",
    summary: "counts primes by division",
    range: Some("1..=3_000_000"),
    items: "integers",
    chunk_size: 50_000,
    brief_items: 0,
    waits: false,
    best: &[Model::Threads],
    reason: "all cores compute",
};

pub(crate) fn prepare<V: Visitor>(input: &Input, visitor: V) -> Result<V::Result, String> {
    let plan = Plan::new(input, DESCRIPTION.default_range(), &DESCRIPTION)?;
    Ok(Computation::sum_of(count_primes).over(plan, RangeInclusive::clone, visitor))
}

/// The number of primes in `chunk`. Returns early, with any number, when the fold is cancelled.
#[task]
fn count_primes(chunk: RangeInclusive<i64>) -> u128 {
    // No number below 2 is prime.
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
        // The largest integer is 7 * 7 * more: no divisor overflows on the way to it.
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
