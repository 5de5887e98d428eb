//! Threads: a pool whose workers run one block of chunks after another. The caller takes part.

use std::sync::Arc;

use super::options::{Options, cores};
use super::pool::{Pool, Work};
use super::{Caller, Home, Running, blocks};
use crate::error::Result;
use crate::model::Model;

struct Blocks;

impl Work for Blocks {
    fn run(&self, fold: &Running, worker: usize, workers: usize, caller: Option<&mut dyn Caller>) {
        blocks::run(fold, worker, workers, caller);
    }
}

pub(crate) fn new(options: &Options) -> Result<Arc<Home>> {
    Ok(Home::new(Box::new(Pool::new(Model::Threads, Blocks, options.workers(cores()), options)?)))
}
