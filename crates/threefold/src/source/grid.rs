//! `Grid`: where a source of a given number of items is cut into numbered chunks.
//!
//! The grid is a function of the source alone. It depends neither on the model nor on the number of workers, which is
//! why a fold over floats gives the same bits everywhere. To change a rule here is to change results.

use std::ops::Range;

/// The number of chunks of a source for which no cut was asked. A source with fewer items has one chunk for each.
pub(super) const DEFAULT_CHUNKS: u128 = 1024;

/// The number of items, and how they are cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Grid {
    items: u128,
    cut: Cut,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cut {
    /// This many chunks of this size; the first `longer` of them hold one item more. The division is done once, not
    /// for each chunk.
    Into { chunks: u128, size: u128, longer: u128 },
    /// This many items in each chunk; the last one holds the rest.
    Every(u128),
}

impl Grid {
    /// Cuts into min(n, items) chunks whose sizes differ by at most one, the longer ones first. `n` must be at least 1.
    pub(super) fn into_chunks(items: u128, n: u128) -> Self {
        assert!(n > 0, "a source is cut into at least one chunk");
        let chunks = n.min(items);
        // Counts that fit in 64 bits are divided in 64 bits: a 128-bit division is a function call.
        let (size, longer) = match (u64::try_from(items), u64::try_from(chunks)) {
            (_, Ok(0)) => (0, 0),
            (Ok(items), Ok(chunks)) => (u128::from(items / chunks), u128::from(items % chunks)),
            _ => (items / chunks, items % chunks),
        };
        Self { items, cut: Cut::Into { chunks, size, longer } }
    }

    /// Cuts into chunks of `size` items; the last one holds the rest. `size` must be at least 1.
    pub(super) fn of_size(items: u128, size: u128) -> Self {
        assert!(size > 0, "a chunk holds at least one item");
        Self { items, cut: Cut::Every(size) }
    }

    /// The number of items.
    pub(super) fn items(&self) -> u128 {
        self.items
    }

    /// The number of chunks.
    pub(super) fn chunks(&self) -> u128 {
        match self.cut {
            Cut::Into { chunks, .. } => chunks,
            Cut::Every(size) => self.items.div_ceil(size),
        }
    }

    /// The items of chunk `index`, which must be below [`chunks`](Self::chunks).
    pub(super) fn bounds(&self, index: u128) -> Range<u128> {
        debug_assert!(index < self.chunks());
        match self.cut {
            Cut::Into { size, longer, .. } => {
                let start = index * size + index.min(longer);
                start..start + size + u128::from(index < longer)
            }
            Cut::Every(size) => {
                let start = index * size;
                start..start.saturating_add(size).min(self.items)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Grid;

    fn sizes(grid: Grid) -> Vec<u128> {
        (0..grid.chunks()).map(|i| grid.bounds(i)).map(|b| b.end - b.start).collect()
    }

    #[test]
    fn the_first_chunks_of_a_split_are_one_longer() {
        assert_eq!(sizes(Grid::into_chunks(10, 4)), [3, 3, 2, 2]);
        assert_eq!(sizes(Grid::into_chunks(3, 8)), [1, 1, 1]);
        assert_eq!(sizes(Grid::into_chunks(0, 8)), [0u128; 0]);
    }

    #[test]
    fn the_last_chunk_of_a_fixed_size_is_what_is_left() {
        assert_eq!(sizes(Grid::of_size(10, 4)), [4, 4, 2]);
        assert_eq!(sizes(Grid::of_size(8, 4)), [4, 4]);
        assert_eq!(sizes(Grid::of_size(0, 4)), [0u128; 0]);
        assert_eq!(sizes(Grid::of_size(5, u128::MAX)), [5]);
    }

    #[test]
    fn chunks_meet_end_to_end_at_the_largest_length() {
        for grid in [Grid::into_chunks(u128::MAX, 7), Grid::of_size(u128::MAX, u128::MAX / 3)] {
            let mut end = 0;
            for index in 0..grid.chunks() {
                let bounds = grid.bounds(index);
                assert_eq!(bounds.start, end);
                end = bounds.end;
            }
            assert_eq!(end, u128::MAX);
        }
    }
}
