//! `Gate`: where workers enter a fold and leave it, and where the caller waits until nobody is inside.
//!
//! A worker that helps holds the fold in an `Arc`, and with it the source and the task. When the verb returns, the
//! caller must own these alone again: the last drop of the user's values must not happen later on some other thread. So
//! a worker drops the fold *before* it leaves the gate, and therefore the gate has an `Arc` of its own.

use std::sync::Arc;

use super::claims::Claims;
use super::notify::Notify;

/// The claims of a fold, and the caller, who is told when the last worker has left.
#[derive(Debug)]
pub(crate) struct Gate {
    pub(crate) claims: Claims,
    /// The caller. It is told of the next output or failure that it can take, and of the end.
    pub(crate) caller: Notify,
}

/// A worker that is inside the gate. It leaves when this is dropped; it must have dropped the fold by then.
#[derive(Debug)]
pub(crate) struct Inside(Arc<Gate>);

impl Gate {
    pub(crate) fn new(chunks: u64, window: u64) -> Arc<Self> {
        Arc::new(Self { claims: Claims::new(chunks, window), caller: Notify::default() })
    }

    /// Lets a worker in.
    ///
    /// A worker that finds the fold in a list must call this under the lock of the list. Whoever takes the fold off the
    /// list needs the same lock, so after that no further worker can come in, and `is_done` stays true once it is.
    pub(crate) fn enter(self: &Arc<Self>) -> Inside {
        self.claims.enter();
        Inside(Arc::clone(self))
    }

    /// Whether every chunk that may run has run, and nobody is inside.
    pub(crate) fn is_done(&self) -> bool {
        // The order matters: see `Claims::is_idle`.
        self.claims.is_over() && self.claims.is_idle()
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        if self.0.claims.leave() {
            self.0.caller.tell();
        }
    }
}
