//! Whether a fold has a result: it has all outputs, and all that its tasks have printed is out.

use std::sync::atomic::Ordering;

use super::Fold;
#[cfg(feature = "processes")]
use crate::error::Error;

impl Fold {
    /// Something that tasks have printed is lost: the whole fold stops. The outputs are no result then, though all are there.
    #[cfg(feature = "processes")]
    pub(crate) fn fail_to_print(&self, error: Error) {
        // Relaxed: the caller of the fold does this itself, or ends the fold when the thread that does it has ended.
        self.unprinted.store(true, Ordering::Relaxed);
        self.abort(error);
    }

    /// Whether a fold that has given all outputs has a result.
    pub(crate) fn is_whole(&self) -> bool {
        !self.unprinted.load(Ordering::Relaxed) && (self.policy.keeps_going || !self.is_cancelled())
    }
}
