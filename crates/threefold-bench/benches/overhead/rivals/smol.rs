//! smol: a task for each chunk on an executor of one thread, awaited in order.

use std::time::Duration;

use smol::{LocalExecutor, Timer};

use crate::work::Job;

pub(crate) fn run(job: Job) -> u64 {
    let on = LocalExecutor::new();
    smol::block_on(on.run(async {
        let tasks: Vec<_> = (0..job.chunks).map(|chunk| on.spawn(async move { job.work.run(chunk) })).collect();
        let mut sum = 0u64;
        for task in tasks {
            sum = sum.wrapping_add(task.await);
        }
        sum
    }))
}

/// Every chunk waits, then gives its number.
pub(crate) fn wait(chunks: u64, time: Duration) -> u64 {
    let on = LocalExecutor::new();
    smol::block_on(on.run(async {
        let wait = |chunk| async move {
            Timer::after(time).await;
            chunk
        };
        let tasks: Vec<_> = (0..chunks).map(|chunk| on.spawn(wait(chunk))).collect();
        let mut sum = 0u64;
        for task in tasks {
            sum += task.await;
        }
        sum
    }))
}
