//! `Elsewhere`: a piece of a buffer that lies in another process, and the source of such pieces in that process.
//!
//! The task fills memory of its own. Afterwards the piece is written to where it belongs, if the buffer lies in a
//! `SharedMut` of the parent. Otherwise, or if it cannot be written, it is sent back as the output of the chunk. Small
//! pieces are always sent: a system call for each would take longer.
//!
//! The source is sent once per fold if the source of the chunks is. Its bytes are those of that source, and then where
//! the pieces lie.

#[cfg(feature = "processes")]
use std::marker::PhantomData;
use std::ops::Range;

use bytemuck::Pod;
use serde::{Deserialize, Serialize};

use super::Layout;
#[cfg(feature = "processes")]
use super::{Place, Placed};
use crate::shared::loan::Site;
#[cfg(feature = "processes")]
use crate::source::Pieces;
use crate::source::filled::Filled;

/// A smaller piece is sent, in bytes.
const WORTH_WRITING: usize = 8 << 10;

/// A piece of a buffer that lies in another process.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Elsewhere {
    /// Its items.
    count: usize,
    /// Where it belongs, if it is to be written there.
    site: Option<Site>,
}

impl Elsewhere {
    /// The piece with these items of a buffer that lies there.
    pub(super) fn new<T>(range: &Range<usize>, buffer: Option<Site>) -> Self {
        let (count, size) = (range.len(), size_of::<T>());
        let is_worth_it = count.saturating_mul(size) >= WORTH_WRITING;
        let site = buffer.filter(|_| is_worth_it).map(|buffer| buffer.behind(range.start.saturating_mul(size)));
        Self { count, site }
    }

    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// Has `fill` fill the piece, which is zero before.
    pub(super) fn fill<T: Pod>(self, fill: impl FnOnce(&mut [T])) -> Filled<T> {
        let mut piece = vec![T::zeroed(); self.count];
        fill(&mut piece);
        match self.site {
            Some(site) if site.write(bytemuck::cast_slice(&piece)).is_ok() => Filled::in_place(),
            _ => Filled::of(piece),
        }
    }
}

/// The bytes of a source whose chunks are those of the source with these bytes.
#[cfg(feature = "processes")]
pub(super) fn to_bytes(pieces: Vec<u8>, layout: Layout) -> Option<Vec<u8>> {
    let mut bytes = (pieces.len() as u64).to_le_bytes().to_vec();
    bytes.extend(pieces);
    threefold_codec::encode(&(layout.per_item, layout.site), &mut bytes).ok()?;
    Some(bytes)
}

/// There are no worker processes.
#[cfg(not(feature = "processes"))]
pub(super) fn to_bytes(_pieces: Vec<u8>, _layout: Layout) -> Option<Vec<u8>> {
    None
}

/// Restores a source from its bytes. `pieces` restores the source of the chunks.
#[cfg(feature = "processes")]
pub(crate) fn restore<C: Send + 'static, T: Pod + Send + Sync>(
    bytes: &[u8],
    pieces: impl FnOnce(&[u8]) -> Option<Box<dyn Pieces<Chunk = C>>>,
) -> Option<Box<dyn Pieces<Chunk = Placed<C, T>>>> {
    let (length, rest) = bytes.split_first_chunk()?;
    let (source, layout) = rest.split_at_checked(usize::try_from(u64::from_le_bytes(*length)).ok()?)?;
    let (per_item, site) = threefold_codec::decode(layout).ok()?;
    let (pieces, layout) = (pieces(source)?, Layout { per_item, site });
    Some(Box::new(Sent { pieces, layout, items: PhantomData::<fn() -> T> }))
}

/// A source whose chunks have pieces of a buffer of the parent.
#[cfg(feature = "processes")]
struct Sent<C, T> {
    pieces: Box<dyn Pieces<Chunk = C>>,
    layout: Layout,
    items: PhantomData<fn() -> T>,
}

#[cfg(feature = "processes")]
impl<C: Send + 'static, T: Pod + Send + Sync> Pieces for Sent<C, T> {
    type Chunk = Placed<C, T>;

    fn count(&self) -> Result<u64, String> {
        self.pieces.count()
    }

    fn piece(&self, index: u64) -> Self::Chunk {
        Placed { chunk: self.pieces.piece(index), place: self.place(index) }
    }

    fn may_fail(&self) -> bool {
        self.pieces.may_fail()
    }

    fn try_piece(&self, index: u64) -> Result<Self::Chunk, String> {
        Ok(Placed { chunk: self.pieces.try_piece(index)?, place: self.place(index) })
    }

    fn describe(&self, index: u64) -> String {
        self.pieces.describe(index)
    }
}

#[cfg(feature = "processes")]
impl<C: Send + 'static, T: Pod> Sent<C, T> {
    fn place(&self, index: u64) -> Place<T> {
        let Self { pieces, layout, .. } = self;
        Place::Elsewhere(Elsewhere::new::<T>(&layout.range(&**pieces, index), layout.site))
    }
}

#[cfg(all(test, feature = "processes"))]
mod tests {
    use std::ops::Range;

    use super::*;
    use crate::source::placed::Lent;
    use crate::source::{Ours, Source, sent};

    fn restored(bytes: &[u8]) -> Option<Box<dyn Pieces<Chunk = Placed<Range<u64>, u16>>>> {
        restore(bytes, sent::restore)
    }

    #[test]
    fn a_worker_cuts_the_same_chunks_with_pieces_of_the_same_length() {
        let mut buffer = [0u16; 30];
        let lent = Lent::new(&mut buffer);
        let placing = lent.placing((0..10u64).split_into(3).into_pieces(), 3);
        let restored = restored(&placing.as_bytes(Ours::new()).unwrap()).unwrap();
        assert_eq!(restored.count(), Ok(3));
        for index in 0..3 {
            assert!(restored.piece(index) == placing.piece(index));
            let filled = restored.piece(index).fill(|chunk, piece| piece.fill(chunk.start as u16));
            assert!(placing.put(index, filled));
        }
        drop((placing, lent));
        assert_eq!(buffer, *[[0; 12].as_slice(), &[4; 9], &[7; 9]].concat());
    }

    #[test]
    fn bytes_of_no_such_source_are_refused() {
        let mut buffer = [0u16; 30];
        let lent = Lent::new(&mut buffer);
        let bytes = lent.placing((0..10u64).split_into(3).into_pieces(), 3).as_bytes(Ours::new()).unwrap();
        assert!(restored(&bytes).is_some());
        for length in 0..bytes.len() {
            assert!(restored(&bytes[..length]).is_none());
        }
        let other: Option<Box<dyn Pieces<Chunk = Placed<String, u16>>>> = restore(&bytes, sent::restore);
        assert!(other.is_none());
    }

    #[test]
    fn a_source_that_is_sent_chunk_by_chunk_stays_one() {
        let mut buffer = [0u16; 3];
        let lent = Lent::new(&mut buffer);
        assert!(lent.placing(vec![1, 2, 3].into_pieces(), 1).as_bytes(Ours::new()).is_none());
    }
}
