//! tokio: a task for each chunk, awaited in order.

use std::time::Duration;

use tokio::runtime::{Builder, Runtime};

use crate::work::Job;

pub(crate) fn current_thread() -> Runtime {
    Builder::new_current_thread().enable_time().build().expect("a runtime can be made")
}

pub(crate) fn multi_thread(threads: usize) -> Runtime {
    Builder::new_multi_thread().worker_threads(threads).enable_time().build().expect("a runtime can be made")
}

pub(crate) fn run(on: &Runtime, job: Job) -> u64 {
    on.block_on(async {
        let tasks: Vec<_> = (0..job.chunks).map(|chunk| tokio::spawn(async move { job.work.run(chunk) })).collect();
        let mut sum = 0u64;
        for task in tasks {
            sum = sum.wrapping_add(task.await.expect("no chunk panics"));
        }
        sum
    })
}

/// Every chunk waits, then gives its number.
pub(crate) fn wait(on: &Runtime, chunks: u64, time: Duration) -> u64 {
    on.block_on(async {
        let wait = |chunk| async move {
            tokio::time::sleep(time).await;
            chunk
        };
        let tasks: Vec<_> = (0..chunks).map(|chunk| tokio::spawn(wait(chunk))).collect();
        let mut sum = 0u64;
        for task in tasks {
            sum += task.await.expect("no chunk panics");
        }
        sum
    })
}
