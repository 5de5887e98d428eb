//! `Index`: where the output of each recorded chunk is in the file, in eight bytes for each chunk.

use std::ops::Range;

/// The recorded chunks of a fold, and the offsets of their frames.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Index {
    /// The recorded chunks: ascending, disjoint, and not adjacent.
    ranges: Vec<Range<u64>>,
    /// How many chunks are in the ranges before each range.
    before: Vec<usize>,
    /// The offset of each chunk's frame, in the order of the chunks.
    offsets: Vec<u64>,
}

impl Index {
    /// The index of these chunks and offsets, in any order; or the offset of the second record of a chunk, if a chunk is
    /// there twice.
    pub(super) fn of(mut records: Vec<(u64, u64)>) -> Result<Self, u64> {
        // Nearly sorted, since chunks are claimed in ascending order: that is quick.
        records.sort();
        let twice = records.windows(2).find(|pair| pair[0].0 == pair[1].0);
        if let Some(pair) = twice {
            return Err(pair[1].1);
        }
        let mut index = Self { offsets: Vec::with_capacity(records.len()), ..Self::default() };
        for (chunk, offset) in records {
            match index.ranges.last_mut() {
                Some(last) if last.end == chunk => last.end += 1,
                _ => {
                    index.ranges.push(chunk..chunk + 1);
                    index.before.push(index.offsets.len());
                }
            }
            index.offsets.push(offset);
        }
        Ok(index)
    }

    pub(super) fn ranges(&self) -> &[Range<u64>] {
        &self.ranges
    }

    pub(super) fn len(&self) -> u64 {
        self.offsets.len() as u64
    }

    /// The chunks and their offsets, of which the index was made.
    pub(super) fn records(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        self.ranges.iter().cloned().flatten().zip(self.offsets.iter().copied())
    }

    /// Where the frame of `chunk` begins, if it is recorded.
    pub(super) fn offset(&self, chunk: u64) -> Option<u64> {
        let after = self.ranges.partition_point(|range| range.start <= chunk);
        let number = after.checked_sub(1)?;
        let range = &self.ranges[number];
        range.contains(&chunk).then(|| self.offsets[self.before[number] + (chunk - range.start) as usize])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_recorded_chunk_has_its_offset_and_no_other_has_one() {
        let records = vec![(7, 70), (0, 5), (2, 20), (1, 10), (6, 60), (9, 90)];
        let index = Index::of(records.clone()).unwrap();
        assert_eq!(index.ranges(), [0..3, 6..8, 9..10]);
        assert_eq!(index.len(), 6);
        assert_eq!(Index::of(index.records().collect()), Ok(index.clone()));
        for chunk in 0..12 {
            let expected = records.iter().find(|(recorded, _)| *recorded == chunk).map(|(_, offset)| *offset);
            assert_eq!(index.offset(chunk), expected, "chunk {chunk}");
        }
        assert_eq!(Index::default().offset(0), None);
    }

    #[test]
    fn a_chunk_that_is_there_twice_is_found() {
        assert_eq!(Index::of(vec![(3, 50), (2, 10), (3, 30)]), Err(50));
    }
}
