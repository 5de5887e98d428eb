//! What a worker is told of memory that this process shares: where it is, and that it is freed.

use super::Worker;
use crate::shared::memory::Memory;

impl Worker {
    /// Tells it where that memory is, if it has not been told. The message waits in the outbox.
    pub(in crate::backend::processes) fn map(&mut self, memory: &Memory) {
        self.arrays.tell(memory, self.outbox.end());
    }

    /// Tells it of the memory that is freed. It has no task afterwards. The message waits in the outbox.
    pub(in crate::backend::processes) fn forget_freed(&mut self) {
        if self.arrays.forget_freed(self.outbox.end()) {
            self.task = None;
        }
    }

    /// The same at once, for a worker without work.
    pub(in crate::backend::processes) fn forget_freed_now(&mut self) {
        self.forget_freed();
        self.send();
    }
}
