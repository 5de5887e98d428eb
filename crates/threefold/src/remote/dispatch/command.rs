//! `Command`: what the dispatcher wants done.

use super::Block;

/// What is to be done now. Workers go by their numbers, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    /// Start a worker.
    Start { worker: usize },
    /// Send a worker these chunks. `Dispatch::cut` says so where not all of them were sent.
    Send { worker: usize, block: Block },
    /// Have a worker give back the chunks from `from` on that it has not started. They are of the block that it runs.
    /// Another worker has nothing to do. It is never wrong to do nothing instead.
    Recall { worker: usize, from: u64 },
    /// Tell a worker to terminate, since its chunk has run for too long. `Dispatch::spare` takes it back where that
    /// chunk has just ended.
    Terminate { worker: usize },
    /// Kill a worker that was told to terminate. That it is gone is reported later, as of any worker.
    Kill { worker: usize },
    /// End a worker that does nothing, and report it as lost.
    Discard { worker: usize },
    /// Dismiss a worker that has run as many chunks as it may. It is forgotten here at once.
    Retire { worker: usize },
    /// Tell with `Dispatch::saw` what each busy worker is doing.
    Look,
    /// No worker is there and none can be started: the fold has failed. Nothing is left to do.
    GiveUp,
}
