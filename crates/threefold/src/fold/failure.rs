//! How the failure of a chunk becomes an `Error`: its place, its attempt, its cause.

use std::thread;
use std::time::{Duration, Instant};

use super::{Fold, unpark};
use crate::error::{Attempt, Cause, Error, Place};
#[cfg(any(feature = "async", feature = "processes"))]
use crate::error::{End, Lost};
use crate::panics::{self, Panic};

impl Fold {
    /// The place of a failure of `chunk`. Who knows the worker or the attempt adds it.
    pub(crate) fn place(&self, chunk: u64) -> Place {
        Place { chunk: Some(chunk), range: Some(self.job.describe(chunk)), ..self.place_of_all() }
    }

    /// The place of a failure that belongs to no chunk.
    pub(crate) fn place_of_all(&self) -> Place {
        Place { model: Some(self.model), task: Some(self.job.task()), ..Place::default() }
    }

    /// Whether a chunk that panicked at this attempt is run again.
    pub(crate) fn retries_panic(&self, attempt: u32) -> bool {
        attempt < self.policy.attempts_at_panics()
    }

    /// Whether a chunk whose output is an `Err` at this attempt is run again.
    pub(crate) fn retries_error(&self, attempt: u32) -> bool {
        attempt < self.policy.attempts_at_errors()
    }

    /// The error of an attempt that returned an `Err`, and is made again.
    pub(crate) fn returned_err(&self, chunk: u64, attempt: u32, at: Place) -> Error {
        let attempt = Attempt { number: attempt, of: self.policy.attempts_at_errors() };
        Error::new(Cause::Returned, Place { attempt: Some(attempt), ..self.place(chunk).at(at) })
    }

    /// How long a chunk waits after this attempt before it is run again. This runs a closure of the user's. If the
    /// closure panics, the fold ends.
    pub(crate) fn pause(&self, attempt: u32) -> Duration {
        let Some(backoff) = &self.policy.backoff else { return Duration::ZERO };
        panics::catch_payload(|| (backoff.0)(attempt)).unwrap_or_else(|payload| {
            let reason = format!("the closure of backoff panicked: {}", panics::describe(payload).message);
            self.abort(Error::setup(Some(self.model), reason));
            Duration::ZERO
        })
    }

    /// Waits on this thread before `chunk` is run again, as long as the chunk is wanted.
    pub(crate) fn wait_before(&self, chunk: u64, attempt: u32) {
        let pause = self.pause(attempt);
        if pause.is_zero() {
            return;
        }
        let since = Instant::now();
        let waker = unpark::this_thread();
        // A fall of the limit unparks. If this thread was registered before, it stays so.
        let is_new = self.workers.register(waker.clone());
        while self.may_start(chunk)
            && let Some(rest) = pause.checked_sub(since.elapsed()).filter(|rest| !rest.is_zero())
        {
            thread::park_timeout(rest);
        }
        if is_new {
            self.workers.forget(&waker);
        }
    }

    /// Chunk `chunk` panicked for good, at this attempt, at that worker.
    pub(crate) fn panicked(&self, chunk: u64, attempt: u32, at: Place, panic: Panic) {
        self.fail(chunk, self.panic(chunk, attempt, at, panic));
    }

    /// The error of a chunk that panicked.
    pub(crate) fn panic(&self, chunk: u64, attempt: u32, at: Place, panic: Panic) -> Error {
        let attempt = Attempt { number: attempt, of: self.policy.attempts_at_panics() };
        let place = Place { attempt: Some(attempt), ..self.place(chunk).at(at) };
        Error::new(panic.into(), place)
    }

    /// Chunk `chunk` failed because it, or its output, cannot be serialized.
    pub(crate) fn unsent(&self, chunk: u64, cause: Cause) {
        self.fail(chunk, Error::new(cause, self.place(chunk)));
    }

    /// The error of a chunk that ran out of time without the loss of its worker, at this attempt, on the worker `at`.
    #[cfg(any(feature = "async", feature = "processes"))]
    pub(crate) fn timeout(&self, chunk: u64, attempt: u32, at: Place, ran_for: Duration) -> Error {
        let end = End::Deadline(self.policy.timeout.unwrap_or(ran_for));
        let lost = Lost { ran_for: Some(ran_for), ..Lost::new(end) };
        let attempt = Attempt { number: attempt, of: self.policy.attempts() };
        let place = Place { attempt: Some(attempt), ..self.place(chunk).at(at) };
        Error::new(Cause::Lost(Box::new(lost)), place)
    }
}
