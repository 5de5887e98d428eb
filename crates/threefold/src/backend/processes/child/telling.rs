//! What a worker is told of tasks, and of memory that this process shares: where it is, and that it is freed.

use super::Worker;
use crate::remote::carrier::Telling;
use crate::shared::memory::Memory;

impl Worker {
    /// Tells it where that memory is, if it has not been told. The message waits in the outbox.
    pub(in crate::backend::processes) fn map(&mut self, memory: &Memory) {
        self.arrays.tell(memory, self.outbox.end());
    }

    /// Makes this its task. The messages wait in the outbox.
    pub(in crate::backend::processes) fn tell_task(&mut self, task: &Telling<'_>) {
        self.tasks.tell(task, self.outbox.end());
    }

    /// Tells it of the memory that is freed, after it has dropped the tasks with this memory. The messages wait in the
    /// outbox.
    pub(in crate::backend::processes) fn forget_freed(&mut self) {
        let Self { arrays, tasks, outbox, .. } = self;
        arrays.forget_freed(outbox.end(), |number, out| tasks.forget_array(number, out));
    }

    /// The same at once, for a worker without work.
    pub(in crate::backend::processes) fn forget_freed_now(&mut self) {
        self.forget_freed();
        self.send();
    }
}
