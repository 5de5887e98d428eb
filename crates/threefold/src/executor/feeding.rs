//! `Feeding`: an errand that takes the chunks of a stream from an iterator.
//!
//! The iterator may block, so neither a worker nor the caller calls it. While the window has room, the errand takes a chunk
//! and tells the workers that it is there. When the iterator ends, the fold ends after the last chunk that came.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::thread;

use super::awaiting::no_thread;
use crate::backend::Running;
use crate::backend::errand::Errand;
use crate::error::Result;
use crate::fold::{Fold, unpark};
use crate::panics::Payload;
use crate::source::Supplier;

/// The errand, and the panic of the iterator, if it has panicked.
pub(super) struct Feeding {
    errand: Errand<()>,
    panic: Arc<Mutex<Option<Payload>>>,
}

impl Feeding {
    pub(super) fn begin(fold: &Running, supplier: Supplier) -> Result<Self> {
        let panic = Arc::new(Mutex::new(None));
        let (theirs, model, panics) = (fold.clone(), fold.model, Arc::clone(&panic));
        let errand = Errand::begin("threefold-feed", move || feed(&theirs, supplier, &panics));
        Ok(Self { errand: errand.map_err(|error| no_thread(model, error))?, panic })
    }

    /// The panic of the iterator.
    pub(super) fn take_panic(&self) -> Option<Payload> {
        self.panic.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Waits until the errand is back, which it soon is when the iterator has ended.
    pub(super) fn poll_back(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        ready!(Pin::new(&mut self.errand).poll(cx));
        Poll::Ready(())
    }
}

/// Takes chunks as long as they are wanted.
fn feed(fold: &Fold, mut supplier: Supplier, panic: &Mutex<Option<Payload>>) {
    // Told when the window moves, and when no further chunks are wanted.
    let waker = unpark::this_thread();
    fold.workers.register(waker.clone());
    // The iterator is the caller's.
    let _listening = fold.scope.listen();
    let mut count = 0;
    while fold.may_start(count) {
        if !fold.claims().has_room(count) {
            // Both questions come after the iterator, whose code may park and so use up the token of a wake-up. If the
            // answers change from here on, there is a token, and `park` returns at once.
            if fold.may_start(count) {
                thread::park();
            }
            continue;
        }
        match supplier() {
            Ok(Some(come)) => {
                count = come;
                fold.supplied(count);
            }
            Ok(None) => fold.ends_at(count),
            Err(payload) => {
                *panic.lock().unwrap_or_else(PoisonError::into_inner) = Some(payload);
                // The chunks that came before are run: a sequential loop would have had their outputs.
                fold.ends_at(count);
            }
        }
    }
    fold.workers.forget(&waker);
}
