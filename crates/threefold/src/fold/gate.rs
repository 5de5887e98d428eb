//! `Gate`: where workers enter a fold and leave it, and where the caller waits until nobody is inside.
//!
//! A worker that helps holds the fold in an `Arc`, and with it the source and the task. When the verb returns, the
//! caller must own these alone again: the last drop of the user's values must not happen later on some other thread. So
//! a worker drops the fold *before* it leaves the gate, and therefore the gate has an `Arc` of its own. The gate is
//! made when the first worker enters, or when the caller must wait or is told something. A small fold that its caller
//! runs alone has no gate.
//!
//! The caller itself does not enter the gate. It knows when its own part has ended.

use std::sync::Arc;

use super::notify::Notify;
use super::sync::{AtomicBool, AtomicUsize, Ordering};

/// The number of workers inside a fold, and the waker of its caller, which is called when the last worker has left.
#[derive(Debug)]
pub(crate) struct Gate {
    /// The number of workers that have called `enter` and have not dropped the [`Inside`] that it returned.
    inside: AtomicUsize,
    /// Whether a worker has entered.
    was_entered: AtomicBool,
    /// The waker of the caller. It is called for the next output or failure that the caller can take, and at the end.
    pub(crate) caller: Notify,
}

/// A worker that is inside the gate. It leaves when this is dropped; it must have dropped the fold by then.
#[derive(Debug)]
pub(crate) struct Inside(Arc<Gate>);

impl Gate {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { inside: AtomicUsize::new(0), was_entered: AtomicBool::new(false), caller: Notify::default() })
    }

    /// Lets a worker in, before its first claim.
    ///
    /// A worker that finds the fold in a list must call this under the lock of the list. Whoever takes the fold off the
    /// list needs the same lock, so after that no further worker can come in, and `is_idle` stays true once it is.
    pub(crate) fn enter(self: &Arc<Self>) -> Inside {
        // Acquire: an `enter` that comes after an `is_idle` must see what the caller saw. The proof is at `is_idle`.
        self.inside.fetch_add(1, Ordering::AcqRel);
        // Relaxed: nothing else depends on it.
        self.was_entered.store(true, Ordering::Relaxed);
        Inside(Arc::clone(self))
    }

    /// How many workers are inside, as an estimate: the load is relaxed. For a proof see [`is_idle`](Self::is_idle).
    pub(crate) fn inside(&self) -> usize {
        self.inside.load(Ordering::Relaxed)
    }

    /// Whether a worker has entered before, as an estimate.
    pub(crate) fn was_entered(&self) -> bool {
        self.was_entered.load(Ordering::Relaxed)
    }

    /// Whether no worker is inside.
    ///
    /// After a caller has seen [`is_over`](super::claims::Claims::is_over) and then this, every chunk below the limit
    /// has been run, its output is visible to the caller, and no chunk will start any more. For the caller's own chunks
    /// this follows from the order of its steps. For the chunks of other workers the proof uses the modification order
    /// of `inside`:
    ///
    /// - A worker whose `enter` comes before this operation was counted. The count is 0 here, so it has left, and this
    ///   operation reads a value that was written when it left or after that. All changes of `inside` are
    ///   read-modify-writes and continue the release sequence of that step, so its outputs are visible here.
    /// - A worker whose `enter` comes after this operation reads a value that was written by it or after it. Its
    ///   acquire synchronises with the release here, so it sees `next` and `limit` at least as the caller saw them in
    ///   `is_over`, and its first claim gives nothing.
    pub(crate) fn is_idle(&self) -> bool {
        // A read-modify-write and not a load, so that a later `enter` can synchronise with it.
        self.inside.fetch_add(0, Ordering::AcqRel) == 0
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        // Release: whoever sees the count fall also sees the outputs that were written before.
        if self.0.inside.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.caller.tell();
        }
    }
}
