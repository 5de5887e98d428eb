//! `Notify`: those who wait for something to happen to a fold, and how they are told.
//!
//! Whoever waits registers a waker and then looks; whoever changes something changes it and then tells. A waker is what
//! the standard library calls one: it unparks a thread, polls a future again, or writes to an event descriptor. Wakers
//! return at once and may be called from any thread, more often than needed.
//!
//! The model checker (crate threefold-loom) compiles this file with locks of its own.

use std::sync::PoisonError;
use std::task::Waker;

use super::sync::{Mutex, MutexGuard};

/// Wakers to be told.
#[derive(Debug, Default)]
pub(crate) struct Notify(Mutex<Vec<Waker>>);

impl Notify {
    /// Has `waker` called at everything that is told from now on. Look at the state once more after this.
    pub(crate) fn register(&self, waker: Waker) {
        self.lock().push(waker);
    }

    /// The opposite of [`register`](Self::register).
    #[cfg(feature = "async")]
    pub(crate) fn forget(&self, waker: &Waker) {
        let mut wakers = self.lock();
        if let Some(at) = wakers.iter().position(|other| other.will_wake(waker)) {
            wakers.swap_remove(at);
        }
    }

    /// Tells all: something has changed.
    pub(crate) fn tell(&self) {
        self.lock().iter().for_each(Waker::wake_by_ref);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Waker>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
