//! Parts of a source and multiples of it, for those who measure how the cost of a fold depends on its size.

use super::{Pieces, Source};

/// A source that was made from its pieces.
#[doc(hidden)]
pub struct Of<P>(pub P);

impl<P: Pieces> Source for Of<P> {
    type Chunk = P::Chunk;
    type Pieces = P;

    fn into_pieces(self) -> P {
        self.0
    }

    fn item_count(&self) -> u128 {
        self.chunk_count()
    }

    fn chunk_count(&self) -> u128 {
        self.0.count().map_or(0, u128::from)
    }
}

/// The chunks of a source several times over: what a larger workload of the same kind would have.
///
/// The type of the source is erased, so that a program has one more fold of each task and not of each source.
#[doc(hidden)]
pub struct Repeated<C> {
    pieces: Box<dyn Pieces<Chunk = C>>,
    chunks: u64,
    times: u64,
}

impl<C: Send + 'static> Repeated<C> {
    /// These pieces so many times. `None` if they cannot be folded, or if there are too many of them.
    #[doc(hidden)]
    pub fn new(pieces: impl Pieces<Chunk = C>, times: u64) -> Option<Self> {
        let chunks = pieces.count().ok()?;
        chunks.checked_mul(times).map(|_| Self { pieces: Box::new(pieces), chunks, times })
    }
}

impl<C: Send + 'static> Pieces for Repeated<C> {
    type Chunk = C;

    fn count(&self) -> Result<u64, String> {
        Ok(self.chunks * self.times)
    }

    fn may_fail(&self) -> bool {
        self.pieces.may_fail()
    }

    fn piece(&self, index: u64) -> C {
        self.pieces.piece(index % self.chunks)
    }

    fn try_piece(&self, index: u64) -> Result<C, String> {
        self.pieces.try_piece(index % self.chunks)
    }

    fn describe(&self, index: u64) -> String {
        self.pieces.describe(index % self.chunks)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Items, Lines};

    fn first<S: Source>(source: S, items: u128) -> Vec<S::Chunk> {
        Of(source.into_pieces().first(items).unwrap()).all_chunks().collect()
    }

    #[test]
    fn the_first_items_are_cut_as_the_whole_is() {
        assert_eq!(first((0..100).split_into(4), 8), [0..2, 2..4, 4..6, 6..8]);
        assert_eq!(first((0..100).chunks_of(3), 8), [0..3, 3..6, 6..8]);
        assert_eq!(first((1..=100i8).split_into(2), 5), [1..=3, 4..=5]);
        assert_eq!(first(Items(vec!["a", "b", "c"]), 2), ["a", "b"]);
        let slices = first(vec![1, 2, 3, 4, 5].split_into(2), 3);
        assert_eq!(slices.iter().map(|slice| slice.to_vec()).collect::<Vec<_>>(), [vec![1, 2], vec![3]]);
        let lines = first(Lines::over(b"a\nbc\nd\n".to_vec()).split_into(2), 5);
        assert_eq!(lines.iter().map(|lines| lines.lines().count()).collect::<Vec<_>>(), [2, 0]);
        assert_eq!(first(0..10, 99).len(), 10, "there are no more than all");
    }

    #[test]
    fn the_grain_is_the_size_of_equal_chunks() {
        assert_eq!((0..100).chunks_of(7).into_pieces().grain(), 7);
        assert_eq!((0..100).split_into(7).into_pieces().grain(), 1);
        assert_eq!(Items(vec![1, 2]).into_pieces().grain(), 1);
    }

    #[test]
    fn a_source_can_be_repeated() {
        let twice = Repeated::new((0..4).split_into(2).into_pieces(), 2).unwrap();
        assert_eq!(Of(twice).all_chunks().collect::<Vec<_>>(), [0..2, 2..4, 0..2, 2..4]);
        assert!(Repeated::new((0..4).into_pieces(), u64::MAX).is_none());
    }
}
