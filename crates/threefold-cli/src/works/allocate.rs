//! The work `allocate`: builds many small collections that are soon dropped.
//!
//! It stands for parsing and grouping, where the time goes into asking for memory and giving it back. Whether threads
//! gain anything is up to the allocator: one that keeps memory by thread lets them run side by side, one with a lock
//! makes them wait for each other as in `locked`. A process has an allocator to itself, but takes time to start.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use threefold::{Model, task};

use super::scramble::scramble;
use super::{About, Recipe, Use};
use crate::plan::{Input, Plan};

pub(crate) const ABOUT: About = About {
    name: "allocate",
    does: "builds small collections",
    range: Some("1..=40_000"),
    items: "lists",
    chunk_size: 1_000,
    wins: Model::Threads,
    because: "memory is by thread",
};

/// The words of a list.
const WORDS: i64 = 64;

pub(crate) fn with<U: Use>(input: &Input, user: U) -> Result<U::Result, String> {
    let plan = Plan::new(input, ABOUT.all(), &ABOUT)?;
    Ok(Recipe::adding_up(group_words).over(plan, RangeInclusive::clone, user))
}

/// Groups the words of each list of `chunk`. Ends early, with any number, when the fold is cancelled.
#[task]
fn group_words(chunk: RangeInclusive<i64>) -> u128 {
    chunk.take_while(|_| !threefold::is_cancelled()).map(largest_group).sum()
}

/// The length of all words of list `number` that begin with the same letter, for the letter where it is longest.
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
