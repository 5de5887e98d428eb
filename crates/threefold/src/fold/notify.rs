//! `Notify`: the wakers of those who wait for something to happen in a fold.
//!
//! A thread that waits registers a waker and *then* looks at the state. A thread that changes the state changes it and
//! *then* tells. The lock of the list orders the two: either the waker is found in the list, or the change is seen by
//! the look. So no wake-up is lost. A thread that is told looks again, since wakers may be called more often than
//! needed.
//!
//! A waker is one of the standard library. There are two kinds:
//!
//! - *Wakers of ours* unpark a thread, wake a driver, or write to an event descriptor. They are called while the list is
//!   locked, so they return at once. They may take a lock of their own, such as that of a pool. Therefore no thread may
//!   tell while it holds such a lock.
//! - *The waker of a future* that awaits the fold is somebody else's code. It may drop the future there and then, which
//!   takes any of our locks, or panic. So it is taken out of the list, and called when no lock is held. A thread that
//!   tells while it holds a lock gets this waker back, and calls it later. A waker that was taken out is not called
//!   again: the future registers once more when it is polled.
//!
//! The model checker (crate threefold-loom) compiles this file with locks of its own.

use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::PoisonError;
use std::task::Waker;

use super::sync::{Mutex, MutexGuard};

/// A list of wakers.
#[derive(Debug, Default)]
pub(crate) struct Notify(Mutex<Wakers>);

#[derive(Debug, Default)]
struct Wakers {
    ours: Vec<Waker>,
    /// Of the future that awaits the fold, if there is one and it was not woken since it was polled.
    future: Option<Waker>,
}

impl Notify {
    /// Adds a waker of ours. Returns whether it was not in the list before. Every `tell` calls it from now on. The
    /// caller must look at the state after this call.
    pub(crate) fn register(&self, waker: Waker) -> bool {
        let wakers = &mut self.lock().ours;
        let is_new = !wakers.iter().any(|other| other.will_wake(&waker));
        if is_new {
            wakers.push(waker);
        }
        is_new
    }

    /// Has the waker of a future called by the next `tell`, once. It replaces the one before. The caller must look at
    /// the state after this call.
    pub(crate) fn register_future(&self, waker: &Waker) {
        if self.lock().future.as_ref().is_some_and(|other| other.will_wake(waker)) {
            return;
        }
        // Cloned and dropped without the lock: both are somebody else's code.
        let waker = waker.clone();
        let before = self.lock().future.replace(waker);
        drop(before);
    }

    /// The future is gone: its waker is not called any more.
    pub(crate) fn forget_future(&self) {
        let waker = self.lock().future.take();
        drop(waker);
    }

    /// Removes a waker of ours. The list is locked while wakers are called, so when this returns, the waker is not being
    /// called and never will be.
    pub(crate) fn forget(&self, waker: &Waker) {
        let wakers = &mut self.lock().ours;
        if let Some(at) = wakers.iter().position(|other| other.will_wake(waker)) {
            wakers.swap_remove(at);
        }
    }

    /// Calls every waker: the state has changed. The thread holds no lock.
    pub(crate) fn tell(&self) {
        if let Some(future) = self.tell_ours() {
            wake(future);
        }
    }

    /// Calls the wakers of ours. Returns that of the future, which is to be [woken](wake) when no lock is held.
    #[must_use]
    pub(crate) fn tell_ours(&self) -> Option<Waker> {
        let mut wakers = self.lock();
        wakers.ours.iter().for_each(Waker::wake_by_ref);
        wakers.future.take()
    }

    fn lock(&self) -> MutexGuard<'_, Wakers> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Wakes a future. A panic of the waker must not unwind through the worker that calls it.
pub(crate) fn wake(future: Waker) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(|| future.wake())) {
        // Its destructor might panic as well.
        mem::forget(payload);
    }
}
