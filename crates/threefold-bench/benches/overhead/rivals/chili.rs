//! chili: the chunks are halved down to single ones, and sums are joined on the way up.

use std::num::NonZero;
use std::ops::Range;

use chili::{Config, Scope, ThreadPool};

use crate::work::Job;

pub(crate) fn pool(threads: usize) -> ThreadPool {
    // It counts the caller in.
    ThreadPool::with_config(Config { thread_count: NonZero::new(threads), ..Config::default() })
}

pub(crate) fn run(pool: &ThreadPool, job: Job) -> u64 {
    fn part(scope: &mut Scope<'_>, job: Job, chunks: Range<u64>) -> u64 {
        if chunks.end - chunks.start == 1 {
            return job.work.run(chunks.start);
        }
        let middle = chunks.start.midpoint(chunks.end);
        let (low, high) =
            scope.join(|scope| part(scope, job, chunks.start..middle), |scope| part(scope, job, middle..chunks.end));
        low.wrapping_add(high)
    }
    part(&mut pool.scope(), job, 0..job.chunks)
}
