//! `Spare`: the threads that do the [background work](super::background) of an executor. One of them is kept for the
//! next work.
//!
//! Starting a thread costs more than waking one. So a thread that has done its work waits at an [idle
//! slot](super::idle_slot) for more, if no other thread waits there. Work that comes meanwhile has a thread of its own:
//! folds that are nested in each other never wait for a thread.
//!
//! The thread that waits ends with the executor, which joins it. A thread that still works has a clone of the executor,
//! and ends after it has dropped that.
//!
//! A fork of the process has none of these threads, and one of them may have held the lock of the slot. So a fork has a
//! slot of its own.

use std::io;
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};

use super::fork::Own;
use super::idle_slot::IdleSlot;
use super::stack;

/// What a thread does.
type Job = Box<dyn FnOnce() + Send>;

/// The threads that do background work. Dropping it ends the thread that waits for the next one.
pub(super) struct Spare(Own<Arc<IdleSlot<Job, JoinHandle<()>>>>);

impl Spare {
    pub(super) fn new() -> Self {
        Self(Own::new(Arc::new(IdleSlot::new())))
    }

    fn slot(&self) -> &Arc<IdleSlot<Job, JoinHandle<()>>> {
        self.0.get(|_| Arc::new(IdleSlot::new()))
    }

    /// Has a thread do `job`: the one that waits, or a new one with this name and a stack of `bytes`.
    ///
    /// # Errors
    ///
    /// The system refuses a thread.
    pub(super) fn run(&self, name: &str, bytes: usize, job: Job) -> io::Result<()> {
        let Err(job) = self.slot().give(job) else { return Ok(()) };
        let slot = Arc::clone(self.slot());
        let (to_thread, own) = mpsc::sync_channel(1);
        let thread = thread::Builder::new().name(name.to_string()).stack_size(bytes);
        let handle = thread.spawn(move || {
            stack::note(bytes);
            job();
            let mut next = own.recv().ok();
            // After the work has woken its future: the waker is code of somebody else, and may itself begin background
            // work.
            while let Some((job, own)) = next.take().and_then(|own| slot.wait(own)) {
                job();
                next = Some(own);
            }
        })?;
        // It does not wait: there is room for one.
        let _ = to_thread.send(handle);
        Ok(())
    }
}

impl Drop for Spare {
    fn drop(&mut self) {
        if let Some(thread) = self.slot().close() {
            let _ = thread.join();
        }
    }
}
