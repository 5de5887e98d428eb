//! procspawn: a message for each chunk.

use procspawn::Pool;

use crate::work::{Job, Work};

pub(crate) fn pool(workers: usize) -> Pool {
    Pool::new(workers).expect("processes can be started")
}

/// What the other process runs: a function, which it finds at the same place.
fn chunk((work, chunk): (Work, u64)) -> u64 {
    work.run(chunk)
}

pub(crate) fn run(pool: &Pool, job: Job) -> u64 {
    let handles: Vec<_> = (0..job.chunks).map(|number| pool.spawn((job.work, number), chunk)).collect();
    handles.into_iter().fold(0, |sum, handle| sum.wrapping_add(handle.join().expect("no chunk panics")))
}

/// A process for each chunk, all at once.
pub(crate) fn a_process_for_each(job: Job) -> u64 {
    let handles: Vec<_> = (0..job.chunks).map(|number| procspawn::spawn((job.work, number), chunk)).collect();
    handles.into_iter().fold(0, |sum, handle| sum.wrapping_add(handle.join().expect("no chunk panics")))
}

/// A process for each chunk, one after another.
pub(crate) fn one_process_after_another(job: Job) -> u64 {
    (0..job.chunks).fold(0, |sum, number| {
        let handle = procspawn::spawn((job.work, number), chunk);
        sum.wrapping_add(handle.join().expect("no chunk panics"))
    })
}
