//! rayon: outputs are collected in order, as a fold of any kind of value needs it.

use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::work::Job;

pub(crate) fn pool(threads: usize) -> ThreadPool {
    ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool can be made")
}

/// The job on the pool whose thread calls this.
pub(crate) fn run(job: Job) -> u64 {
    let chunks = (0..job.chunks as usize).into_par_iter().with_max_len(1);
    let outputs: Vec<u64> = chunks.map(|chunk| job.work.run(chunk as u64)).collect();
    outputs.into_iter().fold(0, u64::wrapping_add)
}
