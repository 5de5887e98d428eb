//! `Options`: what the user asked of a builder, and whether the model can do it.

use std::num::NonZero;
use std::thread;
use std::time::Duration;

use crate::error::{Error, Result};
use crate::fold::policy::Policy;
use crate::model::{Capabilities, Model};

/// The options that [`Builder`](crate::Builder) collects.
#[derive(Clone, Debug, Default)]
pub(crate) struct Options {
    pub(crate) workers: Option<usize>,
    pub(crate) in_flight: Option<usize>,
    pub(crate) memory_limit: Option<u64>,
    pub(crate) chunks_per_worker: Option<usize>,
    pub(crate) stack_size: Option<usize>,
    pub(crate) isolate: bool,
    pub(crate) silence: Option<Duration>,
    /// The runtime for async tasks.
    #[cfg(feature = "async")]
    pub(crate) runtime: Option<tokio::runtime::Handle>,
    pub(crate) policy: Policy,
    /// How many cores the workers may use, where that is not all of this process: see [`share`](super::share).
    pub(crate) cores: Option<usize>,
}

/// A larger number of workers is taken for a typing error: it would exhaust the machine before any work is done.
pub(crate) const MOST_WORKERS: usize = 4096;

/// The smallest stack, in bytes. A thread of a pool needs this much before it runs any task.
const LEAST_STACK: usize = 64 << 10;

/// An option that not every model supports: whether it was asked for, its name, what a model needs for it, and why.
type Limited = (bool, &'static str, fn(&Capabilities) -> bool, &'static str);

impl Options {
    /// The number of workers that was asked for, or `default`.
    pub(crate) fn workers(&self, default: usize) -> usize {
        self.workers.unwrap_or(default)
    }

    /// Whether a runtime was given.
    fn has_runtime(&self) -> bool {
        #[cfg(feature = "async")]
        let has_runtime = self.runtime.is_some();
        #[cfg(not(feature = "async"))]
        let has_runtime = false;
        has_runtime
    }

    /// Whether an option asks for what only worker processes can do.
    #[cfg(feature = "mpi")]
    pub(crate) fn isolates(&self) -> bool {
        let &Policy { retries, retry_panics, timeout, bisect, .. } = &self.policy;
        let is_limited = self.memory_limit.is_some() || self.chunks_per_worker.is_some() || timeout.is_some();
        self.isolate || is_limited || retries > 0 || retry_panics || bisect
    }

    /// Refuses options that `model` does not support, and names the models that do.
    pub(crate) fn check(&self, model: Model) -> Result<()> {
        let refuse = |reason: String| Err(Error::setup(Some(model), reason));
        let can = model.capabilities();
        match self.workers {
            Some(0) => return refuse("workers must be at least 1".to_string()),
            Some(n) if n > MOST_WORKERS => {
                return refuse(format!("{n} workers are too many: at most {MOST_WORKERS} are allowed"));
            }
            Some(n) if n > 1 && !can.has_plural_workers => {
                let others = having(|can| can.has_plural_workers);
                return refuse(format!("{model} has 1 worker, not {n}: use {others} for more"));
            }
            _ => {}
        }
        let limited: [Limited; 9] = [
            (self.in_flight.is_some(), "in_flight", |can| can.waits_at_once, "limits how many chunks wait at once"),
            (self.has_runtime(), "runtime", |can| can.waits_at_once, "is the runtime on which `async` tasks wait"),
            (self.policy.timeout.is_some(), "timeout", |can| can.stops_chunks, "needs chunks that can be stopped"),
            (self.memory_limit.is_some(), "memory_limit", |can| can.survives_crashes, "needs worker processes"),
            (
                self.chunks_per_worker.is_some(),
                "chunks_per_worker",
                |can| can.survives_crashes,
                "needs worker processes",
            ),
            (self.isolate, "isolate", |can| can.survives_crashes, "needs worker processes"),
            (self.silence.is_some(), "silence", |can| can.has_ranks, "applies to the ranks of an MPI job"),
            (self.policy.bisect, "bisect", |can| can.survives_crashes, "needs worker processes"),
            (
                self.stack_size.is_some(),
                "stack_size",
                |can| can.has_stack_size,
                "applies to the threads that the executor starts",
            ),
        ];
        for (is_asked, option, is_enough, why) in limited {
            if is_asked && !is_enough(&can) {
                return refuse(format!("{option} cannot be set for {model}: it {why}; use {}", having(is_enough)));
            }
        }
        let needs_retries = [
            (self.policy.retry_panics, "retry_panics"),
            (self.policy.retry_errors, "retry_errors"),
            (self.policy.backoff.is_some(), "backoff"),
        ];
        if let Some((_, option)) = needs_retries.iter().find(|(is_asked, _)| *is_asked && self.policy.retries == 0) {
            return refuse(format!("{option} has no effect without retries: set retries, too"));
        }
        if self.policy.timeout.is_some_and(|timeout| timeout.is_zero()) {
            return refuse("timeout must be longer than 0 s".to_string());
        }
        if self.silence.is_some_and(|silence| silence.is_zero()) {
            return refuse("silence must be longer than 0 s".to_string());
        }
        let counts =
            [(self.in_flight == Some(0), "in_flight"), (self.chunks_per_worker == Some(0), "chunks_per_worker")];
        if let Some((_, option)) = counts.iter().find(|(is_zero, _)| *is_zero) {
            return refuse(format!("{option} must be at least 1"));
        }
        if let Some(limit) = self.memory_limit.filter(|&limit| limit < LEAST_MEMORY) {
            return refuse(format!(
                "a memory_limit of {limit} bytes is too low for a worker process: it must be at least {LEAST_MEMORY}"
            ));
        }
        if let Some(size) = self.stack_size.filter(|&size| size < LEAST_STACK) {
            return refuse(format!("a stack of {size} bytes is too small: stack_size must be at least {LEAST_STACK}"));
        }
        Ok(())
    }
}

/// A worker process of the smallest program needs at most this much private memory, in bytes, before it runs any task. It
/// is for what the C library keeps, and for the worker's first buffers.
const LEAST_MEMORY: u64 = 4 << 20;

/// The names of the models that can do something, for a sentence.
fn having(can: impl Fn(&Capabilities) -> bool) -> String {
    let names: Vec<_> =
        Model::ALL.iter().filter(|model| can(&model.capabilities())).map(|model| model.name()).collect();
    match names.as_slice() {
        [first @ .., last] if !first.is_empty() => format!("{} or {last}", first.join(", ")),
        _ => names.concat(),
    }
}

/// The number of cores that this process may use, at least 1. CPU affinity and cgroup quotas are taken into account.
pub(crate) fn cores() -> usize {
    thread::available_parallelism().map_or(1, NonZero::get)
}

/// How many threads each of so many workers should use on so many cores, at least 1.
pub(crate) fn fair_share(cores: usize, workers: usize) -> usize {
    (cores / workers.max(1)).max(1)
}

#[cfg(test)]
mod tests {
    use super::fair_share;

    #[test]
    fn cores_are_divided_and_nobody_has_none() {
        let shares =
            [(8, 1), (8, 2), (8, 3), (8, 8), (8, 9), (1, 4)].map(|(cores, workers)| fair_share(cores, workers));
        assert_eq!(shares, [8, 4, 2, 1, 1, 1]);
    }
}
