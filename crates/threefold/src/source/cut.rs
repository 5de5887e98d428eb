//! How a source is cut: into a number of chunks, into chunks of a size, or by default.

use std::ops::Range;

use super::grid::{DEFAULT_CHUNKS, Grid};
use super::{Divisible, Ours, Pieces, Source, Whole};

/// The cut that the user asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cut {
    /// No cut was asked for.
    Default,
    /// Into this many chunks.
    Into(u128),
    /// Into chunks of this many items.
    Every(u128),
}

impl Cut {
    /// The bytes of any cut.
    #[cfg(feature = "processes")]
    pub(super) const BYTES: usize = 1 + size_of::<u128>();

    /// Appends it as bytes.
    fn put(self, bytes: &mut Vec<u8>) {
        let (kind, n) = match self {
            Self::Default => (0, 0),
            Self::Into(n) => (1, n),
            Self::Every(size) => (2, size),
        };
        bytes.push(kind);
        bytes.extend(n.to_le_bytes());
    }

    /// The cut with these bytes.
    #[cfg(feature = "processes")]
    pub(super) fn read(bytes: &[u8; Self::BYTES]) -> Option<Self> {
        let (&kind, n) = bytes.split_first()?;
        let n = u128::from_le_bytes(n.try_into().ok()?);
        match kind {
            0 => (n == 0).then_some(Self::Default),
            1 => Some(Self::Into(n)),
            2 => Some(Self::Every(n)),
            _ => None,
        }
    }
}

/// A source and the way it is cut. [`Source::split_into`] and [`Source::chunks_of`] make it.
///
/// ```
/// use threefold::prelude::*;
///
/// let source = (0..10).split_into(3);
/// assert_eq!((source.item_count(), source.chunk_count()), (10, 3));
/// ```
#[derive(Clone, Debug)]
pub struct Chunked<S> {
    source: S,
    cut: Cut,
}

impl<S> Chunked<S> {
    pub(super) fn new(source: S, cut: Cut) -> Self {
        Self { source, cut }
    }
}

#[diagnostic::do_not_recommend]
impl<S: Divisible> Source for Chunked<S> {
    type Chunk = S::Chunk;
    type Pieces = Windows<S::Whole>;

    fn into_pieces(self) -> Self::Pieces {
        Windows::new(self.source.into_whole(), self.cut)
    }

    fn item_count(&self) -> u128 {
        self.source.item_count()
    }

    fn chunk_count(&self) -> u128 {
        grid(self.source.item_count(), self.cut).map_or(0, |grid| grid.chunks())
    }
}

/// The grid of this many items, or the reason why they cannot be cut like this.
fn grid(items: u128, cut: Cut) -> Result<Grid, &'static str> {
    match cut {
        Cut::Into(0) => Err("split_into: a source is cut into at least 1 chunk"),
        Cut::Every(0) => Err("chunks_of: a chunk holds at least 1 item"),
        Cut::Default => Ok(Grid::into_chunks(items, DEFAULT_CHUNKS)),
        Cut::Into(n) => Ok(Grid::into_chunks(items, n)),
        Cut::Every(size) => Ok(Grid::of_size(items, size)),
    }
}

/// A source that can be cut anywhere, with its grid.
#[doc(hidden)]
pub struct Windows<W> {
    whole: W,
    cut: Cut,
    /// Where the source is cut, or the reason why it cannot be cut as asked.
    grid: Result<Grid, &'static str>,
}

impl<W: Whole> Windows<W> {
    pub(super) fn new(whole: W, cut: Cut) -> Self {
        let items = whole.items().ok_or("the source has 2^128 items, one more than can be counted");
        let grid = items.and_then(|items| grid(items, cut));
        Self { whole, cut, grid }
    }

    /// The source with the default cut.
    pub(super) fn by_default(whole: W) -> Self {
        Self::new(whole, Cut::Default)
    }

    /// The items of chunk `index`.
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

    fn may_fail(&self) -> bool {
        W::MAY_FAIL
    }

    fn try_piece(&self, index: u64) -> Result<W::Chunk, String> {
        self.whole.try_window(self.bounds(index))
    }

    fn describe(&self, index: u64) -> String {
        self.whole.describe(self.bounds(index))
    }

    fn items(&self, index: u64, _: Ours) -> Option<Range<u128>> {
        Some(self.bounds(index))
    }

    fn part(&self, items: Range<u128>) -> Option<W::Chunk> {
        Some(self.whole.window(items))
    }

    fn describe_part(&self, items: Range<u128>) -> String {
        self.whole.describe(items)
    }

    fn first(&self, items: u128) -> Option<Self> {
        let items = items.min(self.whole.items()?).max(1);
        let whole = self.whole.first(items);
        Some(Self { whole, cut: self.cut, grid: grid(items, self.cut) })
    }

    fn grain(&self) -> u128 {
        if let Cut::Every(size) = self.cut { size } else { 1 }
    }

    fn as_bytes(&self, _: Ours) -> Option<Vec<u8>> {
        // A worker would cut all items.
        let are_all_cut = self.grid.is_ok_and(|grid| self.whole.items() == Some(grid.items()));
        let mut bytes = if are_all_cut { self.whole.as_bytes() } else { None }?;
        self.cut.put(&mut bytes);
        Some(bytes)
    }
}
