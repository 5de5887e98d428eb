//! `Gate`: where workers enter a fold and leave it, and where the caller waits until nobody is inside.
//!
//! A worker that helps holds the fold in an `Arc`, and with it the source and the task. When the verb returns, the
//! caller must own these alone again: the last drop of the user's values must not happen later on some other thread. So
//! a worker drops the fold *before* it leaves the gate, and therefore the gate has an `Arc` of its own. It is made when the
//! first worker comes, or when the caller must wait: a fold that its caller runs alone has none.
//!
//! The caller itself does not enter. It knows when its own part has ended.

use std::sync::Arc;

use super::notify::Notify;
use super::sync::{AtomicUsize, Ordering};

/// How many workers are inside of a fold, and its caller, who is told when the last one has left.
#[derive(Debug)]
pub(crate) struct Gate {
    /// The number of workers between `enter` and the drop of what it gives.
    inside: AtomicUsize,
    /// The caller. It is told of the next output or failure that it can take, and of the end.
    pub(crate) caller: Notify,
}

/// A worker that is inside the gate. It leaves when this is dropped; it must have dropped the fold by then.
#[derive(Debug)]
pub(crate) struct Inside(Arc<Gate>);

impl Gate {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { inside: AtomicUsize::new(0), caller: Notify::default() })
    }

    /// Lets a worker in, before its first claim.
    ///
    /// A worker that finds the fold in a list must call this under the lock of the list. Whoever takes the fold off the
    /// list needs the same lock, so after that no further worker can come in, and `is_idle` stays true once it is.
    pub(crate) fn enter(self: &Arc<Self>) -> Inside {
        // Acquire: an `enter` that comes after an `is_idle` must see what the caller saw. The proof is there.
        self.inside.fetch_add(1, Ordering::AcqRel);
        Inside(Arc::clone(self))
    }

    /// How many workers are inside, at about this time. It proves nothing: see [`is_idle`](Self::is_idle).
    pub(crate) fn inside(&self) -> usize {
        self.inside.load(Ordering::Relaxed)
    }

    /// Whether no worker is inside.
    ///
    /// After a caller has seen [`is_over`](super::claims::Claims::is_over) and then this, every chunk below the limit has
    /// been run, its output is visible to the caller, and no chunk will start any more. For the caller's own chunks that
    /// is so by the order of its steps. For those of others the proof takes the order in which `inside` was changed:
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
