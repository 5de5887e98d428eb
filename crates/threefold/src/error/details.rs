//! What an `Error` knows.

use std::time::Duration;

use super::{Cause, End, Error};
use crate::model::Model;

impl Error {
    /// The name of the task.
    pub fn task(&self) -> Option<&str> {
        self.0.place.task
    }

    /// The number of the chunk, counted from 0.
    pub fn chunk(&self) -> Option<u64> {
        self.0.place.chunk
    }

    /// What the chunk covers: `500001..=750000`, `items 4096..8192`, `item 7`.
    pub fn range(&self) -> Option<&str> {
        self.0.place.range.as_deref()
    }

    /// The model that ran the fold.
    pub fn model(&self) -> Option<Model> {
        self.0.place.model
    }

    /// The number of the worker, counted from 0, where workers can be lost.
    pub fn worker(&self) -> Option<usize> {
        self.0.place.worker
    }

    /// The process id of the worker process.
    pub fn pid(&self) -> Option<u32> {
        self.0.place.pid
    }

    /// The signal that ended the worker process.
    pub fn signal(&self) -> Option<i32> {
        match self.lost()?.end {
            End::Signal(signal) | End::OutOfMemory { signal, .. } => Some(signal),
            _ => None,
        }
    }

    /// The code that the worker process exited with.
    pub fn exit_code(&self) -> Option<i32> {
        match self.lost()?.end {
            End::Exit(code) => Some(code),
            _ => None,
        }
    }

    /// Which attempt at the chunk failed, counted from 1.
    pub fn attempt(&self) -> Option<u32> {
        self.0.place.attempt.map(|attempt| attempt.number)
    }

    /// How many attempts at the chunk were allowed.
    pub fn attempts(&self) -> Option<u32> {
        self.0.place.attempt.map(|attempt| attempt.of)
    }

    /// How long the chunk had been running when its worker was lost.
    pub fn ran_for(&self) -> Option<Duration> {
        self.lost()?.ran_for
    }

    /// The largest resident memory of the lost worker that was seen, in bytes. A lower bound: it is looked at now and
    /// then, and may have grown since.
    pub fn memory(&self) -> Option<u64> {
        self.lost()?.memory
    }

    /// The last lines that the lost worker wrote to its standard error, the oldest first.
    pub fn stderr_tail(&self) -> &[String] {
        self.lost().map_or(&[], |lost| &lost.stderr_tail)
    }

    /// The smallest piece of the chunk that is lost by itself, where [`bisect`](crate::Builder::bisect) was
    /// asked for and the chunk could be taken apart.
    pub fn smallest_range(&self) -> Option<&str> {
        self.lost()?.smallest_range.as_deref()
    }

    /// The chunks that were done, but whose outputs were lost with the worker, in ascending order.
    pub fn also_lost(&self) -> &[u64] {
        self.lost().map_or(&[], |lost| &lost.also)
    }

    /// The file, line and column of a panic: `src/main.rs:10:5`.
    pub fn panic_location(&self) -> Option<&str> {
        match &self.0.cause {
            Cause::Panic { at, .. } => at.as_deref(),
            _ => None,
        }
    }
}
