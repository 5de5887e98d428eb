//! `Notify`: the wakers of those who wait for something to happen in a fold.
//!
//! A thread that waits registers a waker and *then* looks at the state. A thread that changes the state changes it and
//! *then* tells. The lock of the list orders the two: either the waker is found in the list, or the change is seen by
//! the look. So no wake-up is lost. A thread that is told looks again, since wakers may be called more often than
//! needed.
//!
//! A waker is one of the standard library: it unparks a thread, has a future polled again, or writes to an event
//! descriptor. It is called while the list is locked, so it must return at once. It may take a lock of its own, such as
//! that of a pool. Therefore no thread may tell while it holds such a lock.
//!
//! The model checker (crate threefold-loom) compiles this file with locks of its own.

use std::sync::PoisonError;
use std::task::Waker;

use super::sync::{Mutex, MutexGuard};

/// A list of wakers.
#[derive(Debug, Default)]
pub(crate) struct Notify(Mutex<Vec<Waker>>);

impl Notify {
    /// Adds `waker`. Returns whether it was not in the list before. Every `tell` calls it from now on. The caller must
    /// look at the state after this call.
    pub(crate) fn register(&self, waker: Waker) -> bool {
        let mut wakers = self.lock();
        let is_new = !wakers.iter().any(|other| other.will_wake(&waker));
        if is_new {
            wakers.push(waker);
        }
        is_new
    }

    /// Removes `waker`. The list is locked while wakers are called, so when this returns, the waker is not being called
    /// and never will be.
    pub(crate) fn forget(&self, waker: &Waker) {
        let mut wakers = self.lock();
        if let Some(at) = wakers.iter().position(|other| other.will_wake(waker)) {
            wakers.swap_remove(at);
        }
    }

    /// Calls every waker: the state has changed.
    pub(crate) fn tell(&self) {
        self.lock().iter().for_each(Waker::wake_by_ref);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Waker>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
