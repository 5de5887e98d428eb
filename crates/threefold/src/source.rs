//! `Source`: input that is cut by index into numbered chunks.
//!
//! A source knows its length and can make any of its chunks from that chunk's number alone, so that workers need
//! nothing but numbers. Iterators and closures are left out on purpose: they cannot be cut, nor sent.

use std::ops::Range;

mod arrays;
mod cut;
mod grid;
mod integers;
mod items;
mod slice;

pub use cut::Chunked;
pub use integers::Integer;
pub use items::Items;
pub use slice::Slice;

use cut::{Cut, Windows};
use grid::DEFAULT_CHUNKS;

/// Input that can be cut into chunks: what the first argument of every fold is.
///
/// | source | a chunk is | cut by default into |
/// |---|---|---|
/// | `a..b`, `a..=b` over any integer type | a range of the same kind | min(length, 1024) chunks |
/// | `Vec<T>`, `Arc<[T]>`, `&Arc<[T]>`, `[T; N]`, [`Slice<T>`] | [`Slice<T>`], which derefs to `[T]` | min(length, 1024) chunks |
/// | [`Items`]`(Vec<C>)` | one `C`, just as given | one chunk for each element |
/// | [`Chunked`] | that of the source within | as was asked for with [`split_into`](Source::split_into) or [`chunks_of`](Source::chunks_of) |
///
/// The cut depends on the source only, never on the model or the number of workers.
///
/// ```
/// use threefold::prelude::*;
///
/// let chunks: Vec<_> = (1..=10).split_into(4).all_chunks().collect();
/// assert_eq!(chunks, [1..=3, 4..=6, 7..=8, 9..=10]);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be cut into chunks",
    label = "not a source",
    note = "a source is a range of integers (not of floats), an array, a `Vec<T>` or `Arc<[T]>`, or `Items(vec)` with one chunk for each element",
    note = "a source owns its items, and they are `Send` and `Sync`: for a borrowed slice write `slice.to_vec()`"
)]
pub trait Source: Sized {
    /// What a task is given: one piece of the input.
    type Chunk: Send + 'static;

    /// The source in the form that workers share.
    #[doc(hidden)]
    type Pieces: Pieces<Chunk = Self::Chunk>;

    /// Gives up the source for its shared form.
    #[doc(hidden)]
    fn into_pieces(self) -> Self::Pieces;

    /// The number of items, up to 2^128 - 1. (Of all sources only the full range of a 128-bit integer has more. Its
    /// count stops there, and a fold over it is refused.)
    ///
    /// ```
    /// use threefold::prelude::*;
    /// assert_eq!((i64::MIN..=i64::MAX).item_count(), 1 << 64);
    /// ```
    fn item_count(&self) -> u128;

    /// The number of chunks that a fold over this source has. It is 0 for an empty source, and for one whose cut is
    /// impossible (into 0 chunks, or into chunks of 0 items), over which a fold is refused.
    ///
    /// ```
    /// use threefold::prelude::*;
    /// assert_eq!((0..1_000_000).chunk_count(), 1024);
    /// assert_eq!((0..10).chunks_of(4).chunk_count(), 3);
    /// ```
    fn chunk_count(&self) -> u128 {
        self.item_count().min(DEFAULT_CHUNKS)
    }

    /// Cuts into min(`n`, length) chunks whose sizes differ by one at most: the first `length % n` are one longer.
    ///
    /// `n` is any integer; zero and negative numbers are an error of the fold.
    ///
    /// ```
    /// use threefold::prelude::*;
    /// let chunks: Vec<_> = vec!["a", "b", "c"].split_into(2).all_chunks().map(|s| s.to_vec()).collect();
    /// assert_eq!(chunks, [vec!["a", "b"], vec!["c"]]);
    /// ```
    fn split_into(self, n: impl TryInto<u128>) -> Chunked<Self>
    where
        Self: Divisible,
    {
        Chunked::new(self, Cut::Into(n.try_into().unwrap_or(0)))
    }

    /// Cuts into chunks of `size` items; the last one holds what is left.
    ///
    /// `size` is any integer; zero and negative numbers are an error of the fold.
    ///
    /// ```
    /// use threefold::prelude::*;
    /// let chunks: Vec<_> = (0..10).chunks_of(4).all_chunks().collect();
    /// assert_eq!(chunks, [0..4, 4..8, 8..10]);
    /// ```
    fn chunks_of(self, size: impl TryInto<u128>) -> Chunked<Self>
    where
        Self: Divisible,
    {
        Chunked::new(self, Cut::Every(size.try_into().unwrap_or(0)))
    }

    /// The chunks, in order: what a sequential fold walks over.
    ///
    /// ```
    /// use threefold::prelude::*;
    /// assert_eq!((0..4).split_into(2).all_chunks().collect::<Vec<_>>(), [0..2, 2..4]);
    /// ```
    ///
    /// # Panics
    ///
    /// When the source was asked to be cut into no chunks, or into chunks of no items.
    fn all_chunks(self) -> impl Iterator<Item = Self::Chunk> {
        let pieces = self.into_pieces();
        let count = match pieces.count() {
            Ok(count) => count,
            Err(reason) => panic!("{reason}"),
        };
        (0..count).map(move |index| pieces.piece(index))
    }
}

/// A source in the form that workers share: chunks by number.
#[doc(hidden)]
pub trait Pieces: Send + Sync + 'static {
    type Chunk: Send + 'static;

    /// How many chunks there are, or why this source cannot be folded.
    fn count(&self) -> Result<u64, String>;

    /// Makes chunk `index`, which is below the count.
    fn piece(&self, index: u64) -> Self::Chunk;

    /// What chunk `index` covers, as people write it: `500001..=750000`, `items 4096..8192`, `item 7`.
    fn describe(&self, index: u64) -> String;

    /// The items of chunk `index`, where it can be taken apart.
    fn items(&self, _index: u64) -> Option<Range<u128>> {
        None
    }

    /// These items, of one chunk that can be taken apart, as a chunk.
    fn part(&self, _items: Range<u128>) -> Option<Self::Chunk> {
        None
    }

    /// What these items are, as people write it.
    fn describe_part(&self, _items: Range<u128>) -> String {
        String::new()
    }
}

/// A source whose items may be cut anywhere.
#[diagnostic::on_unimplemented(
    message = "the chunks of `{Self}` are fixed",
    label = "`split_into` and `chunks_of` are for ranges and arrays",
    note = "each element of `Items` is one chunk, and a source can be cut only once"
)]
pub trait Divisible: Source {
    /// The uncut source in the form that workers share.
    #[doc(hidden)]
    type Whole: Whole<Chunk = Self::Chunk>;

    #[doc(hidden)]
    fn into_whole(self) -> Self::Whole;
}

/// An uncut source: any window of its items is a chunk.
#[doc(hidden)]
pub trait Whole: Send + Sync + 'static {
    type Chunk: Send + 'static;

    /// The number of items, or `None` past 2^128 - 1.
    fn items(&self) -> Option<u128>;
    fn window(&self, items: Range<u128>) -> Self::Chunk;
    fn describe(&self, items: Range<u128>) -> String;
}
