//! A source in a worker process: restored from the few bytes that its parent has sent, once per fold.
//!
//! Only ranges of integers are sent in this way, since they take a few bytes whatever their length. The worker knows
//! the type of its task's chunks, and a chunk of a range is a range of the same type. So the type of the source need
//! not be sent: it is the one range type whose chunks have that type.
//!
//! The bytes are the bits of both ends, each in 16 bytes whatever the integer type, and then the way in which the range
//! is cut: one byte for the kind and 16 bytes for the number. The worker computes the grid from them. The grid is a
//! function of the source alone, so the worker cuts exactly the same chunks as the parent.

use std::any::{Any, TypeId};
use std::ops::{Range, RangeInclusive};

use super::cut::{Cut, Windows};
use super::{Integer, Pieces, Whole};

/// Restores the source from its bytes. Its chunks have type `C`. `None` if no source has such chunks or these bytes.
pub(crate) fn restore<C: 'static>(bytes: &[u8]) -> Option<Box<dyn Pieces<Chunk = C>>> {
    macro_rules! any_of {
        ($($int:ident)+) => {
            None$(
                .or_else(|| restore_as::<Range<$int>, C>(bytes)).or_else(|| restore_as::<RangeInclusive<$int>, C>(bytes))
            )+
        };
    }
    any_of!(i8 u8 i16 u16 i32 u32 i64 u64 i128 u128 isize usize)
}

/// Restores the source if it can only be an `R`.
fn restore_as<R: Sent, C: 'static>(bytes: &[u8]) -> Option<Box<dyn Pieces<Chunk = C>>> {
    if TypeId::of::<R::Chunk>() != TypeId::of::<C>() {
        return None;
    }
    let (ends, cut) = bytes.split_last_chunk::<{ Cut::BYTES }>()?;
    let (start, end) = ends.split_first_chunk()?;
    let whole = R::of_ends(u128::from_le_bytes(*start), u128::from_le_bytes(end.try_into().ok()?));
    let pieces: Box<dyn Pieces<Chunk = R::Chunk>> = Box::new(Windows::new(whole, Cut::read(cut)?));
    // The two types are the same. The compiler cannot see that without this cast.
    (Box::new(pieces) as Box<dyn Any>).downcast().ok().map(|pieces| *pieces)
}

/// A source that is sent once per fold, as a whole.
trait Sent: Whole {
    /// The range with these bits as its ends.
    fn of_ends(start: u128, end: u128) -> Self;
}

impl<T: Integer> Sent for Range<T> {
    fn of_ends(start: u128, end: u128) -> Self {
        T::of_bits(start)..T::of_bits(end)
    }
}

impl<T: Integer> Sent for RangeInclusive<T> {
    fn of_ends(start: u128, end: u128) -> Self {
        T::of_bits(start)..=T::of_bits(end)
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Debug;

    use super::*;
    use crate::source::{Slice, Source};

    /// Sends a source, and compares its chunks with those of the original.
    fn check<S: Source<Chunk: Debug + PartialEq>>(source: S) {
        let pieces = source.into_pieces();
        let restored = restore::<S::Chunk>(&pieces.as_bytes().unwrap()).unwrap();
        let count = pieces.count().unwrap();
        assert_eq!(restored.count(), Ok(count));
        for number in (0..count.min(10)).chain(count.saturating_sub(10)..count) {
            assert_eq!(restored.piece(number), pieces.piece(number));
        }
    }

    #[test]
    fn a_worker_cuts_the_same_chunks() {
        check(0..1_000_000u64);
        check((1..=1_000_000i64).split_into(7));
        check((i8::MIN..=i8::MAX).chunks_of(100));
        check((i64::MIN..=i64::MAX).split_into(u64::MAX));
        check((u128::MAX - 9..u128::MAX).chunks_of(4));
        check((-7..5isize).split_into(3));
    }

    #[test]
    fn other_sources_are_sent_chunk_by_chunk() {
        assert!(vec![1, 2].into_pieces().as_bytes().is_none());
        assert!(crate::source::Items(vec![1..2, 5..9]).into_pieces().as_bytes().is_none());
    }

    #[test]
    fn bytes_that_are_no_source_of_such_chunks_are_refused() {
        let bytes = (0..9u64).into_pieces().as_bytes().unwrap();
        assert!(restore::<Slice<u64>>(&bytes).is_none());
        for length in 0..bytes.len() {
            assert!(restore::<Range<u64>>(&bytes[..length]).is_none());
        }
        let mut longer = bytes.clone();
        longer.push(0);
        assert!(restore::<Range<u64>>(&longer).is_none());
        let mut cut = bytes;
        cut[32] = 3;
        assert!(restore::<Range<u64>>(&cut).is_none());
    }
}
