//! How a source is cut: into so many chunks, into chunks of so many items, or by default.

use std::ops::Range;

use super::grid::{DEFAULT_CHUNKS, Grid};
use super::{Divisible, Pieces, Source, Whole};

/// What was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cut {
    Default,
    Into(u128),
    Every(u128),
}

/// A source together with the way it is cut: made by [`Source::split_into`] and [`Source::chunks_of`].
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

/// The grid of so many items, or why they cannot be cut like this.
fn grid(items: u128, cut: Cut) -> Result<Grid, &'static str> {
    match cut {
        Cut::Into(0) => Err("split_into: a source is cut into at least 1 chunk"),
        Cut::Every(0) => Err("chunks_of: a chunk holds at least 1 item"),
        Cut::Default => Ok(Grid::into_chunks(items, DEFAULT_CHUNKS)),
        Cut::Into(n) => Ok(Grid::into_chunks(items, n)),
        Cut::Every(size) => Ok(Grid::of_size(items, size)),
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
        let items = whole.items().ok_or("the source has 2^128 items, one more than can be counted");
        let grid = items.and_then(|items| grid(items, cut));
        Self { whole, grid }
    }

    pub(super) fn by_default(whole: W) -> Self {
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
