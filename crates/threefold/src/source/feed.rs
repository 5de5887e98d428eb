//! `Feed`: the input of a stream: a source, or an iterator of chunks that may have no end.
//!
//! An iterator can neither be cut nor sent, and nobody knows how many chunks it has. A thread of its own takes chunks
//! from it, one after another, and puts them in a [`Supply`], where workers find them by their numbers. They stay there
//! until their outputs were taken, so that a chunk can be run again. The window of the fold bounds how many there are.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Pieces, Source};

/// What a stream can run over: every [`Source`], and the chunks of any iterator, by [`from_iter`].
///
/// ```
/// use threefold::prelude::*;
///
/// #[task]
/// fn square(n: u64) -> u64 {
///     n * n
/// }
///
/// let on = Executor::new(Model::Threads)?;
/// let of_a_source = on.stream(Items(vec![1, 2, 3]), square);
/// assert_eq!(of_a_source.collect::<Result<Vec<_>, _>>()?, [1, 4, 9]);
/// let of_an_iterator = on.stream(threefold::from_iter(1..), square);
/// assert_eq!(of_an_iterator.take(3).collect::<Result<Vec<_>, _>>()?, [1, 4, 9]);
/// # Ok::<(), threefold::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the input of a stream",
    label = "neither a source nor `from_iter(iterator)`",
    note = "give an iterator of chunks as `threefold::from_iter(iterator)`"
)]
pub trait Feed: Sized {
    /// What the task is given.
    type Chunk: Send + 'static;

    /// The chunks in the form that workers share.
    #[doc(hidden)]
    type Pieces: Pieces<Chunk = Self::Chunk>;

    /// The chunks, and whoever makes them if they come one after another.
    #[doc(hidden)]
    fn into_feed(self) -> (Self::Pieces, Option<Supplier>);
}

#[diagnostic::do_not_recommend]
impl<S: Source> Feed for S {
    type Chunk = S::Chunk;
    type Pieces = S::Pieces;

    fn into_feed(self) -> (S::Pieces, Option<Supplier>) {
        (self.into_pieces(), None)
    }
}

/// The chunks of an iterator, as the input of a stream. [`from_iter`] makes it.
///
/// ```
/// use threefold::prelude::*;
/// use threefold::FromIter;
///
/// fn seeds() -> FromIter<std::ops::RangeFrom<u64>> {
///     threefold::from_iter(100..)
/// }
///
/// #[task]
/// fn last_digit(seed: u64) -> u64 {
///     seed * seed % 10
/// }
///
/// let mut stream = Executor::new(Model::Threads)?.stream(seeds(), last_digit);
/// assert_eq!(stream.nth(3).unwrap()?, 9);
/// # Ok::<(), threefold::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct FromIter<I>(I);

/// Each item of `iterator` is one chunk of a stream. The iterator may have no end.
///
/// The stream has a thread that calls the iterator, so the iterator may block, for instance to read from a pipe or a
/// channel. The thread takes no more items than the [window](crate::Stream::ahead) of the stream holds. If the stream is
/// dropped while the iterator blocks, this thread ends when the iterator returns. The task is given a clone of the item,
/// so that a chunk can be run again.
///
/// ```
/// use threefold::prelude::*;
///
/// #[task]
/// fn length(line: String) -> usize {
///     line.len()
/// }
///
/// let text = std::io::Cursor::new("one\ntwo\nthree\n");
/// let lines = std::io::BufRead::lines(text).map(|line| line.expect("it is text"));
/// let lengths = Executor::new(Model::Threads)?.stream(threefold::from_iter(lines), length);
/// assert_eq!(lengths.collect::<Result<Vec<_>, _>>()?, [3, 3, 5]);
/// # Ok::<(), threefold::Error>(())
/// ```
pub fn from_iter<I>(iterator: I) -> FromIter<I::IntoIter>
where
    I: IntoIterator,
{
    FromIter(iterator.into_iter())
}

#[diagnostic::do_not_recommend]
impl<I> Feed for FromIter<I>
where
    I: Iterator<Item: Clone + Send + 'static> + Send + 'static,
{
    type Chunk = I::Item;
    type Pieces = Supply<I::Item>;

    fn into_feed(self) -> (Supply<I::Item>, Option<Supplier>) {
        let supply = Supply(Arc::new(Mutex::new(State { chunks: BTreeMap::new(), count: 0, has_ended: false })));
        let (theirs, mut iterator) = (supply.clone(), self.0);
        let next = move || {
            let next = iterator.next();
            let mut state = theirs.lock();
            let Some(chunk) = next else {
                state.has_ended = true;
                return None;
            };
            let number = state.count;
            state.count += 1;
            state.chunks.insert(number, Arc::new(Mutex::new(chunk)));
            Some(state.count)
        };
        (supply, Some(Box::new(next)))
    }
}

/// Takes the next chunk from an iterator, which may block. Gives how many chunks have come, or nothing if there is no
/// further one. It unwinds if the iterator panics, and is not called again.
pub(crate) type Supplier = Box<dyn FnMut() -> Option<u64> + Send>;

/// The chunks that have come, and whose outputs were not taken yet.
#[doc(hidden)]
pub struct Supply<C>(Arc<Mutex<State<C>>>);

struct State<C> {
    /// Each has a lock of its own: to copy it may take long, and must hold up neither the caller nor other workers. The
    /// user's `Clone` runs under this lock, which only another attempt at the same chunk could wait for.
    chunks: BTreeMap<u64, Arc<Mutex<C>>>,
    /// How many chunks have come.
    count: u64,
    /// Whether no further ones will.
    has_ended: bool,
}

impl<C> Clone for Supply<C> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<C> Supply<C> {
    fn lock(&self) -> MutexGuard<'_, State<C>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<C: Clone + Send + 'static> Pieces for Supply<C> {
    type Chunk = C;

    /// Nobody knows how many there will be.
    fn count(&self) -> Result<u64, String> {
        Ok(u64::MAX)
    }

    fn piece(&self, index: u64) -> C {
        let chunk = Arc::clone(self.lock().chunks.get(&index).expect("chunks are claimed when they have come"));
        let chunk = chunk.lock().unwrap_or_else(PoisonError::into_inner);
        chunk.clone()
    }

    fn describe(&self, index: u64) -> String {
        format!("item {index}")
    }

    fn release(&self, index: u64) {
        let chunk = self.lock().chunks.remove(&index);
        // Without the lock: it is a value of the user's.
        drop(chunk);
    }

    fn total(&self) -> Option<u64> {
        let state = self.lock();
        state.has_ended.then_some(state.count)
    }
}
