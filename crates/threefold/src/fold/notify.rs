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

use std::cell::OnceCell;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Wake, Waker};
use std::thread::{self, Thread};

/// A list of wakers.
#[derive(Debug, Default)]
pub(crate) struct Notify(Mutex<Vec<Waker>>);

impl Notify {
    /// Adds `waker`, which is called at every `tell` from now on. Look at the state after this call.
    pub(crate) fn register(&self, waker: Waker) {
        self.lock().push(waker);
    }

    /// Removes `waker`.
    #[cfg(feature = "async")]
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

/// The waker of a thread.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.unpark();
    }
}

/// A waker that unparks this thread.
pub(crate) fn this_thread() -> Waker {
    thread_local! {
        static WAKER: OnceCell<Waker> = const { OnceCell::new() };
    }
    let make = || Waker::from(Arc::new(Unpark(thread::current())));
    // A thread that is being torn down has no thread-local storage any more, and may still fold in a destructor.
    WAKER.try_with(|waker| waker.get_or_init(make).clone()).unwrap_or_else(|_| make())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_that_registered_is_unparked_until_it_is_forgotten() {
        let notify = Notify::default();
        notify.register(this_thread());
        notify.tell();
        thread::park(); // returns: the token is there
        notify.forget(&this_thread());
        assert!(notify.lock().is_empty());
    }
}
