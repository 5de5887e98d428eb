//! `StandIn`: takes the caller's part in a fold, on a thread that lives as long as the fold.
//!
//! A caller that blocks [lends](lend) its part if its own thread cannot take it: its stack is too small, or it is inside
//! an async runtime. A caller that awaits the fold never takes part. A [background thread](super::background) does it.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

#[cfg(feature = "async")]
use tokio::runtime::Handle;

use super::grain::{GrainSize, Lap};
use super::{Caller, Running, stack};
use crate::error::Error;
use crate::fold::unpark;

/// The stack of the thread to which the caller must lend its part in a fold of plain functions, since it is inside an async
/// runtime. A plain function may block there, and may enter a runtime of its own.
pub(super) fn leaves_runtime(_fold: &Running) -> Option<usize> {
    #[cfg(feature = "async")]
    if Handle::try_current().is_ok() && !_fold.job.is_async() {
        return Some(stack::same());
    }
    None
}

/// Runs `part` on a new thread with a stack of `bytes`. The caller waits for it, and takes and reduces outputs
/// meanwhile.
pub(super) fn lend(fold: &Running, bytes: usize, caller: &mut dyn Caller, part: impl FnOnce(&mut StandIn<'_>) + Send) {
    fold.gate().caller.register(unpark::this_thread());
    let is_done = AtomicBool::new(false);
    thread::scope(|scope| {
        let lent = stack::spawn(scope, "threefold-0", bytes, || {
            let _done = Done(fold, &is_done);
            stand_in(fold, part);
        });
        if let Err(error) = lent {
            return fold.abort(Error::system(fold.model, "a thread for the fold could not be started", error));
        }
        loop {
            // First: it runs code of the user's, which may park and so use up what was meant to wake this loop.
            caller.ready();
            if is_done.load(Ordering::Acquire) {
                return;
            }
            // The next output, and the end of the part, unpark.
            thread::park();
        }
    });
}

/// Tells the caller that the part has ended when this is dropped, also if a fault of ours unwinds.
struct Done<'a>(&'a Running, &'a AtomicBool);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        let Self(fold, is_done) = self;
        is_done.store(true, Ordering::Release);
        fold.gate().caller.tell();
    }
}

/// Has a stand-in take `part` in `fold` on this thread. It is woken when the window opens and when the limit falls.
pub(crate) fn stand_in(fold: &Running, part: impl FnOnce(&mut StandIn<'_>)) {
    let waker = unpark::this_thread();
    fold.workers.register(waker.clone());
    part(&mut StandIn { fold, grain: GrainSize::new(1, None), lap: Lap::new() });
    fold.workers.forget(&waker);
}

/// Takes the caller's part on another thread. It runs chunks and keeps their outputs for the caller.
pub(crate) struct StandIn<'a> {
    fold: &'a Running,
    grain: GrainSize,
    lap: Lap,
}

impl Caller for StandIn<'_> {
    /// The block may be the whole fold. It is divided, so that the caller gets outputs before the end of the block.
    fn run(&mut self, block: Range<u64>) {
        let mut next = block.start;
        while next < block.end {
            let end = next + self.grain.size(block.end - next);
            self.fold.run(next..end, 0);
            if self.grain.ran(end - next) {
                self.grain.took(self.lap.time());
            }
            next = end;
        }
    }

    fn ready(&mut self) {}

    #[cfg(feature = "async")]
    fn reduces(&self) -> bool {
        false
    }
}
