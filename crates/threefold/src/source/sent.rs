//! A source in a worker process: restored from the few bytes that its parent has sent, once per fold.
//!
//! Three kinds of sources are sent in this way, since they take a few bytes whatever their length: ranges of integers,
//! [`Shared`](crate::Shared) arrays, whose items the worker has already, and lines of such an array or of a file
//! ([`lines`]). The worker knows the type of its task's chunks. A chunk of a range is a range of the same type, and a
//! chunk of an array of `T` is a `Slice<T>`. So the type of the source need not be sent.
//!
//! The bytes of a range are the bits of both ends, each in 16 bytes whatever the integer type. Those of an array are the
//! number of its memory, the length of the memory in bytes, and the first item and the end of what is folded, each in 8
//! bytes. Then follows the way in which the source is cut: one byte for the kind and 16 bytes for the number. The
//! worker computes the grid from them. The grid is a function of the source alone, so the worker cuts exactly the same
//! chunks as the parent.

use std::any::{Any, TypeId};
use std::ops::{Range, RangeInclusive};

use bytemuck::Pod;

use super::cut::{Cut, Windows};
use super::{Integer, LineChunk, Pieces, Slice, Whole, lines};

/// Restores the source from its bytes. Its chunks have type `C`. `None` if no source has such chunks or these bytes.
pub(crate) fn restore<C: 'static>(bytes: &[u8]) -> Option<Box<dyn Pieces<Chunk = C>>> {
    macro_rules! any_of {
        ($($int:ident)+) => {
            None$(
                .or_else(|| restore_as::<Range<$int>, C>(bytes)).or_else(|| restore_as::<RangeInclusive<$int>, C>(bytes))
            )+
        };
    }
    any_of!(i8 u8 i16 u16 i32 u32 i64 u64 i128 u128 isize usize).or_else(|| restore_lines(bytes))
}

/// Restores the source if it can only be lines.
fn restore_lines<C: 'static>(bytes: &[u8]) -> Option<Box<dyn Pieces<Chunk = C>>> {
    if TypeId::of::<LineChunk>() != TypeId::of::<C>() {
        return None;
    }
    let pieces: Box<dyn Pieces<Chunk = LineChunk>> = Box::new(lines::restore(bytes)?);
    same(pieces)
}

/// The same source, if the two types are the same. The compiler cannot see that without this cast.
fn same<A: 'static, B: 'static>(pieces: Box<dyn Pieces<Chunk = A>>) -> Option<Box<dyn Pieces<Chunk = B>>> {
    (Box::new(pieces) as Box<dyn Any>).downcast().ok().map(|pieces| *pieces)
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
    same(pieces)
}

/// Restores an array of plain data from its bytes. `None` if they are of no such array.
pub(crate) fn restore_array<T: Pod + Send + Sync>(bytes: &[u8]) -> Option<Box<dyn Pieces<Chunk = Slice<T>>>> {
    let (slice, cut) = bytes.split_last_chunk::<{ Cut::BYTES }>()?;
    Some(Box::new(Windows::new(Slice::restore(slice)?, Cut::read(cut)?)))
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
    use crate::shared::{Shared, known};
    use crate::source::{Ours, Source};

    /// Sends a source, and compares its chunks with those of the original.
    fn check<S: Source<Chunk: Debug + PartialEq>>(source: S) {
        let pieces = source.into_pieces();
        let restored = restore::<S::Chunk>(&pieces.as_bytes(Ours::new()).unwrap()).unwrap();
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

    /// The array with these bytes, as a worker restores it.
    fn received<T: Pod + Send + Sync>(bytes: &[u8]) -> Option<Box<dyn Pieces<Chunk = Slice<T>>>> {
        known::gathering(|| restore_array(bytes)).0
    }

    /// The bytes of an array, and what keeps its memory known.
    fn bytes_of(source: impl Source<Chunk = Slice<u16>>) -> Vec<u8> {
        known::gathering(|| source.into_pieces().as_bytes(Ours::new())).0.unwrap()
    }

    #[test]
    fn a_worker_cuts_the_same_chunks_from_the_memory_of_an_array() {
        let array = Shared::filled_by(100, |items| (0..).zip(items).for_each(|(i, item)| *item = i)).unwrap();
        let restored = received::<u16>(&bytes_of((&array).chunks_of(30))).unwrap();
        assert_eq!(restored.count(), Ok(4));
        assert_eq!(restored.piece(3)[..], array[90..]);
        assert!(std::ptr::eq(&raw const restored.piece(3)[0], &raw const array[90]));
        let part = (&array).chunks_of(30).all_chunks().nth(1).unwrap();
        let restored = received::<u16>(&bytes_of(part.split_into(2))).unwrap();
        assert_eq!(restored.piece(1)[..], array[45..60]);
    }

    #[test]
    fn bytes_of_an_array_that_is_not_there_or_not_like_this_are_refused() {
        let array = Shared::copy_of(&[1u16, 2, 3]).unwrap();
        let bytes = bytes_of(&array);
        assert!(received::<u16>(&bytes).is_some());
        assert!(received::<u32>(&bytes).is_none(), "6 bytes are no `u32`s");
        // Another number, length, start and end: none is believed.
        for (word, value) in [(0, u64::MAX), (1, 5), (1, 8), (2, 4), (3, 4), (3, 0), (2, u64::MAX), (3, u64::MAX)] {
            let mut other = bytes.clone();
            other[word * 8..][..8].copy_from_slice(&value.to_le_bytes());
            let is_refused = received::<u16>(&other).is_none_or(|pieces| pieces.count() == Ok(0));
            assert!(is_refused, "{word} {value}");
        }
        for length in 0..bytes.len() {
            assert!(received::<u16>(&bytes[..length]).is_none());
        }
        drop(array);
        assert!(received::<u16>(&bytes).is_none());
    }

    #[test]
    fn other_sources_are_sent_chunk_by_chunk() {
        let array = Shared::copy_of(&[1, 2]).unwrap();
        assert!(array.into_pieces().as_bytes(Ours::new()).is_none(), "nobody sends its memory along");
        assert!(vec![1, 2].into_pieces().as_bytes(Ours::new()).is_none());
        assert!(crate::source::Items(vec![1..2, 5..9]).into_pieces().as_bytes(Ours::new()).is_none());
    }

    #[test]
    fn bytes_that_are_no_source_of_such_chunks_are_refused() {
        let bytes = (0..9u64).into_pieces().as_bytes(Ours::new()).unwrap();
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
