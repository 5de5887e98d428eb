//! `Grid`: where a source of so many items is cut into numbered chunks.
//!
//! The grid is a function of the source alone. Neither the model nor the number of workers enters it, which is why
//! a fold over floats gives the same bits everywhere: changing a rule here changes results.

use std::ops::Range;

/// The number of chunks that a source is cut into when nothing else is said (fewer when it has fewer items).
pub(super) const DEFAULT_CHUNKS: u128 = 1024;

/// How `items` items are cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Grid {
    items: u128,
    cut: Cut,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cut {
    /// So many chunks; the first `items % n` of them hold one item more.
    Into(u128),
    /// So many items a chunk; the last one holds what is left.
    Every(u128),
}

impl Grid {
    /// min(n, items) chunks whose sizes differ by one at most, the longer ones first. `n` is at least 1.
    pub(super) fn into_chunks(items: u128, n: u128) -> Self {
        assert!(n > 0, "a source is cut into at least one chunk");
        Self { items, cut: Cut::Into(n.min(items)) }
    }

    /// Chunks of `size` items, the last one perhaps shorter. `size` is at least 1.
    pub(super) fn of_size(items: u128, size: u128) -> Self {
        assert!(size > 0, "a chunk holds at least one item");
        Self { items, cut: Cut::Every(size) }
    }

    /// The number of chunks.
    pub(super) fn chunks(&self) -> u128 {
        match self.cut {
            Cut::Into(n) => n,
            Cut::Every(size) => self.items.div_ceil(size),
        }
    }

    /// The items of chunk `index`, which is below [`chunks`](Self::chunks).
    pub(super) fn bounds(&self, index: u128) -> Range<u128> {
        debug_assert!(index < self.chunks());
        match self.cut {
            Cut::Into(n) => {
                // Lengths that fit in 64 bits are divided there: a 128-bit division is a function call.
                let (size, longer) = match (u64::try_from(self.items), u64::try_from(n)) {
                    (Ok(items), Ok(n)) => (u128::from(items / n), u128::from(items % n)),
                    _ => (self.items / n, self.items % n),
                };
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
