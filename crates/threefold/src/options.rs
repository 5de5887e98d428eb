//! `Options`: what a builder was told, and what the models make of it.

use std::num::NonZero;
use std::thread;
use std::time::Duration;

use crate::error::{Error, Result};
use crate::model::Model;

/// What [`Builder`](crate::Builder) gathers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Options {
    pub(crate) workers: Option<usize>,
    pub(crate) in_flight: Option<usize>,
    pub(crate) memory_limit: Option<u64>,
    pub(crate) chunks_per_worker: Option<usize>,
    pub(crate) policy: Policy,
}

/// What is done about failures: part of every fold, on every model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Policy {
    /// How often a lost chunk is run again.
    pub(crate) retries: u32,
    /// Whether a panic counts as lost.
    pub(crate) retry_panics: bool,
    /// How long a chunk may take.
    pub(crate) timeout: Option<Duration>,
    /// Whether a chunk that keeps being lost is taken apart, to name the piece that does it.
    pub(crate) find_culprit: bool,
}

/// More workers than this are a slip of the keyboard; they would take the machine down before they did any work.
const MOST_WORKERS: usize = 4096;

impl Options {
    /// The number of workers that was asked for, or `default`.
    pub(crate) fn workers(&self, model: Model, default: usize) -> Result<usize> {
        match self.workers {
            Some(0) => Err(Error::setup(Some(model), "workers must be at least 1")),
            Some(n) if n > MOST_WORKERS => {
                let reason = format!("{n} workers are too many: at most {MOST_WORKERS} can be asked for");
                Err(Error::setup(Some(model), reason))
            }
            Some(n) => Ok(n),
            None => Ok(default),
        }
    }

    /// Refuses what only some models can do, and says which.
    pub(crate) fn check(&self, model: Model) -> Result<()> {
        let refuse = |reason: String| Err(Error::setup(Some(model), reason));
        if self.in_flight.is_some() && model != Model::Async {
            return refuse(format!(
                "in_flight has no meaning on {model}: it bounds the chunks that wait at once on async"
            ));
        }
        if self.in_flight == Some(0) {
            return refuse("in_flight must be at least 1".to_string());
        }
        if self.policy.timeout.is_some_and(|timeout| timeout.is_zero()) {
            return refuse("a timeout must be longer than nothing".to_string());
        }
        if self.policy.timeout.is_some() && matches!(model, Model::Sequential | Model::Threads) {
            return refuse(format!(
                "a timeout cannot be kept on {model}, where nothing can be stopped from outside: use processes"
            ));
        }
        if model != Model::Processes {
            let only_there = [
                (self.memory_limit.is_some(), "memory_limit", "a limit of its own"),
                (self.chunks_per_worker.is_some(), "chunks_per_worker", "a life of its own"),
                (self.policy.find_culprit, "find_culprit", "a death of its own"),
            ];
            if let Some((_, option, what)) = only_there.iter().find(|(asked, ..)| *asked) {
                return refuse(format!("{option} is not for {model}: only a worker process has {what}; use processes"));
            }
        }
        if self.memory_limit == Some(0) || self.chunks_per_worker == Some(0) {
            return refuse("memory_limit and chunks_per_worker must be at least 1".to_string());
        }
        Ok(())
    }
}

/// The cores that this process may use: affinity and cgroup quotas are taken into account.
pub(crate) fn cores() -> usize {
    thread::available_parallelism().map_or(1, NonZero::get)
}
