//! Threads: a pool whose workers run one block of chunks after another. The caller takes part.

use std::sync::Arc;

use super::options::{Options, cores};
use super::part::Part;
use super::pool::{Pool, Work};
use super::{Home, Running, blocks};
use crate::error::Result;
use crate::model::Model;

struct Blocks;

impl Work for Blocks {
    fn is_timed(&self, _fold: &Running) -> bool {
        true
    }

    fn run(&self, fold: &Running, part: Part<'_>) -> Option<u64> {
        blocks::run(fold, part)
    }
}

pub(crate) fn new(options: &Options) -> Result<Arc<Home>> {
    as_model(Model::Threads, options.workers(cores()), options)
}

/// So many threads, the caller included, for a model that has only this process for now.
pub(super) fn as_model(model: Model, workers: usize, options: &Options) -> Result<Arc<Home>> {
    Ok(Home::new(Box::new(Pool::new(model, Blocks, workers, options)?), options.cores))
}
