//! The workload `sum`: adds every integer of a range, one by one, exactly.
//!
//! Integers are added in blocks of 2^16. The offset of each integer from the start of its block is generated and added
//! in 32 bits, in as many lanes as the vectors of this CPU have. Then the start is added once for the whole block, in
//! 128 bits. The offsets of a block add up to less than 2^31, so no lane can wrap, however lanes are combined. A range
//! of `i64` adds up to at most 2^126, so that no chunk can wrap either.
//!
//! A compiler that understands the loop replaces it by a formula. To prevent that, each offset is combined with a zero
//! that the compiler cannot know to be one. The time therefore grows in proportion to the range.

use std::hint::black_box;
use std::marker::PhantomData;
use std::ops::RangeInclusive;

use threefold::{Model, task};

use crate::computation::{Computation, Fold, Visitor};
use crate::description::Description;
use crate::failure::Failure;
use crate::plan::{Input, Plan};

pub(crate) const DESCRIPTION: Description = Description {
    name: "sum",
    summary: "adds every integer",
    range: Some("1..=1_000_000"),
    items: "integers",
    chunk_size: 250_000,
    brief_items: 10_000_000,
    waits: false,
    best: &[Model::Sequential, Model::Threads],
    reason: "30 us",
};

/// The tutorial's computation. Its total is checked against the formula.
pub(crate) fn prepare<V: Visitor>(input: &Input, visitor: V) -> Result<V::Result, String> {
    let plan = Plan::new(input, DESCRIPTION.default_range(), &DESCRIPTION)?;
    let recipe = Computation {
        task: calculate_sum,
        init: Some(0),
        reduce: |total, part| add(total?, part),
        retried: |_| &[],
        is_full: |_| false,
        finish: check,
        partial: |total| total.map(|total| total.to_string()),
        verb: PhantomData::<Fold>,
    };
    Ok(recipe.over(plan, RangeInclusive::clone, visitor))
}

/// The total as text, if it is what the formula gives.
fn check(total: Option<i128>, plan: &Plan) -> Result<String, Failure> {
    let total = total.ok_or(Failure::Overflow)?;
    match expected(&plan.ranges) {
        Some(expected) if expected != total => Err(Failure::Mismatch { total, expected }),
        _ => Ok(total.to_string()),
    }
}

/// The integers in a block. A block takes about 2 microseconds, so that what is done once for each block costs little.
const BLOCK: u32 = 1 << 16;

/// The sum of all integers of `chunk`. Returns early, with any value, when the fold is cancelled.
#[task(simd)]
fn calculate_sum(chunk: RangeInclusive<i64>) -> i128 {
    // Zero, but the compiler does not know that.
    let zero: u32 = black_box(0);
    blocks(chunk)
        .take_while(|_| !threefold::is_cancelled())
        .map(|(start, len)| {
            let offsets: u32 = (0..len).map(|offset| offset ^ zero).sum();
            i128::from(offsets) + i128::from(start) * i128::from(len)
        })
        .sum()
}

/// The sum of all integers of all `ranges` by the formula n(a+b)/2. `None` if it does not fit in 128 bits.
fn expected(ranges: &[RangeInclusive<i64>]) -> Option<i128> {
    ranges.iter().try_fold(0, |total, range| add(total, formula(range)))
}

/// Adds the sum of a chunk to the total. `None` if it does not fit in 128 bits, which takes at least 2^64 integers.
fn add(total: i128, part: i128) -> Option<i128> {
    total.checked_add(part)
}

fn formula(range: &RangeInclusive<i64>) -> i128 {
    let (start, end) = (i128::from(*range.start()), i128::from(*range.end()));
    let n = (end - start + 1).max(0);
    // One of the two factors is even. At most 2^64 times 2^64, halved before it is multiplied.
    if n % 2 == 0 { n / 2 * (start + end) } else { n * ((start + end) / 2) }
}

/// The blocks of a chunk: where each starts, and its number of integers, [`BLOCK`] or fewer in the last one.
fn blocks(chunk: RangeInclusive<i64>) -> impl Iterator<Item = (i64, u32)> {
    let (start, end) = chunk.into_inner();
    let mut next = (start <= end).then_some(start);
    std::iter::from_fn(move || {
        let start = next?;
        // The number of integers above `start`, which may not fit in an `i64`.
        let above = end.abs_diff(start);
        let len = if above < u64::from(BLOCK) { above as u32 + 1 } else { BLOCK };
        next = start.checked_add(len.into()).filter(|&next| next <= end);
        Some((start, len))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{BLOCK, add, blocks, calculate_sum, expected, formula};

    #[test]
    fn the_ends_of_the_type_are_added_exactly() {
        assert_eq!(calculate_sum(i64::MAX..=i64::MAX), i128::from(i64::MAX));
        assert_eq!(calculate_sum(i64::MIN..=i64::MIN), i128::from(i64::MIN));
        assert_eq!(calculate_sum(i64::MAX - 1..=i64::MAX), 2 * i128::from(i64::MAX) - 1);
        assert_eq!(calculate_sum(i64::MIN..=i64::MIN + 1), 2 * i128::from(i64::MIN) + 1);
        assert_eq!(calculate_sum(1..=1_000_000), 500_000_500_000);
    }

    #[test]
    fn an_empty_range_adds_up_to_nothing() {
        #[expect(clippy::reversed_empty_ranges, reason = "the case under test")]
        for empty in [5..=-5, 1..=0, i64::MAX..=i64::MIN] {
            assert_eq!((calculate_sum(empty.clone()), formula(&empty)), (0, 0));
        }
    }

    #[test]
    fn every_length_about_a_block_is_added_exactly() {
        let about = |n: i64| n - 70..n + 70;
        for len in (0..300).chain(about(BLOCK.into())).chain(about(2 * i64::from(BLOCK))) {
            assert_eq!(calculate_sum(-7..=-7 + len), (-7..=-7 + len).map(i128::from).sum(), "{len}");
        }
    }

    #[test]
    fn the_formula_holds_for_the_longest_range() {
        assert_eq!(formula(&(i64::MIN..=i64::MAX)), -(1 << 63));
        assert_eq!(formula(&(0..=i64::MAX)), ((1i128 << 63) - 1) << 62);
    }

    #[test]
    fn a_total_past_128_bits_is_none_and_never_wraps() {
        let large = 0..=i64::MAX;
        assert!(expected(&[large.clone(), large.clone(), large.clone(), large.clone()]).is_some());
        assert_eq!(expected(&vec![large; 5]), None);
        assert_eq!(add(i128::MIN, -1), None);
    }

    #[test]
    fn the_blocks_of_the_longest_range_begin_at_its_start() {
        let first: Vec<_> = blocks(i64::MIN..=i64::MAX).take(2).collect();
        assert_eq!(first, [(i64::MIN, BLOCK), (i64::MIN + i64::from(BLOCK), BLOCK)]);
    }

    proptest! {
        #[test]
        fn the_sum_is_the_one_of_the_formula(start: i64, len in 0i64..1_000_000) {
            let range = start..=start.saturating_add(len);
            prop_assert_eq!(calculate_sum(range.clone()), formula(&range));
        }

        #[test]
        fn the_formula_is_the_sum_of_its_parts(mut ends in prop::array::uniform3(any::<i64>())) {
            ends.sort_unstable();
            let [start, middle, end] = ends;
            if middle < end {
                prop_assert_eq!(
                    formula(&(start..=middle)) + formula(&(middle + 1..=end)),
                    formula(&(start..=end))
                );
            }
        }
    }
}
