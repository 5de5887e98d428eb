//! `Notify`: those who wait for something to happen to a fold, and how they are told.
//!
//! Whoever waits registers a waker and then looks; whoever changes something changes it and then tells. A waker is what
//! the standard library calls one: it unparks a thread, polls a future again, or writes to an event descriptor. Wakers
//! return at once and may be called from any thread, more often than needed.

use std::cell::OnceCell;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Wake, Waker};
use std::thread::{self, Thread};

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

/// Unparks a thread.
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
    // A thread that is being torn down has no such storage any more, and may still fold.
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
