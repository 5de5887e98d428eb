//! Ranges of integers as sources. There is one generic impl for each kind of range, so that the literals of
//! `1..=1_000_000` take the type that the task asks for.
//!
//! # Counting items
//!
//! The items of a range are counted in `u128`, which holds the length of every range but one. For example,
//! `-100i8..100` has 200 items, and 200 is no `i8`. The difference of the ends is taken in `i8`, where it wraps around
//! to -56. As a `u8` this is 200 again. The way back is the same: -100 and 200 make 100, computed modulo 256.
//!
//! The one exception is the range of all integers of 128 bits with both ends included. It has 2^128 items, and is
//! refused when it is cut.
//!
//! # Ends that are included
//!
//! `0..=255u8` has 256 items, and its last window ends at 255. One past this item is no `u8`, so a window is made from
//! its first and its last item. A window of `0..256` could not be written with `u8` at all. A range that was iterated
//! to its end is empty, although its ends may be equal.
//!
//! # As bytes
//!
//! A range is sent as the bits of its ends, each in 16 bytes, whatever its type. A negative number is extended with
//! ones, and reading it back keeps only the bits of its type. With the cut, a whole range takes 49 bytes (see
//! `source/sent.rs`).

use std::fmt::Display;
use std::ops::{Range, RangeInclusive};

use super::{Divisible, Source, Whole, Windows};

mod sealed {
    pub trait Sealed {}
}

/// The built-in integer types: `i8` to `i128`, `u8` to `u128`, `isize` and `usize`. It is implemented for these alone.
///
/// ```
/// use std::ops::Range;
/// use threefold::prelude::*;
/// use threefold::Integer;
///
/// fn first_half<T: Integer>(range: Range<T>) -> Option<Range<T>> {
///     range.split_into(2).all_chunks().next()
/// }
///
/// assert_eq!(first_half(0u8..200), Some(0..100));
/// assert_eq!(first_half(-4i64..4), Some(-4..0));
/// ```
pub trait Integer: sealed::Sealed + Copy + Ord + Display + Send + Sync + 'static {
    /// How far `end` is above `self`; 0 if it is not above.
    #[doc(hidden)]
    fn distance(self, end: Self) -> u128;

    /// The integer that is `offset` above `self`. The caller knows that the type holds it.
    #[doc(hidden)]
    fn above(self, offset: u128) -> Self;

    /// The bits of the integer, in the lowest bits of the result.
    #[doc(hidden)]
    fn bits(self) -> u128;

    /// The integer with these bits.
    #[doc(hidden)]
    fn of_bits(bits: u128) -> Self;
}

macro_rules! integer {
    ($($signed:ident $unsigned:ident),+) => {$(
        integer!(@one $signed $unsigned);
        integer!(@one $unsigned $unsigned);
    )+};
    (@one $int:ident $unsigned:ident) => {
        impl sealed::Sealed for $int {}

        impl Integer for $int {
            fn distance(self, end: Self) -> u128 {
                // Arithmetic modulo 2^n is exact here: the true distance always fits in the unsigned type.
                if end > self { end.wrapping_sub(self) as $unsigned as u128 } else { 0 }
            }

            fn above(self, offset: u128) -> Self {
                // Exact for the same reason: the true result fits in the type, so its low bits are the result.
                self.wrapping_add(offset as Self)
            }

            fn bits(self) -> u128 {
                self as u128
            }

            fn of_bits(bits: u128) -> Self {
                bits as Self
            }
        }
    };
}

integer!(i8 u8, i16 u16, i32 u32, i64 u64, i128 u128, isize usize);

#[diagnostic::do_not_recommend]
impl<T: Integer> Source for Range<T> {
    type Chunk = Range<T>;
    type Pieces = Windows<Range<T>>;

    fn into_pieces(self) -> Self::Pieces {
        Windows::by_default(self)
    }

    fn item_count(&self) -> u128 {
        self.start.distance(self.end)
    }
}

#[diagnostic::do_not_recommend]
impl<T: Integer> Divisible for Range<T> {
    type Whole = Self;

    fn into_whole(self) -> Self {
        self
    }
}

impl<T: Integer> Whole for Range<T> {
    type Chunk = Range<T>;

    fn items(&self) -> Option<u128> {
        Some(self.start.distance(self.end))
    }

    fn window(&self, items: Range<u128>) -> Range<T> {
        self.start.above(items.start)..self.start.above(items.end)
    }

    fn describe(&self, items: Range<u128>) -> String {
        let Range { start, end } = self.window(items);
        format!("{start}..{end}")
    }

    fn first(&self, items: u128) -> Self {
        self.start..self.start.above(items)
    }

    fn as_bytes(&self) -> Option<Vec<u8>> {
        Some([self.start, self.end].map(|end| end.bits().to_le_bytes()).concat())
    }
}

#[diagnostic::do_not_recommend]
impl<T: Integer> Source for RangeInclusive<T> {
    type Chunk = RangeInclusive<T>;
    type Pieces = Windows<RangeInclusive<T>>;

    fn into_pieces(self) -> Self::Pieces {
        Windows::by_default(self)
    }

    fn item_count(&self) -> u128 {
        self.items().unwrap_or(u128::MAX)
    }
}

#[diagnostic::do_not_recommend]
impl<T: Integer> Divisible for RangeInclusive<T> {
    type Whole = Self;

    fn into_whole(self) -> Self {
        self
    }
}

impl<T: Integer> Whole for RangeInclusive<T> {
    type Chunk = RangeInclusive<T>;

    fn items(&self) -> Option<u128> {
        // `a..=a` that was iterated to its end is empty, although its ends do not show it; `is_empty` does.
        if self.is_empty() { Some(0) } else { self.start().distance(*self.end()).checked_add(1) }
    }

    fn window(&self, items: Range<u128>) -> RangeInclusive<T> {
        // A window is never empty. Its last item is computed itself, not one past it, so that it can be the type's
        // largest value.
        self.start().above(items.start)..=self.start().above(items.end - 1)
    }

    fn describe(&self, items: Range<u128>) -> String {
        let (start, end) = self.window(items).into_inner();
        format!("{start}..={end}")
    }

    fn first(&self, items: u128) -> Self {
        self.window(0..items)
    }

    fn as_bytes(&self) -> Option<Vec<u8>> {
        // A range that was iterated to its end has no chunks, so it is never sent.
        Some([*self.start(), *self.end()].map(|end| end.bits().to_le_bytes()).concat())
    }
}

#[cfg(test)]
mod tests {
    use crate::source::Source;

    #[test]
    fn ends_at_the_limits_of_the_type_are_cut_exactly() {
        assert_eq!(
            (i8::MIN..=i8::MAX).chunks_of(100).all_chunks().collect::<Vec<_>>(),
            [-128..=-29, -28..=71, 72..=127]
        );
        assert_eq!((u8::MIN..u8::MAX).split_into(2).all_chunks().collect::<Vec<_>>(), [0..128, 128..255]);
        let halves: Vec<_> = (i64::MIN..=i64::MAX).split_into(2).all_chunks().collect();
        assert_eq!(halves, [i64::MIN..=-1, 0..=i64::MAX]);
    }

    #[test]
    fn lengths_count_past_64_bits() {
        assert_eq!((i64::MIN..=i64::MAX).item_count(), 1 << 64);
        assert_eq!((i128::MIN..i128::MAX).item_count(), u128::MAX);
        assert_eq!((1u128..=u128::MAX).split_into(2).all_chunks().count(), 2);
    }

    #[test]
    #[should_panic(expected = "2^128 items")]
    fn the_one_range_that_cannot_be_counted_is_refused() {
        let _ = (i128::MIN..=i128::MAX).split_into(2).all_chunks().count();
    }

    #[test]
    fn reversed_empty_and_exhausted_ranges_have_no_chunks() {
        #[expect(clippy::reversed_empty_ranges, reason = "the case under test")]
        let reversed = 5..=-5i64;
        assert_eq!(reversed.split_into(4).all_chunks().count(), 0);
        assert_eq!((3..3u8).chunks_of(4).all_chunks().count(), 0);
        let mut exhausted = 3..=3u8;
        exhausted.next();
        assert_eq!(exhausted.all_chunks().count(), 0);
    }
}
