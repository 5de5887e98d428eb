//! `Job`: one chunk of a work that starts programs.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use super::bytes::Bytes;

/// One chunk: its number, and its items.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Job {
    /// Counted from 0.
    pub(super) chunk: u64,
    pub(super) items: Few,
}

/// The items of a chunk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Few {
    /// All integers from the first to the second.
    Integers(i64, i64),
    /// Lines, each with its separator at its end. They are numbered from `first`, which is at least 1.
    Lines { first: u64, bytes: Bytes, separator: u8 },
    /// There was an error instead of lines.
    Unreadable(String),
}

impl Job {
    pub(super) fn of_range(chunk: u64, range: &RangeInclusive<i64>) -> Self {
        Self { chunk, items: Few::Integers(*range.start(), *range.end()) }
    }

    /// The first and the last integer, or the numbers of the first and the last line.
    pub(super) fn bounds(&self) -> (i128, i128) {
        match self.items {
            Few::Integers(start, end) => (start.into(), end.into()),
            Few::Lines { first, .. } => (first.into(), i128::from(first) + i128::from(self.item_count()) - 1),
            Few::Unreadable(_) => (0, -1),
        }
    }

    /// The lines without their separators; none in a range.
    pub(super) fn lines(&self) -> impl Iterator<Item = &[u8]> {
        let (bytes, separator) = match &self.items {
            Few::Lines { bytes, separator, .. } => (bytes.0.as_slice(), *separator),
            Few::Integers(..) | Few::Unreadable(_) => (&[][..], 0),
        };
        bytes
            .split_inclusive(move |&byte| byte == separator)
            .map(move |line| line.strip_suffix(&[separator]).unwrap_or(line))
    }

    /// Why its lines could not be read, if they could not.
    pub(super) fn unreadable(&self) -> Option<&str> {
        match &self.items {
            Few::Unreadable(reason) => Some(reason),
            Few::Integers(..) | Few::Lines { .. } => None,
        }
    }

    pub(super) fn item_count(&self) -> u64 {
        match self.items {
            Few::Integers(start, end) if end < start => 0,
            Few::Integers(start, end) => end.abs_diff(start).saturating_add(1),
            Few::Lines { .. } => self.lines().count() as u64,
            Few::Unreadable(_) => 0,
        }
    }

    /// The two halves, if there are several items.
    pub(super) fn halves(&self) -> Option<[Self; 2]> {
        let chunk = self.chunk;
        let halves = match &self.items {
            Few::Integers(start, end) if start < end => {
                let middle = start.midpoint(*end);
                // `midpoint` rounds towards 0, so it may be the end of a range below 0.
                let middle = if middle == *end { middle - 1 } else { middle };
                [Few::Integers(*start, middle), Few::Integers(middle + 1, *end)]
            }
            Few::Lines { first, bytes, separator } if self.item_count() > 1 => {
                let count = self.item_count() / 2;
                let at: usize = self.lines().take(count as usize).map(|line| line.len() + 1).sum();
                let (one, other) = bytes.0.split_at(at);
                let half =
                    |first, bytes: &[u8]| Few::Lines { first, bytes: Bytes(bytes.to_vec()), separator: *separator };
                [half(*first, one), half(first + count, other)]
            }
            _ => return None,
        };
        Some(halves.map(|items| Self { chunk, items }))
    }

    /// What it covers, as text: `7..=9`, `line 7`, `lines 7..=9`.
    pub(super) fn describe(&self) -> String {
        match (&self.items, self.bounds()) {
            (Few::Lines { .. }, (first, last)) if first == last => format!("line {first}"),
            (Few::Lines { .. }, (first, last)) => format!("lines {first}..={last}"),
            (_, (start, end)) => format!("{start}..={end}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Bytes, Few, Job};

    fn of_lines(first: u64, lines: &[Vec<u8>]) -> Job {
        let bytes = lines.iter().flat_map(|line| line.iter().copied().chain([0])).collect();
        Job { chunk: 3, items: Few::Lines { first, bytes: Bytes(bytes), separator: 0 } }
    }

    proptest! {
        #[test]
        fn the_halves_of_a_range_meet_and_neither_is_empty(start: i64, end: i64) {
            let job = Job::of_range(0, &(start..=end));
            match job.halves() {
                None => prop_assert!(start >= end),
                Some([one, other]) => {
                    prop_assert_eq!((one.bounds().0, other.bounds().1), (start.into(), end.into()));
                    prop_assert_eq!(one.bounds().1 + 1, other.bounds().0);
                    prop_assert!(one.item_count() > 0 && other.item_count() > 0);
                }
            }
        }

        #[test]
        fn the_halves_of_lines_are_the_lines(lines in prop::collection::vec(prop::collection::vec(1u8.., 0..5), 0..9)) {
            let job = of_lines(7, &lines);
            prop_assert_eq!(job.lines().collect::<Vec<_>>(), lines.iter().map(Vec::as_slice).collect::<Vec<_>>());
            prop_assert_eq!(job.item_count(), lines.len() as u64);
            if let Some([one, other]) = job.halves() {
                prop_assert_eq!(one.lines().chain(other.lines()).collect::<Vec<_>>(), job.lines().collect::<Vec<_>>());
                prop_assert_eq!(one.bounds().1 + 1, other.bounds().0);
            } else {
                prop_assert!(lines.len() < 2);
            }
        }
    }

    #[test]
    fn a_chunk_says_what_it_covers() {
        let jobs = [Job::of_range(0, &(-2..=7)), of_lines(4, &[vec![1]]), of_lines(4, &[vec![1], vec![]])];
        assert_eq!(jobs.map(|job| job.describe()), ["-2..=7", "line 4", "lines 4..=5"]);
    }
}
