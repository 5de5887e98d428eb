//! `Source`: input that is cut into numbered chunks.
//!
//! A source knows how many items it has, and can make any of its chunks from the number of the chunk alone. So workers
//! need only numbers. Iterators and closures are left out on purpose: they can be neither cut nor sent. A stream takes
//! iterators too ([`feed`]), since its chunks run in the order in which they come.

use std::ops::Range;

mod arrays;
mod cut;
mod feed;
pub(crate) mod filled;
mod grid;
mod integers;
mod items;
mod lines;
pub(crate) mod part;
pub(crate) mod placed;
#[cfg(feature = "processes")]
pub(crate) mod sent;
mod slice;

pub use cut::Chunked;
pub(crate) use feed::Supplier;
pub use feed::{Feed, FromIter, from_iter};
pub use integers::Integer;
pub use items::Items;
pub use lines::{LineChunk, Lines};
pub use slice::Slice;

use cut::{Cut, Windows};
use grid::DEFAULT_CHUNKS;

/// Input that can be cut into chunks: the first argument of every verb.
///
/// | source | a chunk is | number of chunks by default |
/// |---|---|---|
/// | `a..b`, `a..=b` over any integer type | a range of the same kind | min(items, 1024) |
/// | `Vec<T>`, `Arc<[T]>`, `&Arc<[T]>`, `[T; N]`, [`Slice<T>`] | a [`Slice<T>`], which derefs to `[T]` | min(items, 1024) |
/// | [`Shared<T>`](crate::Shared), `&Shared<T>` | a [`Slice<T>`] that worker processes read in place | min(items, 1024) |
/// | [`Lines`] of a file or of bytes | a [`LineChunk`], which derefs to `[u8]` | min(bytes / 4096, 1024), rounded up |
/// | [`Items`]`(Vec<C>)` | one `C`, a clone of the element | one for each element |
/// | [`Chunked`] | a chunk of the source inside | as [`split_into`](Source::split_into) or [`chunks_of`](Source::chunks_of) says |
///
/// The chunks depend on the source only, never on the model or the number of workers. That is why the sum of floats is
/// the same everywhere, bit for bit.
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
    note = "a source owns its items, and they are `Send` and `Sync`: for a borrowed slice write `slice.to_vec()`",
    note = "the chunks of `Items` are `Clone`"
)]
pub trait Source: Sized {
    /// What the task is given: one piece of the input.
    type Chunk: Send + 'static;

    /// The source in the form that workers share.
    #[doc(hidden)]
    type Pieces: Pieces<Chunk = Self::Chunk>;

    /// Turns the source into the form that workers share.
    #[doc(hidden)]
    fn into_pieces(self) -> Self::Pieces;

    /// The number of items, up to 2^128 - 1.
    ///
    /// Only the full range of a 128-bit integer has more: its count stops at 2^128 - 1, and a fold over it returns an
    /// error.
    ///
    /// ```
    /// use threefold::prelude::*;
    /// assert_eq!((i64::MIN..=i64::MAX).item_count(), 1 << 64);
    /// ```
    fn item_count(&self) -> u128;

    /// The number of chunks of a fold over this source.
    ///
    /// It is 0 for an empty source. It is also 0 for a source that cannot be cut as asked (into 0 chunks, or into
    /// chunks of 0 items); a fold over such a source returns an error.
    ///
    /// ```
    /// use threefold::prelude::*;
    /// assert_eq!((0..1_000_000).chunk_count(), 1024);
    /// assert_eq!((0..10).chunks_of(4).chunk_count(), 3);
    /// ```
    fn chunk_count(&self) -> u128 {
        self.item_count().min(DEFAULT_CHUNKS)
    }

    /// Cuts the source into min(`n`, items) chunks. Their sizes differ by at most one item: the first `items % n`
    /// chunks are one item longer.
    ///
    /// `n` may be of any integer type. If it is 0 or negative, a fold over the source returns an error
    /// ([`is_setup`](crate::Error::is_setup)).
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

    /// Cuts the source into chunks of `size` items. The last chunk holds the rest.
    ///
    /// `size` may be of any integer type. If it is 0 or negative, a fold over the source returns an error
    /// ([`is_setup`](crate::Error::is_setup)).
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

    /// The chunks, in their order: what a sequential fold runs over.
    ///
    /// ```
    /// use threefold::prelude::*;
    /// assert_eq!((0..4).split_into(2).all_chunks().collect::<Vec<_>>(), [0..2, 2..4]);
    /// ```
    ///
    /// # Panics
    ///
    /// If the source cannot be cut as asked (into 0 chunks, into chunks of 0 items), or has more items or chunks than
    /// can be counted: 2^128 items, 2^64 chunks.
    fn all_chunks(self) -> impl Iterator<Item = Self::Chunk> {
        let pieces = self.into_pieces();
        let count = match pieces.count() {
            Ok(count) => count,
            Err(reason) => panic!("{reason}"),
        };
        (0..count).map(move |index| pieces.piece(index))
    }
}

/// A source in the form that workers share: any chunk, by its number.
#[doc(hidden)]
pub trait Pieces: Send + Sync + 'static {
    /// What the task is given.
    type Chunk: Send + 'static;

    /// The number of chunks, or the reason why this source cannot be folded.
    fn count(&self) -> Result<u64, String>;

    /// Whether [`try_piece`](Self::try_piece) may give an error. Otherwise the loop over cheap chunks calls
    /// [`piece`](Self::piece).
    #[inline]
    fn may_fail(&self) -> bool {
        false
    }

    /// Makes chunk `index`, which must be below the count.
    fn piece(&self, index: u64) -> Self::Chunk;

    /// The same for a source that may fail to make a chunk, or the reason why it does.
    fn try_piece(&self, index: u64) -> Result<Self::Chunk, String> {
        Ok(self.piece(index))
    }

    /// What chunk `index` covers, for people: `500001..=750000`, `items 4096..8192`, `item 7`.
    fn describe(&self, index: u64) -> String;

    /// The items of chunk `index`, if the chunk can be cut. No item is in two chunks: memory safety depends on that
    /// ([`placed`]). So this method is [ours].
    ///
    /// [ours]: Ours
    fn items(&self, _index: u64, _: Ours) -> Option<Range<u128>> {
        None
    }

    /// These items, of one chunk that can be cut, as a chunk.
    fn part(&self, _items: Range<u128>) -> Option<Self::Chunk> {
        None
    }

    /// What these items are, for people.
    fn describe_part(&self, _items: Range<u128>) -> String {
        String::new()
    }

    /// The source as bytes, from which a worker process makes any chunk by itself. `None` if chunks are sent one by one.
    /// The worker finds the items of a chunk by itself, too. So this method is [ours].
    ///
    /// [ours]: Ours
    fn as_bytes(&self, _: Ours) -> Option<Vec<u8>> {
        None
    }

    /// The first `items` items, at least one and at most all, cut in the same way. `None` if the source cannot be shortened.
    fn first(&self, _items: u128) -> Option<Self>
    where
        Self: Sized,
    {
        None
    }

    /// A part has chunks like those of the whole if its number of items is a multiple of this.
    fn grain(&self) -> u128 {
        1
    }

    /// The output of chunk `index` was taken: the chunk is not asked for again.
    fn release(&self, _index: u64) {}

    /// The number of chunks, if it is known by now.
    fn total(&self) -> Option<u64> {
        self.count().ok()
    }
}

/// What a method of [`Pieces`] takes that must be honest. Nobody can name this type outside of this crate, so no source
/// outside of it can have such a method of its own: it has what the trait gives it.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Ours(());

impl Ours {
    pub(crate) fn new() -> Self {
        Self(())
    }
}

/// A source that can be cut between any two items: ranges and arrays. It has [`split_into`](Source::split_into) and
/// [`chunks_of`](Source::chunks_of).
///
/// The elements of [`Items`] are one chunk each, and a [`Chunked`] source was cut already: neither is `Divisible`.
///
/// ```
/// use threefold::prelude::*;
/// use threefold::Divisible;
///
/// fn halves<S: Divisible>(source: S) -> Vec<S::Chunk> {
///     source.split_into(2).all_chunks().collect()
/// }
///
/// assert_eq!(halves(0..10), [0..5, 5..10]);
/// ```
#[diagnostic::on_unimplemented(
    message = "the chunks of `{Self}` are fixed",
    label = "`split_into` and `chunks_of` are for ranges and arrays",
    note = "each element of `Items` is one chunk, and a source can be cut only once"
)]
pub trait Divisible: Source {
    /// The uncut source in the form that workers share.
    #[doc(hidden)]
    type Whole: Whole<Chunk = Self::Chunk>;

    /// Turns the source into the form that workers share.
    #[doc(hidden)]
    fn into_whole(self) -> Self::Whole;
}

/// A source that is not cut yet: any window of its items can be a chunk.
#[doc(hidden)]
pub trait Whole: Send + Sync + 'static {
    /// Whether [`try_window`](Self::try_window) may give an error. Whoever implements it says so here.
    const MAY_FAIL: bool = false;

    /// What the task is given.
    type Chunk: Send + 'static;

    /// The number of items, or `None` if there are 2^128.
    fn items(&self) -> Option<u128>;
    /// These items as a chunk.
    fn window(&self, items: Range<u128>) -> Self::Chunk;
    /// The same for a source that may fail to make a chunk, or the reason why it does.
    fn try_window(&self, items: Range<u128>) -> Result<Self::Chunk, String> {
        Ok(self.window(items))
    }
    /// What these items are, for people.
    fn describe(&self, items: Range<u128>) -> String;

    /// The first `items` items, which are one or more. A source that cannot be shortened stays as it is: no window is
    /// asked for that ends behind them.
    fn first(&self, items: u128) -> Self;

    /// The source in a few bytes, where it has some.
    fn as_bytes(&self) -> Option<Vec<u8>> {
        None
    }
}
