//! `Plan`: the ranges, and where they are cut into chunks.
//!
//! It depends on the words alone, never on the model or the number of workers: that is the library's first law.

use std::ops::RangeInclusive;

use threefold::{Chunked, Items, Source};

use crate::range;

/// Chunks of so many integers where nothing is said: the quarter of a million of the tutorial.
const CHUNK_SIZE: u128 = 250_000;

/// More chunks than this are not made where nothing is said: longer ranges have longer chunks.
const MOST_DEFAULT_CHUNKS: u128 = 4096;

/// More chunks than this are refused: their bookkeeping would be the work.
pub(crate) const MOST_CHUNKS: u128 = 1 << 24;

/// How the user wants one range cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// As it seems best.
    Default,
    /// Into so many chunks.
    Into(u64),
    /// Into chunks of so many integers.
    Every(u64),
}

/// What will be folded.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// The ranges as they were named.
    pub(crate) ranges: Vec<RangeInclusive<i64>>,
    /// The number of chunks.
    pub(crate) chunks: u64,
    /// The chunks, in the form that an executor takes.
    pub(crate) source: Cutting,
}

/// The two kinds of source.
#[derive(Clone, Debug)]
pub(crate) enum Cutting {
    /// One range, cut.
    One(Chunked<RangeInclusive<i64>>),
    /// Several ranges, each a chunk just as given, overlaps and all.
    AsGiven(Items<RangeInclusive<i64>>),
}

impl Plan {
    /// The plan for `ranges`, of which there is at least one.
    ///
    /// # Errors
    ///
    /// Why the ranges cannot be cut like that, and how they can.
    pub(crate) fn new(ranges: Vec<RangeInclusive<i64>>, cut: Cut) -> Result<Self, String> {
        match (ranges.as_slice(), cut) {
            ([one], _) => {
                let (source, chunks) = cut_one(one.clone(), cut)?;
                Ok(Self { ranges, chunks, source: Cutting::One(source) })
            }
            (_, Cut::Default) => {
                let source = Cutting::AsGiven(Items(ranges.clone()));
                Ok(Self { chunks: ranges.len() as u64, ranges, source })
            }
            _ => Err("several RANGEs are one chunk each, exactly as given: \
                      name one RANGE to have it cut by --chunks or --chunk-size"
                .to_string()),
        }
    }

    /// How much of the whole each chunk is, where chunks differ by more than one integer.
    pub(crate) fn weights(&self) -> Option<Vec<u64>> {
        match &self.source {
            Cutting::One(_) => None,
            Cutting::AsGiven(Items(ranges)) => {
                Some(ranges.iter().map(|range| u64::try_from(range::len(range)).unwrap_or(u64::MAX)).collect())
            }
        }
    }
}

fn cut_one(range: RangeInclusive<i64>, cut: Cut) -> Result<(Chunked<RangeInclusive<i64>>, u64), String> {
    let len = range::len(&range);
    let (source, chunks) = match cut {
        Cut::Default => {
            let size = CHUNK_SIZE.max(len.div_ceil(MOST_DEFAULT_CHUNKS));
            (range.chunked(size), len.div_ceil(size))
        }
        Cut::Into(n) if u128::from(n) > MOST_CHUNKS => {
            return Err(format!("--chunks {n} is too many: at most {MOST_CHUNKS} chunks can be asked for"));
        }
        Cut::Into(n) => (range.split(n), len.min(n.into())),
        Cut::Every(size) if len.div_ceil(size.into()) > MOST_CHUNKS => {
            return Err(format!(
                "--chunk-size {size} makes {} chunks of {len} integers: at most {MOST_CHUNKS} can be asked for, \
                 which is --chunk-size {} or more",
                len.div_ceil(size.into()),
                len.div_ceil(MOST_CHUNKS)
            ));
        }
        Cut::Every(size) => (range.chunked(size), len.div_ceil(size.into())),
    };
    Ok((source, u64::try_from(chunks).expect("every cut has at most 2^24 chunks")))
}

#[cfg(test)]
mod tests {
    use std::ops::RangeInclusive;

    use proptest::prelude::*;
    use threefold::Source;

    use super::{Cut, Cutting, Plan};

    fn one(range: RangeInclusive<i64>, cut: Cut) -> Plan {
        Plan::new(vec![range], cut).unwrap()
    }

    #[test]
    fn the_default_is_the_tutorials_quarter_of_a_million_but_4096_chunks_at_most() {
        assert_eq!(one(1..=1_000_000, Cut::Default).chunks, 4);
        assert_eq!(one(1..=1_000_001, Cut::Default).chunks, 5);
        assert_eq!(one(1..=4096 * 250_000, Cut::Default).chunks, 4096);
        assert_eq!(one(1..=4096 * 250_000 + 1, Cut::Default).chunks, 4096);
        assert_eq!(one(i64::MIN..=i64::MAX, Cut::Default).chunks, 4096);
        #[expect(clippy::reversed_empty_ranges, reason = "the case under test")]
        let reversed = i64::MAX..=i64::MIN;
        assert_eq!(one(reversed, Cut::Default).chunks, 0);
    }

    #[test]
    fn what_is_asked_for_is_obeyed_up_to_two_to_the_24th_chunks() {
        let all = i64::MIN..=i64::MAX;
        assert_eq!(one(all.clone(), Cut::Into(1 << 24)).chunks, 1 << 24);
        assert_eq!(one(all.clone(), Cut::Every(1 << 40)).chunks, 1 << 24);
        assert_eq!(one(1..=3, Cut::Into(10)).chunks, 3);
        let refusals = [Cut::Into((1 << 24) + 1), Cut::Every((1 << 40) - 1)]
            .map(|cut| Plan::new(vec![all.clone()], cut).unwrap_err() + "\n");
        insta::assert_snapshot!(refusals.concat());
    }

    #[test]
    fn several_ranges_are_one_chunk_each() {
        #[expect(clippy::reversed_empty_ranges, reason = "the case under test")]
        let plan = Plan::new(vec![0..=5, 5..=9, 3..=2], Cut::Default).unwrap();
        assert_eq!((plan.chunks, plan.weights()), (3, Some(vec![6, 5, 0])));
        assert!(Plan::new(vec![0..=5, 5..=9], Cut::Into(2)).is_err());
    }

    proptest! {
        #[test]
        fn the_announced_number_of_chunks_is_the_true_one(start: i64, len in 0i64..5000, n in 1u64..6000) {
            let range = start..=start.saturating_add(len).max(start);
            for cut in [Cut::Default, Cut::Into(n), Cut::Every(n)] {
                let plan = one(range.clone(), cut);
                let Cutting::One(source) = plan.source else { unreachable!("one range is cut") };
                prop_assert_eq!(plan.chunks, source.chunks().count() as u64);
            }
        }
    }
}
