//! A thread that takes the caller's part in a fold, and lives as long as the fold: where the caller's own thread cannot
//! take it, because its stack is too small or because it is inside an async runtime.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use super::{Running, stack};
use crate::error::Error;
use crate::fold::unpark;

/// Runs `part` on a thread with a stack of `bytes`; this thread is `ready` meanwhile.
pub(super) fn lend(fold: &Running, bytes: usize, ready: &mut dyn FnMut(), part: impl FnOnce() + Send) {
    let is_done = AtomicBool::new(false);
    thread::scope(|scope| {
        let lent = stack::spawn(scope, "threefold-0", bytes, || {
            let waker = unpark::this_thread();
            fold.workers.register(waker.clone());
            part();
            fold.workers.forget(&waker);
            is_done.store(true, Ordering::Release);
            fold.gate.caller.tell();
        });
        if let Err(error) = lent {
            return fold.abort(Error::system(fold.model, "a thread for the fold could not be started", error));
        }
        loop {
            // First: it runs code of the user's, which may park and so use up what was meant to wake this loop.
            ready();
            if is_done.load(Ordering::Acquire) {
                return;
            }
            // The next output, and the end of the part, unpark.
            thread::park();
        }
    });
}
