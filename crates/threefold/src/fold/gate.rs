//! `Gate`: where workers enter a fold and leave it, and the caller waits until none is inside.
//!
//! It is shared apart from the fold, so that a worker can give up the fold, and the user's values in it, before it leaves:
//! once a fold has returned, its caller alone owns what it passed in.

use std::sync::Arc;

use super::claims::Claims;
use super::notify::Notify;

/// The claims of a fold, and who is told when the last worker has left.
#[derive(Debug)]
pub(crate) struct Gate {
    pub(crate) claims: Claims,
    /// The caller: told of the next output or failure that it can take, and of the end.
    pub(crate) caller: Notify,
}

/// A worker inside the gate. It leaves when this is dropped, which must come after it has dropped the fold.
#[derive(Debug)]
pub(crate) struct Inside(Arc<Gate>);

impl Gate {
    pub(crate) fn new(chunks: u64, window: u64) -> Arc<Self> {
        Arc::new(Self { claims: Claims::new(chunks, window), caller: Notify::default() })
    }

    /// A worker enters. Where others may take the fold away meanwhile, this is called under the lock that they need.
    pub(crate) fn enter(self: &Arc<Self>) -> Inside {
        self.claims.enter();
        Inside(Arc::clone(self))
    }

    /// Whether every chunk that may run has run, and nobody is inside.
    pub(crate) fn is_done(&self) -> bool {
        // In this order: see `Claims::is_idle`.
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
