//! `SharedTask`: the task of a session in one rank. It is sent once to the rank, and all workers of the session use it.
//!
//! One worker is sent the task, and reads it. The others are only told its number. They wait until it is read, which
//! takes no longer than if they read it themselves. The reader is not busy with anything else: a fold tells of its task
//! before it sends any chunk, and all chunks of the fold before have been answered.

use std::sync::{Condvar, Mutex, PoisonError};

use crate::remote::serve::Found;

/// The task that was read last. Tasks of a session are numbered from 1.
#[derive(Default)]
pub(super) struct SharedTask {
    last: Mutex<Last>,
    read: Condvar,
}

#[derive(Default)]
struct Last {
    number: u32,
    /// The task, or the panic of the code that read it; `None` if it cannot be read.
    task: Option<Found>,
}

impl SharedTask {
    /// This task was read.
    pub(super) fn publish(&self, number: u32, task: Option<&Found>) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        *last = Last { number, task: task.map(another) };
        self.read.notify_all();
    }

    /// The task with that number, once it is read; `None` if it cannot be.
    pub(super) fn get(&self, number: u32) -> Option<Found> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let is_read = |last: &mut Last| last.number < number;
        let last = self.read.wait_while(last, is_read).unwrap_or_else(PoisonError::into_inner);
        last.task.as_ref().map(another)
    }
}

/// The same task for another thread.
fn another(found: &Found) -> Found {
    match found {
        Ok(task) => Ok(task.another()),
        Err(panic) => Err(panic.clone()),
    }
}
