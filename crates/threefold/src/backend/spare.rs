//! `Spare`: the threads that do the [errands](super::errand) of an executor. One of them is kept for the next errand.
//!
//! Starting a thread costs more than waking one. So a thread that has done an errand waits at a [berth](super::berth) for
//! the next one, if no other thread waits there. An errand that comes meanwhile has a thread of its own: folds that are
//! nested in each other never wait for a thread.
//!
//! The thread that waits ends with the executor, which joins it. A thread that still runs an errand has a clone of the
//! executor, and ends after it has dropped that.

use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};
use std::{io, mem};

use super::berth::Berth;
use super::fork::Identity;
use super::stack;

/// What a thread does. It never unwinds.
type Job = Box<dyn FnOnce() + Send>;

/// The threads that do errands. Dropping it ends the thread that waits for the next one.
pub(super) struct Spare(Arc<Berth<Job, Own>>);

/// What is known of a thread.
struct Own {
    handle: JoinHandle<()>,
    /// The process in which it runs. A fork of this process has this memory, and not the thread.
    process: Identity,
}

impl Own {
    fn is_here(&self) -> bool {
        self.process.is_this()
    }
}

impl Spare {
    pub(super) fn new() -> Self {
        Self(Arc::new(Berth::new()))
    }

    /// Has a thread do `job`: the one that waits, or a new one with this name and a stack of `bytes`.
    ///
    /// # Errors
    ///
    /// The system refuses a thread.
    pub(super) fn run(&self, name: &str, bytes: usize, job: Job) -> io::Result<()> {
        let Err(job) = self.0.give(job, Own::is_here) else { return Ok(()) };
        let berth = Arc::clone(&self.0);
        let (to_thread, own) = mpsc::sync_channel(1);
        let thread = thread::Builder::new().name(name.to_string()).stack_size(bytes);
        let handle = thread.spawn(move || {
            stack::note(bytes);
            job();
            let mut next = own.recv().ok();
            // After the errand has woken its future: the waker is code of somebody else, and may itself begin an errand.
            while let Some((job, own)) = next.take().and_then(|own| berth.wait(own)) {
                job();
                next = Some(own);
            }
        })?;
        // It does not wait: there is room for one.
        let _ = to_thread.send(Own { handle, process: Identity::this() });
        Ok(())
    }
}

impl Drop for Spare {
    fn drop(&mut self) {
        match self.0.close() {
            Some(own) if own.is_here() => drop(own.handle.join()),
            // Such a thread can be neither joined nor detached.
            Some(own) => mem::forget(own),
            None => {}
        }
    }
}
