//! The workload `array`: adds up a large array in memory, column by column although it is stored row by row.
//!
//! It is shaped like statistics over data in memory, where memory is slower than the processor. Threads share the
//! array. A process must be sent its part, which takes longer than adding it.

use std::ops::RangeInclusive;
use std::sync::Arc;

use threefold::{Model, Slice, task};

use super::scramble::scramble;
use crate::computation::{Computation, Visitor};
use crate::description::Description;
use crate::plan::{Input, Plan};

pub(crate) const DESCRIPTION: Description = Description {
    name: "array",
    summary: "adds up a large array",
    range: Some("0..32_000_000"),
    items: "numbers",
    chunk_size: 1_000_000,
    brief_items: 0,
    waits: false,
    best: &[Model::Threads],
    reason: "they share memory",
};

/// The most numbers an array may have: they take 2 GiB.
const MOST: u128 = 1 << 28;

/// The numbers in a row, which take 4 KiB: each step down a column reaches another page of memory.
const ROW: usize = 512;

pub(crate) fn prepare<V: Visitor>(input: &Input, visitor: V) -> Result<V::Result, String> {
    let plan = Plan::new(input, DESCRIPTION.default_range(), &DESCRIPTION)?;
    plan.refuse_negative(&DESCRIPTION)?;
    match plan.item_count() {
        0..=MOST => Ok(Computation::sum_of(add_columns).over(plan, numbers, visitor)),
        len => Err(format!("an array of {len} numbers is too large; at most {MOST} are possible, which take 2 GiB")),
    }
}

/// The numbers in this `range` of the array. They are made before anything is measured.
fn numbers(range: &RangeInclusive<i64>) -> Arc<[u64]> {
    range.clone().map(|index| scramble(index, 1)).collect()
}

/// Adds up `chunk`, one column after the other.
#[task]
fn add_columns(chunk: Slice<u64>) -> u128 {
    let column = |first| chunk.iter().skip(first).step_by(ROW).copied().map(u128::from).sum::<u128>();
    (0..ROW).map(column).sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use threefold::Slice;

    use super::{ROW, add_columns, numbers};

    #[test]
    fn an_array_without_numbers_adds_up_to_nothing() {
        #[expect(clippy::reversed_empty_ranges, reason = "the case under test")]
        let reversed = 7..=3;
        assert_eq!(add_columns(Slice::from(numbers(&reversed))), 0);
    }

    #[test]
    fn no_sum_wraps() {
        assert_eq!(add_columns(Slice::from(vec![u64::MAX; 3])), 3 * u128::from(u64::MAX));
    }

    proptest! {
        #[test]
        fn every_number_is_added_once(start in 0i64..1000, len in 0..3 * ROW as i64) {
            let array = numbers(&(start..=start + len));
            let sum: u128 = array.iter().copied().map(u128::from).sum();
            prop_assert_eq!(add_columns(Slice::from(array)), sum);
        }
    }
}
