//! `Placed`: a chunk with the piece of the caller's buffer that its task fills. One of the few files with unsafe code:
//! one operation and two promises, each with its proof.
//!
//! A fold owns all that its workers use, since no borrow of the caller's can be `'static`. The buffer of `map_into` is
//! borrowed. So the caller lends it: [`Lent`] is the loan, which the caller ends before it uses the buffer again, and
//! [`Lease`] is what workers have of it. A worker enters the lease, has a piece as `&mut [T]`, and leaves. When the loan
//! ends, nobody enters any more.
//!
//! # Why no two tasks have the same item
//!
//! - Pieces of different chunks do not overlap: they are the chunks' items, times the same factor, and the items of two
//!   chunks are different. This crate alone says what the items of a chunk are: the methods that say it are [`Ours`].
//!   A chunk of a source from outside is one item.
//! - A chunk is run by one worker at a time. That is the promise of a fold: it runs again only after it has ended.
//! - A task has its piece as a borrow that ends with the call. It cannot keep it.
//! - A chunk that was sent to another process has a piece of that process's own memory ([`elsewhere`]). The parent
//!   copies what comes back, by the number of its chunk, while it runs no task on that chunk. Where a worker process
//!   writes to the buffer itself, no task of this process runs.
//!
//! # Why nobody has a piece after the loan
//!
//! When a fold has returned, no worker is inside of it. The loan does not rely on that: it ends with a look at how many
//! are inside, and ends the program if anybody is.

#![allow(unsafe_code)]

use std::ops::Range;
use std::process;
use std::slice;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytemuck::Pod;
use serde::de::{Deserialize, Deserializer};
use serde::ser::{Serialize, Serializer};

use super::{Ours, Pieces, Source};
use crate::shared::loan::Site;
use crate::source::filled::Filled;

pub(crate) mod elsewhere;

use elsewhere::Elsewhere;

/// The loan is over.
const CLOSED: usize = 1 << (usize::BITS - 1);

/// A buffer that is lent to a fold, until this is dropped.
pub(crate) struct Lent<'a, T> {
    lease: Arc<Lease<T>>,
    _buffer: std::marker::PhantomData<&'a mut [T]>,
}

/// A lent buffer, as workers know it.
struct Lease<T> {
    start: *mut T,
    count: usize,
    /// How many are inside, and whether the loan is over.
    inside: AtomicUsize,
}

// SAFETY: a lease gives `&mut T` to one thread at a time, which is safe for a `T` that can be sent.
unsafe impl<T: Send> Send for Lease<T> {}

// SAFETY: as above; a shared lease gives pieces that do not overlap, as the head of this file says.
unsafe impl<T: Send> Sync for Lease<T> {}

impl<'a, T: Pod + Send> Lent<'a, T> {
    pub(crate) fn new(buffer: &'a mut [T]) -> Self {
        let lease = Lease { start: buffer.as_mut_ptr(), count: buffer.len(), inside: AtomicUsize::new(0) };
        Self { lease: Arc::new(lease), _buffer: std::marker::PhantomData }
    }

    /// A source whose chunks are those of `pieces`, each with its piece of the buffer: `per_item` items for each item of
    /// the chunk.
    pub(crate) fn placing<P: Pieces>(&self, pieces: P, per_item: usize) -> Placing<P, T> {
        let layout = Layout { per_item, site: None };
        Placing { pieces: Arc::new(pieces), lease: Arc::clone(&self.lease), layout, is_elsewhere: false }
    }

    /// The same for worker processes that can write to memory of this process, if the buffer lies in such memory.
    pub(crate) fn placing_for_workers<P: Pieces>(&self, pieces: P, per_item: usize) -> Placing<P, T> {
        let start = self.lease.start.addr();
        let site = Site::of(start..start + self.lease.count * size_of::<T>());
        let placing = self.placing(pieces, per_item);
        Placing { layout: Layout { site, ..placing.layout }, ..placing }
    }
}

impl<T> Drop for Lent<'_, T> {
    fn drop(&mut self) {
        // Acquire: what was written inside is seen by the caller.
        if self.lease.inside.fetch_or(CLOSED, Ordering::AcqRel) != 0 {
            eprintln!(
                "threefold: a task still has a piece of a buffer after its fold has ended: this program is aborted"
            );
            process::abort();
        }
    }
}

impl<T: Pod> Lease<T> {
    /// Runs `run` with these items. The caller makes sure that nobody else has any of them.
    fn with(&self, range: Range<usize>, run: impl FnOnce(&mut [T])) {
        /// Leaves also if the task panics.
        struct Leaves<'a>(&'a AtomicUsize);
        impl Drop for Leaves<'_> {
            fn drop(&mut self) {
                // Release: what was written is seen by whoever ends the loan.
                self.0.fetch_sub(1, Ordering::Release);
            }
        }
        let before = self.inside.fetch_add(1, Ordering::Acquire);
        let _leaves = Leaves(&self.inside);
        assert!(before & CLOSED == 0, "the fold that this piece is of has ended");
        assert!(range.start <= range.end && range.end <= self.count, "a piece lies in the buffer");
        let start = self.start.wrapping_add(range.start);
        // SAFETY: the range lies in the buffer, and the buffer is borrowed mutably by the loan, which does not end while
        // anybody is inside. Nobody else has these items: the head of this file says why.
        let piece = unsafe { slice::from_raw_parts_mut(start, range.len()) };
        run(piece);
    }
}

/// Where the pieces of a buffer lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Layout {
    /// How many items of the buffer an item of the source has.
    per_item: usize,
    /// Where the buffer lies for worker processes that can write to it.
    site: Option<Site>,
}

impl Layout {
    /// Where the piece of chunk `index` lies in the buffer.
    fn range(self, pieces: &(impl Pieces + ?Sized), index: u64) -> Range<usize> {
        // A chunk that cannot be cut is one item.
        let items = pieces.items(index, Ours::new()).unwrap_or(u128::from(index)..u128::from(index) + 1);
        // The buffer holds all of them, so that these numbers fit. But a source of the user's own may have told another
        // number of items. Then a number that does not fit is beyond every buffer, and not an item of another chunk.
        let place = |item: u128| {
            let place = item.checked_mul(self.per_item as u128).and_then(|place| usize::try_from(place).ok());
            place.unwrap_or(usize::MAX)
        };
        place(items.start)..place(items.end)
    }
}

/// A source whose chunks have pieces of a buffer.
pub(crate) struct Placing<P, T> {
    pieces: Arc<P>,
    lease: Arc<Lease<T>>,
    layout: Layout,
    /// Whether tasks write into memory of their own, also in this process.
    is_elsewhere: bool,
}

impl<P, T> Clone for Placing<P, T> {
    fn clone(&self) -> Self {
        let Self { layout, is_elsewhere, .. } = *self;
        Self { pieces: Arc::clone(&self.pieces), lease: Arc::clone(&self.lease), layout, is_elsewhere }
    }
}

impl<P: Pieces, T: Pod + Send> Placing<P, T> {
    /// The same for tasks that write into memory of their own, whose pieces are put into their places later.
    pub(crate) fn elsewhere(self) -> Self {
        Self { is_elsewhere: true, ..self }
    }

    /// Where the piece of a chunk lies in the buffer.
    fn range(&self, index: u64) -> Range<usize> {
        self.layout.range(&*self.pieces, index)
    }

    /// Puts what was filled elsewhere into its place. Returns whether it is as long as its place.
    pub(crate) fn put(&self, index: u64, filled: Filled<T>) -> bool {
        let Some(items) = filled.into_items() else { return true };
        let range = self.range(index);
        let fits = items.len() == range.len();
        if fits {
            self.lease.with(range, |piece| piece.copy_from_slice(&items));
        }
        fits
    }
}

impl<P: Pieces, T: Pod + Send> Source for Placing<P, T> {
    type Chunk = Placed<P::Chunk, T>;
    type Pieces = Self;

    fn into_pieces(self) -> Self {
        self
    }

    fn item_count(&self) -> u128 {
        self.pieces.count().map_or(0, u128::from)
    }
}

impl<P: Pieces, T: Pod + Send> Pieces for Placing<P, T> {
    type Chunk = Placed<P::Chunk, T>;

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

    fn as_bytes(&self, ours: Ours) -> Option<Vec<u8>> {
        elsewhere::to_bytes(self.pieces.as_bytes(ours)?, self.layout)
    }
}

impl<P: Pieces, T: Pod + Send> Placing<P, T> {
    fn place(&self, index: u64) -> Place<T> {
        let range = self.range(index);
        if self.is_elsewhere {
            Place::Elsewhere(Elsewhere::new::<T>(&range, self.layout.site))
        } else {
            Place::Lent(Arc::clone(&self.lease), range, self.layout.site)
        }
    }
}

/// A chunk with the piece that its task fills: the chunk of a task whose second parameter is `&mut [T]`.
#[doc(hidden)]
pub struct Placed<C, T> {
    chunk: C,
    place: Place<T>,
}

/// Where a task writes.
enum Place<T> {
    /// Into these items of the caller's buffer. The buffer lies there for worker processes.
    Lent(Arc<Lease<T>>, Range<usize>, Option<Site>),
    /// Into memory of its own, since the buffer is in another process, or the piece is recorded before it gets there.
    Elsewhere(Elsewhere),
}

impl<C, T: Pod> Placed<C, T> {
    /// How many items the piece has.
    fn count(&self) -> usize {
        match &self.place {
            Place::Lent(_, range, _) => range.len(),
            Place::Elsewhere(place) => place.count(),
        }
    }

    /// Has the task fill the piece, which is zero before.
    #[doc(hidden)]
    pub fn fill(self, fill: impl FnOnce(C, &mut [T])) -> Filled<T> {
        let Self { chunk, place } = self;
        match place {
            Place::Lent(lease, range, _) => {
                lease.with(range, |piece| {
                    piece.fill(T::zeroed());
                    fill(chunk, piece);
                });
                Filled::in_place()
            }
            Place::Elsewhere(place) => place.fill(|piece| fill(chunk, piece)),
        }
    }
}

impl<C: Serialize, T: Pod> Serialize for Placed<C, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let place = match &self.place {
            Place::Lent(_, range, site) => Elsewhere::new::<T>(range, *site),
            Place::Elsewhere(place) => *place,
        };
        (&self.chunk, place).serialize(serializer)
    }
}

impl<'de, C: Deserialize<'de>, T: Pod> Deserialize<'de> for Placed<C, T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (chunk, place) = Deserialize::deserialize(deserializer)?;
        Ok(Self { chunk, place: Place::Elsewhere(place) })
    }
}

impl<C: PartialEq, T: Pod> PartialEq for Placed<C, T> {
    fn eq(&self, other: &Self) -> bool {
        self.chunk == other.chunk && self.count() == other.count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Source;

    #[test]
    fn pieces_are_disjoint_and_together_the_buffer() {
        let mut buffer = [0u8; 20];
        let lent = Lent::new(&mut buffer);
        let placing = lent.placing((0..10u64).split_into(3).into_pieces(), 2);
        let ranges: Vec<_> = (0..3).map(|index| placing.range(index)).collect();
        assert_eq!(ranges, [0..8, 8..14, 14..20]);
        for index in [2, 0, 1] {
            let filled = placing.piece(index).fill(|chunk, piece| piece.fill(chunk.start as u8 + 1));
            assert!(placing.put(index, filled));
        }
        drop((placing, lent));
        assert_eq!(buffer, *[[1; 8].as_slice(), &[5; 6], &[8; 6]].concat());
    }

    #[test]
    fn no_piece_of_a_source_that_lies_about_its_items_is_in_the_buffer() {
        let mut buffer = [7u8; 16];
        let lent = Lent::new(&mut buffer);
        // As if the source had told that it has one item. The second chunk begins at 2^60 times 16, which is 2^64.
        let placing = lent.placing((0..(1u64 << 60) + 1).chunks_of(1u64 << 60).into_pieces(), 16);
        assert_eq!(placing.range(1), usize::MAX..usize::MAX);
        let fill = || placing.piece(1).fill(|_, piece| piece.fill(1));
        assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(fill)).is_err());
        drop((placing, lent));
        assert_eq!(buffer, [7; 16]);
    }

    #[test]
    fn what_was_filled_elsewhere_is_put_into_its_place_if_it_fits() {
        let mut buffer = [7u16; 4];
        let lent = Lent::new(&mut buffer);
        let placing = lent.placing((0..4u64).split_into(2).into_pieces(), 1);
        let filled = |count| Elsewhere::new::<u16>(&(0..count), None).fill(|piece: &mut [u16]| piece.fill(3));
        assert!(placing.put(1, filled(2)) && !placing.put(0, filled(3)));
        drop((placing, lent));
        assert_eq!(buffer, [7, 7, 3, 3]);
    }

    #[test]
    fn after_the_loan_a_piece_cannot_be_filled() {
        let mut buffer = [0u8; 4];
        let lent = Lent::new(&mut buffer);
        let kept = lent.placing((0..4u64).split_into(2).into_pieces(), 1).piece(0);
        drop(lent);
        let filled = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| kept.fill(|_, piece| piece.fill(1))));
        assert!(filled.is_err());
        assert_eq!(buffer, [0; 4]);
    }

    #[test]
    fn a_task_that_panics_leaves_its_piece() {
        let mut buffer = [0u8; 4];
        let lent = Lent::new(&mut buffer);
        let placing = lent.placing((0..4u64).split_into(1).into_pieces(), 1);
        let fill = || placing.piece(0).fill(|_, _| panic!("a task"));
        assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(fill)).is_err());
        drop((placing, lent));
    }
}
