//! Which chunk is to blame if a worker runs out of memory before it has begun one.
//!
//! A worker receives a message whole before it begins the first chunk in it. If a chunk needs more memory than a worker may
//! have, the worker dies while it receives the chunk, and so does each worker that is sent it next. As it has begun
//! nothing, no chunk would be lost, until no worker may be started any more. So the chunk that it was receiving counts as
//! started. That is known if the message has one chunk. If it has several, all are sent again, one by one from then on.
//!
//! Captures can be too large as well. They come before the first chunk, and no chunk is to blame for them. They are, if
//! they are larger than the chunk.

use super::{BLOCK_BYTES, Run};
use crate::error::{End, MemoryLimit};
use crate::remote::carrier::Carrier;
use crate::remote::dispatch::Progress;

/// A lost worker had begun no chunk that it has not answered.
pub(super) const NOTHING_BEGUN: Progress = Progress::Known { done: 0, running: None };

impl<C: Carrier> Run<'_, C> {
    /// How far `worker` had come, which ended so. A chunk that it could not receive counts as running.
    pub(super) fn blamed(&mut self, worker: usize, progress: Progress, end: &End) -> Progress {
        let is_own_limit = matches!(end, End::OutOfMemory { limit: MemoryLimit::Own(_), .. });
        if progress != NOTHING_BEGUN || !is_own_limit || !self.task.source.is_empty() {
            return progress;
        }
        self.careful = true;
        match self.dispatch.due_from(worker) {
            Some(due) if self.dispatch.due_together(worker) == 1 && self.outweighs_captures(due.chunk) => {
                Progress::Known { done: 0, running: Some(due) }
            }
            _ => progress,
        }
    }

    fn outweighs_captures(&self, chunk: u64) -> bool {
        let (captures, mut bytes) = (self.task.captures.len(), Vec::new());
        captures < BLOCK_BYTES || self.port.encode(chunk, &mut bytes).is_ok() && bytes.len() > captures
    }
}
