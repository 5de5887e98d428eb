//! `map_into`: the verb whose tasks fill pieces of a buffer that belongs to the caller.

use std::ops::ControlFlow;

use bytemuck::Pod;

use super::Executor;
use super::reduction::{Reduction, Stops};
use crate::error::{Error, Result};
use crate::model::Model;
use crate::source::filled::Filled;
use crate::source::placed::{Lent, Placing};
use crate::source::{Pieces, Source};
use crate::task::FillOf;

impl Executor {
    /// Runs `task` on every chunk of `source`. For each chunk, the task fills a piece of `buffer`.
    ///
    /// The second parameter of the task is its piece, a `&mut [T]` of plain data (bytemuck's [`Pod`]). Each item of the
    /// source has the same number of items in the buffer, in the same order. For example, a buffer of 1,200 items has 30
    /// for each of 40 items of a source, so a chunk of 5 items fills a piece of 150. For an image, let the source be the
    /// numbers of its rows.
    ///
    /// On sequential, async and threads, tasks write into the buffer itself. On processes and mpi, a task writes into
    /// memory of its worker. What happens to the piece then depends on the buffer:
    ///
    /// | model | a buffer in a [`SharedMut`](crate::SharedMut) | any other buffer |
    /// |---|---|---|
    /// | sequential, async, threads | filled in place | filled in place |
    /// | processes | each worker writes its pieces into the buffer | pieces are sent to this process, and copied |
    /// | mpi, and the worker processes of ranks | pieces are sent to this process, and copied | the same |
    ///
    /// A part of a `SharedMut` is such a buffer too. Pieces of less than 8 KiB are always sent.
    ///
    /// A piece is all zero when the task gets it, on every model and at every attempt. What the buffer held before has no
    /// effect. So a chunk that runs again fills its piece in the same way.
    ///
    /// ```
    /// use std::ops::Range;
    /// use threefold::prelude::*;
    ///
    /// const WIDTH: usize = 30;
    ///
    /// /// Rows of a picture.
    /// #[task]
    /// fn paint(rows: Range<usize>, piece: &mut [u8], depth: &usize) {
    ///     for (row, y) in piece.chunks_mut(WIDTH).zip(rows) {
    ///         for (x, pixel) in row.iter_mut().enumerate() {
    ///             *pixel = ((x * y) % depth) as u8;
    ///         }
    ///     }
    /// }
    ///
    /// let mut picture = vec![0; WIDTH * 40];
    /// Executor::new(Model::Threads)?.map_into(&mut picture, 0..40usize, paint.with(256))?;
    /// assert_eq!(picture[20 * WIDTH + 7], 140);
    /// # Ok::<(), threefold::Error>(())
    /// ```
    ///
    /// Once a [`SharedMut`](crate::SharedMut) is filled and sealed, worker processes read it in place.
    ///
    /// # Errors
    ///
    /// [`is_setup`](Error::is_setup) if the length of the buffer is not a multiple of the number of items of the source.
    /// Otherwise the failure of the lowest chunk that failed, which is the one that a sequential run would have met: a panic of the
    /// task ([`is_panic`](Error::is_panic)), the loss of the worker process ([`is_worker_lost`](Error::is_worker_lost)),
    /// an exceeded timeout ([`is_timeout`](Error::is_timeout)), or a chunk that cannot be serialized
    /// ([`is_serialization`](Error::is_serialization)). Otherwise an error of the whole fold: it was cancelled
    /// ([`is_cancelled`](Error::is_cancelled)), or it could not be started ([`is_setup`](Error::is_setup)).
    ///
    /// After an error, and after a panic that unwinds from here, an item of the buffer may have its earlier value, zero, or
    /// what a task has written.
    pub fn map_into<S, I, T>(&self, buffer: &mut [I], source: S, task: T) -> Result<()>
    where
        S: Source,
        I: Pod + Send + Sync,
        T: FillOf<S::Chunk, I>,
    {
        const { assert!(size_of::<I>() > 0, "the items of a buffer must have a size above 0") }
        let refuse = |reason: String| Err(Error::setup(Some(self.model), reason));
        let (length, items) = (buffer.len(), source.item_count());
        let per_item = match items {
            0 if length == 0 => 0,
            1.. if (length as u128).is_multiple_of(items) => (length as u128 / items) as usize,
            _ => {
                return refuse(format!(
                    "a buffer of {length} items cannot be divided among {items} items of the source"
                ));
            }
        };
        let lent = Lent::new(buffer);
        // A piece is recorded as the output of its chunk. What is filled in place is no output.
        let is_recorded = self.has_journal();
        let pieces = source.into_pieces();
        let placing = if is_recorded {
            lent.placing(pieces, per_item).elsewhere()
        } else if self.home.opens_memory() {
            lent.placing_for_workers(pieces, per_item)
        } else {
            lent.placing(pieces, per_item)
        };
        let filling = Filling { placed: placing.clone(), model: self.model, wrong: None };
        self.drive(placing, task, filling)
    }
}

/// `map_into`: each piece in its place.
struct Filling<P, I> {
    placed: Placing<P, I>,
    model: Model,
    /// The chunk whose piece came back with another length.
    wrong: Option<u64>,
}

impl<P: Pieces, I: Pod + Send> Reduction<Filled<I>> for Filling<P, I> {
    type Value = ();
    type Error = Error;
    const STOPS: Stops = Stops::AtFailure;

    fn take(&mut self, chunk: u64, filled: Filled<I>) -> ControlFlow<()> {
        if self.placed.put(chunk, filled) {
            return ControlFlow::Continue(());
        }
        self.wrong = Some(chunk);
        ControlFlow::Break(())
    }

    fn finish(self, ended: Result<()>) -> Result<()> {
        ended?;
        match self.wrong {
            Some(chunk) => {
                let reason = format!("the piece of chunk {chunk} came back with another length");
                Err(Error::setup(Some(self.model), reason))
            }
            None => Ok(()),
        }
    }
}
