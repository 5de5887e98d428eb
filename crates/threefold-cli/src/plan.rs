//! `Plan`: the ranges of items that will be folded, and where they are cut into chunks.
//!
//! It depends on the words alone, never on the model or the number of workers: that is the library's first law. It
//! counts items without knowing what they are; a work makes a source of it.

use std::ops::RangeInclusive;
use std::path::PathBuf;

use crate::range;
use crate::works::About;

/// More chunks than this are not made where nothing is said: longer ranges have longer chunks.
const MOST_DEFAULT_CHUNKS: u128 = 4096;

/// More chunks than this are refused: their bookkeeping would be the work.
pub(crate) const MOST_CHUNKS: u128 = 1 << 24;

/// What the words say of the input; how much of it there is, a work may have to find out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Input {
    /// The ranges as they were named; none where the work is to choose.
    pub(crate) ranges: Vec<RangeInclusive<i64>>,
    pub(crate) cut: Cut,
    /// Where files are looked for.
    pub(crate) folder: Option<PathBuf>,
}

/// How the user wants one range cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// As it seems best.
    Default,
    /// Into so many chunks.
    Into(u64),
    /// Into chunks of so many items.
    Every(u64),
}

/// What will be folded.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// One range or more.
    pub(crate) ranges: Vec<RangeInclusive<i64>>,
    /// The number of chunks.
    pub(crate) chunks: u64,
    pub(crate) cutting: Cutting,
}

/// How the ranges become chunks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cutting {
    /// The one range into so many chunks.
    Into(u64),
    /// The one range into chunks of so many items.
    Every(u128),
    /// Several ranges, each a chunk just as given, overlaps and all.
    AsGiven,
}

impl Plan {
    /// The plan for `input`, or for `all` of the items where it names no range, of the work that `about` describes.
    ///
    /// # Errors
    ///
    /// Why the ranges cannot be cut like that, and how they can.
    pub(crate) fn new(input: &Input, all: RangeInclusive<i64>, about: &About) -> Result<Self, String> {
        let ranges = if input.ranges.is_empty() { vec![all] } else { input.ranges.clone() };
        match (ranges.as_slice(), input.cut) {
            ([one], cut) => {
                let (cutting, chunks) = cut_one(range::len(one), cut, about)?;
                Ok(Self { ranges, chunks, cutting })
            }
            (_, Cut::Default) => Ok(Self { chunks: ranges.len() as u64, ranges, cutting: Cutting::AsGiven }),
            _ => Err("several RANGEs are one chunk each, exactly as given: \
                      name one RANGE to have it cut by --chunks or --chunk-size"
                .to_string()),
        }
    }

    /// How many items there are in all.
    pub(crate) fn len(&self) -> u128 {
        self.ranges.iter().map(range::len).sum()
    }

    /// For items that are counted from 0.
    ///
    /// # Errors
    ///
    /// A range has numbers below.
    pub(crate) fn refuse_negative(&self, about: &About) -> Result<(), String> {
        match self.ranges.iter().find(|range| !range.is_empty() && *range.start() < 0) {
            Some(range) => {
                Err(format!("{range:?} begins below 0: the {} are counted from 0, like 0..100", about.items))
            }
            None => Ok(()),
        }
    }

    /// How much of the whole each chunk is, where chunks differ by more than one item.
    pub(crate) fn weights(&self) -> Option<Vec<u64>> {
        match self.cutting {
            Cutting::Into(_) | Cutting::Every(_) => None,
            Cutting::AsGiven => {
                Some(self.ranges.iter().map(|range| u64::try_from(range::len(range)).unwrap_or(u64::MAX)).collect())
            }
        }
    }
}

fn cut_one(len: u128, cut: Cut, about: &About) -> Result<(Cutting, u64), String> {
    let (cutting, chunks) = match cut {
        Cut::Default => {
            let size = u128::from(about.chunk_size).max(len.div_ceil(MOST_DEFAULT_CHUNKS));
            (Cutting::Every(size), len.div_ceil(size))
        }
        Cut::Into(n) if u128::from(n) > MOST_CHUNKS => {
            return Err(format!("--chunks {n} is too many: at most {MOST_CHUNKS} chunks can be asked for"));
        }
        Cut::Into(n) => (Cutting::Into(n), len.min(n.into())),
        Cut::Every(size) if len.div_ceil(size.into()) > MOST_CHUNKS => {
            return Err(format!(
                "--chunk-size {size} makes {} chunks of {len} {}: at most {MOST_CHUNKS} can be asked for, \
                 which is --chunk-size {} or more",
                len.div_ceil(size.into()),
                about.items,
                len.div_ceil(MOST_CHUNKS)
            ));
        }
        Cut::Every(size) => (Cutting::Every(size.into()), len.div_ceil(size.into())),
    };
    Ok((cutting, u64::try_from(chunks).expect("every cut has at most 2^24 chunks")))
}

#[cfg(test)]
mod tests {
    use std::ops::RangeInclusive;

    use proptest::prelude::*;
    use threefold::Source;

    use super::{Cut, Cutting, Input, Plan};
    use crate::works::Work;

    fn plan(ranges: Vec<RangeInclusive<i64>>, cut: Cut) -> Result<Plan, String> {
        Plan::new(&Input { ranges, cut, folder: None }, 1..=1_000_000, Work::Sum.about())
    }

    fn one(range: RangeInclusive<i64>, cut: Cut) -> Plan {
        plan(vec![range], cut).unwrap()
    }

    #[test]
    fn the_default_is_the_tutorials_quarter_of_a_million_but_4096_chunks_at_most() {
        assert_eq!(plan(vec![], Cut::Default).unwrap().chunks, 4);
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
            .map(|cut| plan(vec![all.clone()], cut).unwrap_err() + "\n");
        insta::assert_snapshot!(refusals.concat());
    }

    #[test]
    fn several_ranges_are_one_chunk_each() {
        #[expect(clippy::reversed_empty_ranges, reason = "the case under test")]
        let several = plan(vec![0..=5, 5..=9, 3..=2], Cut::Default).unwrap();
        assert_eq!((several.chunks, several.weights()), (3, Some(vec![6, 5, 0])));
        assert!(plan(vec![0..=5, 5..=9], Cut::Into(2)).is_err());
    }

    proptest! {
        #[test]
        fn the_announced_number_of_chunks_is_the_true_one(start: i64, len in 0i64..5000, n in 1u64..6000) {
            let range = start..=start.saturating_add(len).max(start);
            for cut in [Cut::Default, Cut::Into(n), Cut::Every(n)] {
                let plan = one(range.clone(), cut);
                let chunks = match plan.cutting {
                    Cutting::Into(n) => range.clone().split_into(n).all_chunks().count(),
                    Cutting::Every(size) => range.clone().chunks_of(size).all_chunks().count(),
                    Cutting::AsGiven => unreachable!("one range is cut"),
                };
                prop_assert_eq!(plan.chunks, chunks as u64);
            }
        }
    }
}
