//! The workload `allocate`: builds many small collections and drops them again.
//!
//! It is shaped like parsing and grouping, where most of the time goes into allocating and freeing memory. Whether
//! threads are faster depends on the allocator: one with memory per thread lets them run in parallel, one with a lock
//! makes them wait for each other as in `locked`. A process has an allocator to itself, but takes time to start.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use threefold::{Model, task};

use super::scramble::scramble;
use crate::computation::{Computation, Visitor};
use crate::description::Description;
use crate::plan::{Input, Plan};

pub(crate) const DESCRIPTION: Description = Description {
    name: "allocate",
    summary: "builds small collections",
    range: Some("1..=40_000"),
    items: "lists",
    chunk_size: 1_000,
    brief_items: 0,
    waits: false,
    best: &[Model::Processes],
    reason: "an allocator each",
};

/// The number of words in a list.
const WORDS: i64 = 64;

pub(crate) fn prepare<V: Visitor>(input: &Input, visitor: V) -> Result<V::Result, String> {
    let plan = Plan::new(input, DESCRIPTION.default_range(), &DESCRIPTION)?;
    Ok(Computation::sum_of(group_words).over(plan, RangeInclusive::clone, visitor))
}

/// Groups the words of each list of `chunk`. Returns early, with any number, when the fold is cancelled.
#[task]
fn group_words(chunk: RangeInclusive<i64>) -> u128 {
    chunk.take_while(|_| !threefold::is_cancelled()).map(largest_group).sum()
}

/// Groups the words of list `number` by their first letter. The length of the longest group, in letters.
fn largest_group(number: i64) -> u128 {
    let mut groups: BTreeMap<Option<char>, Vec<String>> = BTreeMap::new();
    for word in words(number) {
        groups.entry(word.chars().next()).or_default().push(word);
    }
    groups.values().map(|group| group.concat().len() as u128).max().unwrap_or(0)
}

/// The words of list `number`.
fn words(number: i64) -> impl Iterator<Item = String> {
    (0..WORDS).map(move |place| format!("{:x}", scramble(number, 1) ^ scramble(place, 1) >> (place / 2)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{group_words, words};

    proptest! {
        #[test]
        fn the_value_is_the_sum_of_the_largest_groups(start: i64, len in 0i64..20) {
            let range = start..=start.saturating_add(len);
            let lists = range.clone().map(|number| {
                let group = |letter| words(number).filter(|word| word.starts_with(letter)).map(|word| word.len()).sum();
                "0123456789abcdef".chars().map(group).max().unwrap_or(0)
            });
            prop_assert_eq!(group_words(range.clone()), lists.sum::<usize>() as u128);
        }
    }
}
