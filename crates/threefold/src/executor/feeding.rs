//! `Feeding`: a background thread that takes the chunks of a stream from an iterator.
//!
//! The iterator may block, so neither a worker nor the caller calls it. While the window has room, the thread takes a
//! chunk and tells the workers that it is there. When the iterator ends, the fold ends after the last chunk that came.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::thread;

use super::awaiting::no_thread;
use crate::backend::Running;
use crate::backend::background::BackgroundWork;
use crate::error::Result;
use crate::fold::{Fold, unpark};
use crate::panics::{self, Payload};
use crate::source::Supplier;

/// The work of the thread, and the panic of the iterator or of the subscriber, if one of them has panicked.
pub(super) struct Feeding {
    work: BackgroundWork<()>,
    panic: Arc<Mutex<Option<Payload>>>,
}

impl Feeding {
    pub(super) fn begin(fold: &Running, supplier: Supplier) -> Result<Self> {
        let panic = Arc::new(Mutex::new(None));
        let (theirs, model, panics) = (fold.clone(), fold.model, Arc::clone(&panic));
        let work = BackgroundWork::begin("threefold-feed", move || feed(&theirs, supplier, &panics));
        Ok(Self { work: work.map_err(|error| no_thread(model, error))?, panic })
    }

    /// Whether the iterator or the subscriber has panicked.
    pub(super) fn has_panicked(&self) -> bool {
        self.panic().is_some()
    }

    /// Waits until the thread is done, which it soon is when the iterator has ended.
    ///
    /// # Panics
    ///
    /// If the iterator or the subscriber has panicked.
    pub(super) fn poll_done(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        ready!(Pin::new(&mut self.work).poll(cx));
        if let Some(payload) = self.panic().take() {
            resume_unwind(payload);
        }
        Poll::Ready(())
    }

    fn panic(&self) -> MutexGuard<'_, Option<Payload>> {
        self.panic.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes chunks as long as they are wanted. The iterator, its destructor and the subscriber may panic, each of them.
fn feed(fold: &Fold, mut supplier: Supplier, panic: &Mutex<Option<Payload>>) {
    let mut count = 0;
    // Told when the window moves, and when no further chunks are wanted.
    let waker = unpark::this_thread();
    fold.workers.register(waker.clone());
    // Unwind-safe: the iterator is not used after a panic.
    let supplied = catch_unwind(AssertUnwindSafe(|| {
        // The iterator is the caller's.
        let _listening = fold.scope.listen();
        supply(fold, &mut supplier, &mut count)
    }));
    fold.workers.forget(&waker);
    if let Err(payload) = supplied.unwrap_or_else(Err) {
        keep(panic, payload);
        // The chunks that came before are run: a sequential loop would have had their outputs.
        fold.ends_at(count);
    }
    // Last: a destructor of the user's may wait for who reads the stream.
    if let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(supplier))) {
        keep(panic, payload);
    }
}

/// The same. `count` is the number of chunks that have come. An error is the panic of the iterator. It unwinds if the
/// subscriber panics.
fn supply(fold: &Fold, supplier: &mut Supplier, count: &mut u64) -> Result<(), Payload> {
    while fold.may_start(*count) {
        if !fold.claims().has_room(*count) {
            // Both questions come after the iterator, whose code may park and so use up the token of a wake-up. If the
            // answers change from here on, there is a token, and `park` returns at once.
            if fold.may_start(*count) {
                thread::park();
            }
            continue;
        }
        match catch_unwind(AssertUnwindSafe(&mut *supplier))? {
            Some(come) => {
                *count = come;
                fold.supplied(come);
            }
            None => fold.ends_at(*count),
        }
    }
    Ok(())
}

/// Keeps the first panic.
fn keep(panic: &Mutex<Option<Payload>>, payload: Payload) {
    let mut first = panic.lock().unwrap_or_else(PoisonError::into_inner);
    let others = if first.is_some() { Some(payload) } else { first.replace(payload) };
    drop(first);
    others.into_iter().for_each(panics::drop_quietly);
}
