//! `Unpark`: how a thread that waits for something to happen to a fold is told.

use std::cell::OnceCell;
use std::sync::Arc;
use std::task::{Wake, Waker};
use std::thread::{self, Thread};

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
    use crate::fold::notify::Notify;

    #[test]
    fn a_thread_that_registered_is_unparked_until_it_is_forgotten() {
        let notify = Notify::default();
        notify.register(this_thread());
        notify.tell();
        thread::park(); // returns: the token is there
        notify.forget(&this_thread());
        assert!(format!("{notify:?}").contains("ours: []"), "{notify:?}");
    }
}
