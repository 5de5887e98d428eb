//! `Options`: what a builder was told, and what the models make of it.

use std::num::NonZero;
use std::thread;

use crate::error::{Error, Result};
use crate::model::Model;

/// What [`Builder`](crate::Builder) gathers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Options {
    pub(crate) workers: Option<usize>,
    pub(crate) in_flight: Option<usize>,
}

/// More workers than this are a slip of the keyboard; they would take the machine down before they did any work.
const MOST_WORKERS: usize = 4096;

impl Options {
    /// The number of workers that was asked for, or `default`.
    pub(crate) fn workers(&self, model: Model, default: usize) -> Result<usize> {
        match self.workers {
            Some(0) => Err(Error::setup(Some(model), "workers must be at least 1")),
            Some(n) if n > MOST_WORKERS => Err(Error::setup(
                Some(model),
                format!("{n} workers are too many: at most {MOST_WORKERS} can be asked for"),
            )),
            Some(n) => Ok(n),
            None => Ok(default),
        }
    }

    /// Refuses `in_flight`, for all models but async.
    pub(crate) fn no_in_flight(&self, model: Model) -> Result<()> {
        match self.in_flight {
            Some(_) => Err(Error::setup(
                Some(model),
                format!("in_flight has no meaning on {model}: it bounds the chunks that wait at once on async"),
            )),
            None => Ok(()),
        }
    }
}

/// The cores that this process may use: affinity and cgroup quotas are taken into account.
pub(crate) fn cores() -> usize {
    thread::available_parallelism().map_or(1, NonZero::get)
}
