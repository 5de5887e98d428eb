//! The kinds of failure that an `Error` tells apart.

use super::{Cause, End, Error};

impl Error {
    /// Whether the task panicked.
    pub fn is_panic(&self) -> bool {
        matches!(self.0.cause, Cause::Panic { .. })
    }

    /// Whether a worker process came to its end while it ran the chunk, or with the chunk's output. Not where that was
    /// our doing, for a chunk that took too long: see [`is_timeout`](Self::is_timeout).
    pub fn is_worker_lost(&self) -> bool {
        self.lost().is_some_and(|lost| !matches!(lost.end, End::Deadline(_)))
    }

    /// Whether a chunk took longer than it was given.
    pub fn is_timeout(&self) -> bool {
        self.lost().is_some_and(|lost| matches!(lost.end, End::Deadline(_)))
    }

    /// Whether the worker process was lost for want of memory: it ran into its own limit, or, as far as can be told, into
    /// the machine's.
    pub fn is_out_of_memory(&self) -> bool {
        self.lost().is_some_and(|lost| matches!(lost.end, End::OutOfMemory { .. }))
    }

    /// Whether the fold was cancelled.
    pub fn is_cancelled(&self) -> bool {
        matches!(self.0.cause, Cause::Cancelled)
    }

    /// Whether the task, a chunk or an output could not be serialized, or was not the same after it was restored.
    pub fn is_serialization(&self) -> bool {
        matches!(self.0.cause, Cause::Unportable { .. })
    }

    /// Whether the work could not be started at all: an option that the model cannot keep, a source that cannot be
    /// cut, a worker that cannot be started.
    pub fn is_setup(&self) -> bool {
        matches!(self.0.cause, Cause::Setup { .. })
    }
}
