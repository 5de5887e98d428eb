//! `Plan`: the ranges of items that a workload processes, and how they are cut into chunks.
//!
//! It depends on the arguments alone, never on the model or the number of workers: that is the library's first law. It
//! cuts the numbers of items, without knowing what they are. A workload makes a source of the items, and cuts it the
//! same.

use std::ops::RangeInclusive;
use std::path::PathBuf;

use threefold::Source;

use crate::description::Description;

/// By default a range is cut into at most this many chunks: longer ranges have larger chunks.
pub(crate) const MOST_DEFAULT_CHUNKS: u128 = 4096;

/// More chunks than this are refused: most of the time would go into counting them.
pub(crate) const MOST_CHUNKS: u64 = 1 << 24;

/// The input as the arguments give it. How many items there are may be for the workload to find out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Input {
    /// The ranges that were given; none for the workload's default.
    pub(crate) ranges: Vec<RangeInclusive<i64>>,
    pub(crate) cut: Cut,
    /// The folder to read.
    pub(crate) folder: Option<PathBuf>,
    /// The file in it that is not read: the journal, which the run itself writes.
    pub(crate) except: Option<PathBuf>,
}

impl Input {
    /// The ranges of a workload that has `all` items if no range is given.
    fn ranges(&self, all: RangeInclusive<i64>) -> Vec<RangeInclusive<i64>> {
        if self.ranges.is_empty() { vec![all] } else { self.ranges.clone() }
    }

    /// Whether the workload with this `description` takes at most a few milliseconds for this input.
    pub(crate) fn is_brief(&self, description: &Description) -> bool {
        let items: u128 = self.ranges(description.default_range()).iter().map(Source::item_count).sum();
        // If the user sets how the input is cut, there may be very many chunks. Zero items may mean that they are not
        // counted yet.
        self.cut == Cut::Default && (1..=description.brief_items).contains(&items)
    }
}

/// How one range is to be cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// Into chunks of the workload's default size.
    Default,
    /// Into so many chunks.
    Into(u64),
    /// Into chunks of so many items.
    Every(u64),
}

/// What is processed.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// One range or more.
    pub(crate) ranges: Vec<RangeInclusive<i64>>,
    /// The number of chunks.
    pub(crate) chunks: u64,
    pub(crate) cutting: Cutting,
    /// Whether the items are lines of a file, numbered from 1.
    pub(crate) are_lines: bool,
}

/// How the ranges become chunks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cutting {
    /// The one range into so many chunks.
    Into(u64),
    /// The one range into chunks of so many items.
    Every(u128),
    /// Each of several ranges is one chunk, exactly as given.
    AsGiven,
}

impl Plan {
    /// The plan for `input` of the workload with this `description`, which has `all` items if no range is given.
    ///
    /// # Errors
    ///
    /// Why the ranges cannot be cut like that, and how they can.
    pub(crate) fn new(input: &Input, all: RangeInclusive<i64>, description: &Description) -> Result<Self, String> {
        let ranges = input.ranges(all);
        match (ranges.as_slice(), input.cut) {
            ([one], cut) => {
                let (cutting, chunks) = cut_one(one, cut, description)?;
                Ok(Self { ranges, chunks, cutting, are_lines: false })
            }
            (_, Cut::Default) => {
                Ok(Self { chunks: ranges.len() as u64, ranges, cutting: Cutting::AsGiven, are_lines: false })
            }
            _ => Err("--chunks and --chunk-size cut one RANGE; several RANGEs are one chunk each, exactly as given"
                .to_string()),
        }
    }

    /// The plan for so many lines of a file.
    #[cfg(target_os = "linux")]
    pub(crate) fn of_lines(lines: u64, per_chunk: u64) -> Self {
        let lines = i64::try_from(lines).unwrap_or(i64::MAX);
        let (all, cutting) = (1..=lines, Cutting::Every(per_chunk.into()));
        Self { ranges: vec![all], chunks: lines.unsigned_abs().div_ceil(per_chunk), cutting, are_lines: true }
    }

    /// The number of items in all ranges.
    pub(crate) fn item_count(&self) -> u128 {
        self.ranges.iter().map(Source::item_count).sum()
    }

    /// The integers of chunk number `chunk`, which must be below [`chunks`](Self::chunks).
    pub(crate) fn chunk(&self, chunk: u64) -> RangeInclusive<i64> {
        let one = &self.ranges[0];
        let (first, len) = match self.cutting {
            Cutting::AsGiven => return self.ranges[chunk as usize].clone(),
            Cutting::Every(size) => {
                let first = u128::from(chunk) * size;
                (first, size.min(one.item_count() - first))
            }
            Cutting::Into(_) => {
                let (chunk, chunks, items) = (u128::from(chunk), u128::from(self.chunks), one.item_count());
                // The first chunks are one longer.
                let (size, longer) = (items / chunks, items % chunks);
                (chunk * size + chunk.min(longer), size + u128::from(chunk < longer))
            }
        };
        let integer = |offset: u128| (i128::from(*one.start()) + offset as i128) as i64;
        integer(first)..=integer(first + len - 1)
    }

    /// What chunk number `chunk` covers, as text.
    pub(crate) fn describe(&self, chunk: u64) -> String {
        match self.chunk(chunk) {
            lines if self.are_lines && lines.start() == lines.end() => format!("line {}", lines.start()),
            lines if self.are_lines => format!("lines {lines:?}"),
            range => format!("{range:?}"),
        }
    }

    /// Refuses negative numbers, for items that are numbered from 0.
    ///
    /// # Errors
    ///
    /// A range begins below 0.
    pub(crate) fn refuse_negative(&self, description: &Description) -> Result<(), String> {
        match self.ranges.iter().find(|range| !range.is_empty() && *range.start() < 0) {
            Some(range) => Err(format!(
                "{range:?} begins below 0, but the items of --workload {} are numbered from 0, for example 0..100",
                description.name
            )),
            None => Ok(()),
        }
    }

    /// The number of items of each chunk, if they differ by more than one.
    pub(crate) fn weights(&self) -> Option<Vec<u64>> {
        match self.cutting {
            Cutting::Into(_) | Cutting::Every(_) => None,
            Cutting::AsGiven => {
                Some(self.ranges.iter().map(|range| u64::try_from(range.item_count()).unwrap_or(u64::MAX)).collect())
            }
        }
    }
}

/// How `range` is cut, and the number of chunks.
fn cut_one(range: &RangeInclusive<i64>, cut: Cut, description: &Description) -> Result<(Cutting, u64), String> {
    let (items, most) = (range.item_count(), u128::from(MOST_CHUNKS));
    let cutting = match cut {
        Cut::Default => Cutting::Every(u128::from(description.chunk_size).max(items.div_ceil(MOST_DEFAULT_CHUNKS))),
        Cut::Into(n) => Cutting::Into(n),
        Cut::Every(size) => Cutting::Every(size.into()),
    };
    let chunks = match cutting {
        Cutting::Into(n) => range.clone().split_into(n).chunk_count(),
        Cutting::Every(size) => range.clone().chunks_of(size).chunk_count(),
        Cutting::AsGiven => 1,
    };
    if let (Cutting::Every(size), true) = (cutting, chunks > most) {
        let least = items.div_ceil(most);
        return Err(format!(
            "--chunk-size {size} would make {chunks} chunks of {items} {}, but at most {MOST_CHUNKS} are possible; \
             use --chunk-size {least} or larger",
            description.items,
        ));
    }
    Ok((by_size(cutting, items, chunks), u64::try_from(chunks).expect("--chunks is at most 2^24")))
}

/// The same cut by the size of a chunk, if that is possible: a journal knows a cut by what it is given, and would take the
/// same chunks for others if they could be asked for in two ways.
fn by_size(cutting: Cutting, items: u128, chunks: u128) -> Cutting {
    let size = items.div_ceil(chunks.max(1)).max(1);
    // All chunks have this size, but for the last one, which may be one shorter.
    let is_same = match cutting {
        Cutting::Into(_) => items + 1 >= chunks * size,
        Cutting::Every(_) => chunks <= 1,
        Cutting::AsGiven => false,
    };
    if is_same { Cutting::Every(size) } else { cutting }
}

#[cfg(test)]
mod tests {
    use std::ops::RangeInclusive;

    use clap::ValueEnum;

    use threefold::Source;

    use super::{Cut, Cutting, Input, Plan};
    use crate::workloads::Workload;

    fn plan(ranges: Vec<RangeInclusive<i64>>, cut: Cut) -> Result<Plan, String> {
        Plan::new(&Input { ranges, cut, folder: None, except: None }, 1..=1_000_000, Workload::Sum.description())
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
        insta::assert_snapshot!(plan(vec![all], Cut::Every((1 << 40) - 1)).unwrap_err());
    }

    #[test]
    fn only_a_short_sum_that_is_cut_by_default_is_brief() {
        let is_brief = |ranges: Vec<RangeInclusive<i64>>, cut, workload: Workload| {
            Input { ranges, cut, folder: None, except: None }.is_brief(workload.description())
        };
        for &workload in Workload::value_variants() {
            // The default of `files` is every file of the folder, however many there are.
            assert_eq!(is_brief(vec![], Cut::Default, workload), workload == Workload::Sum, "{workload:?}");
        }
        assert!(is_brief(vec![1..=3, 1..=9_999_997], Cut::Default, Workload::Sum));
        assert!(!is_brief(vec![1..=3, 1..=9_999_998], Cut::Default, Workload::Sum));
        assert!(!is_brief(vec![1..=3], Cut::Every(1), Workload::Sum));
    }

    #[test]
    fn the_chunks_of_a_plan_are_those_of_the_source() {
        #[expect(clippy::reversed_empty_ranges, reason = "a case under test")]
        let ranges = [1..=10, -5..=5, 7..=7, i64::MIN..=i64::MAX, 1..=0];
        for range in ranges {
            for cut in [Cut::Default, Cut::Into(1), Cut::Into(3), Cut::Into(4096), Cut::Every(1 << 60)] {
                let plan = one(range.clone(), cut);
                let chunks: Vec<_> = (0..plan.chunks).map(|chunk| plan.chunk(chunk)).collect();
                let source: Vec<_> = match plan.cutting {
                    Cutting::Into(n) => range.clone().split_into(n).all_chunks().collect(),
                    Cutting::Every(size) => range.clone().chunks_of(size).all_chunks().collect(),
                    Cutting::AsGiven => unreachable!("it is one range"),
                };
                assert_eq!(chunks, source, "{range:?} {cut:?}");
            }
        }
        assert_eq!(one(1..=10, Cut::Every(4)).describe(2), "9..=10");
    }

    #[test]
    fn the_same_chunks_are_the_same_cut_however_they_are_asked_for() {
        for (items, n, size) in
            [(1_000_000, 4, 250_000), (10, 1, 99), (10, 3, 4), (11, 3, 4), (12, 3, 4), (0, 3, 7), (5, 9, 1)]
        {
            let [into, every] = [Cut::Into(n), Cut::Every(size)].map(|cut| one(1..=items, cut));
            let chunks = |plan: &Plan| (0..plan.chunks).map(|chunk| plan.chunk(chunk)).collect::<Vec<_>>();
            assert_eq!(chunks(&into) == chunks(&every), into.cutting == every.cutting, "{items} {n} {size}");
        }
    }

    #[test]
    fn several_ranges_are_one_chunk_each() {
        #[expect(clippy::reversed_empty_ranges, reason = "the case under test")]
        let several = plan(vec![0..=5, 5..=9, 3..=2], Cut::Default).unwrap();
        assert_eq!((several.chunks, several.weights()), (3, Some(vec![6, 5, 0])));
        assert!(plan(vec![0..=5, 5..=9], Cut::Into(2)).is_err());
    }
}
