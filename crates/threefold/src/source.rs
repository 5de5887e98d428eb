//! `Source`: input that is cut by index into numbered chunks.
//!
//! A source knows its length and can make any of its chunks from that chunk's number alone, so that workers need
//! nothing but numbers. Iterators and closures are left out on purpose: they cannot be cut, nor sent.

use std::ops::Range;
use std::sync::Arc;

use crate::grid::{DEFAULT_CHUNKS, Grid};

mod integers;
mod slice;

pub use integers::Integer;
pub use slice::Slice;

/// Input that can be cut into chunks: what the first argument of every fold is.
///
/// | source | a chunk is | cut by default into |
/// |---|---|---|
/// | `a..b`, `a..=b` over any integer type | a range of the same kind | min(length, 1024) chunks |
/// | `Vec<T>`, `Arc<[T]>` | [`Slice<T>`], which derefs to `[T]` | min(length, 1024) chunks |
/// | [`Items`]`(Vec<C>)` | one `C`, just as given | one chunk for each element |
/// | [`Chunked`] | that of the source within | as was asked for with [`split`](Source::split) or [`chunked`](Source::chunked) |
///
/// The cut depends on the source only, never on the model or the number of workers.
///
/// ```
/// use threefold::prelude::*;
///
/// let chunks: Vec<_> = (1..=10).split(4).chunks().collect();
/// assert_eq!(chunks, [1..=3, 4..=6, 7..=8, 9..=10]);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be cut into chunks",
    note = "a source is a range of integers, a `Vec<T>`, an `Arc<[T]>`, or `Items(vec)` whose elements are one chunk each"
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

    /// The number of items, up to 2^128 - 1. (Of all sources only the full range of a 128-bit integer has more; its
    /// length saturates here and a fold over it is refused.)
    ///
    /// ```
    /// use threefold::prelude::*;
    /// assert_eq!(Source::len(&(i64::MIN..=i64::MAX)), 1 << 64);
    /// ```
    fn len(&self) -> u128;

    /// Whether there are no items: the source then has no chunks, and a fold returns `init`.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Cuts into min(`n`, length) chunks whose sizes differ by one at most: the first `length % n` are one longer.
    ///
    /// `n` is any integer; zero and negative numbers are an error of the fold.
    ///
    /// ```
    /// use threefold::prelude::*;
    /// let chunks: Vec<_> = vec!["a", "b", "c"].split(2).chunks().map(|s| s.to_vec()).collect();
    /// assert_eq!(chunks, [vec!["a", "b"], vec!["c"]]);
    /// ```
    fn split(self, n: impl TryInto<u128>) -> Chunked<Self>
    where
        Self: Divisible,
    {
        Chunked { source: self, cut: Cut::Into(n.try_into().unwrap_or(0)) }
    }

    /// Cuts into chunks of `size` items; the last one holds what is left.
    ///
    /// `size` is any integer; zero and negative numbers are an error of the fold.
    ///
    /// ```
    /// use threefold::prelude::*;
    /// let chunks: Vec<_> = (0..10).chunked(4).chunks().collect();
    /// assert_eq!(chunks, [0..4, 4..8, 8..10]);
    /// ```
    fn chunked(self, size: impl TryInto<u128>) -> Chunked<Self>
    where
        Self: Divisible,
    {
        Chunked { source: self, cut: Cut::Every(size.try_into().unwrap_or(0)) }
    }

    /// The chunks, in order: what a sequential fold walks over.
    ///
    /// # Panics
    ///
    /// When the source was asked to be cut into no chunks, or into chunks of no items.
    fn chunks(self) -> impl Iterator<Item = Self::Chunk> {
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
    message = "`{Self}` cannot be cut anew",
    note = "`split` and `chunked` are for ranges and arrays; the elements of `Items` are one chunk each, and a cut source stays as it was cut"
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

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cut {
    Default,
    Into(u128),
    Every(u128),
}

/// A source together with the way it is cut: made by [`Source::split`] and [`Source::chunked`].
#[derive(Clone, Debug)]
pub struct Chunked<S> {
    source: S,
    cut: Cut,
}

impl<S: Divisible> Source for Chunked<S> {
    type Chunk = S::Chunk;
    type Pieces = Windows<S::Whole>;

    fn into_pieces(self) -> Self::Pieces {
        Windows::new(self.source.into_whole(), self.cut)
    }

    fn len(&self) -> u128 {
        self.source.len()
    }
}

/// An uncut source with its grid.
#[doc(hidden)]
pub struct Windows<W> {
    whole: W,
    /// Why there is no grid, where the cut that was asked for is impossible.
    grid: Result<Grid, &'static str>,
}

impl<W: Whole> Windows<W> {
    fn new(whole: W, cut: Cut) -> Self {
        let grid = match (whole.items(), cut) {
            (None, _) => Err("the source has 2^128 items, one more than can be counted"),
            (_, Cut::Into(0)) => Err("split: a source is cut into at least one chunk"),
            (_, Cut::Every(0)) => Err("chunked: a chunk holds at least one item"),
            (Some(items), Cut::Default) => Ok(Grid::split(items, DEFAULT_CHUNKS)),
            (Some(items), Cut::Into(n)) => Ok(Grid::split(items, n)),
            (Some(items), Cut::Every(size)) => Ok(Grid::chunked(items, size)),
        };
        Self { whole, grid }
    }

    pub(crate) fn by_default(whole: W) -> Self {
        Self::new(whole, Cut::Default)
    }

    fn bounds(&self, index: u64) -> Range<u128> {
        self.grid.expect("chunks are only asked for after `count` succeeded").bounds(u128::from(index))
    }
}

impl<W: Whole> Pieces for Windows<W> {
    type Chunk = W::Chunk;

    fn count(&self) -> Result<u64, String> {
        let chunks = self.grid?.chunks();
        u64::try_from(chunks)
            .map_err(|_| format!("{chunks} chunks are more than can be numbered: cut the source into larger ones"))
    }

    fn piece(&self, index: u64) -> W::Chunk {
        self.whole.window(self.bounds(index))
    }

    fn describe(&self, index: u64) -> String {
        self.whole.describe(self.bounds(index))
    }

    fn items(&self, index: u64) -> Option<Range<u128>> {
        Some(self.bounds(index))
    }

    fn part(&self, items: Range<u128>) -> Option<W::Chunk> {
        Some(self.whole.window(items))
    }

    fn describe_part(&self, items: Range<u128>) -> String {
        self.whole.describe(items)
    }
}

/// A list of chunks, each just as given: `Items(vec![a, b, c])` has three.
///
/// ```
/// use threefold::prelude::*;
/// use threefold::Items;
///
/// #[task]
/// fn length(word: String) -> usize {
///     word.len()
/// }
///
/// let on = Executor::new(Model::Threads)?;
/// let words = Items(vec!["one".to_string(), "three".to_string()]);
/// assert_eq!(on.map(words, length)?, [3, 5]);
/// # Ok::<(), threefold::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Items<C>(pub Vec<C>);

impl<C: Clone + Send + Sync + 'static> Source for Items<C> {
    type Chunk = C;
    type Pieces = Items<C>;

    fn into_pieces(self) -> Items<C> {
        self
    }

    fn len(&self) -> u128 {
        self.0.len() as u128
    }
}

impl<C: Clone + Send + Sync + 'static> Pieces for Items<C> {
    type Chunk = C;

    fn count(&self) -> Result<u64, String> {
        Ok(self.0.len() as u64)
    }

    fn piece(&self, index: u64) -> C {
        self.0[index as usize].clone()
    }

    fn describe(&self, index: u64) -> String {
        format!("item {index}")
    }
}

/// `Vec<T>` and `Arc<[T]>` are shared alike: behind one pointer, without a copy of the items.
macro_rules! array_source {
    ($($array:ty),+) => {$(
        impl<T: Send + Sync + 'static> Source for $array {
            type Chunk = Slice<T>;
            type Pieces = Windows<Slice<T>>;

            fn into_pieces(self) -> Self::Pieces {
                Windows::by_default(self.into_whole())
            }

            fn len(&self) -> u128 {
                <[T]>::len(self) as u128
            }
        }

        impl<T: Send + Sync + 'static> Divisible for $array {
            type Whole = Slice<T>;

            fn into_whole(self) -> Slice<T> {
                Slice::from(self)
            }
        }
    )+};
}

array_source!(Vec<T>, Arc<[T]>);
