//! The same folds by hand, on the crates that people use for each model, at their best settings.

use std::hint::black_box;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use procspawn::Pool;
use rayon::prelude::*;
use tokio::runtime::{Builder, Runtime};

use crate::WORKERS;

/// What one chunk costs: a chain of `steps`, each of which needs the one before. Of multiplications and additions alone
/// the compiler makes fewer.
pub(crate) fn spin(steps: u64) -> u64 {
    (0..steps).fold(black_box(steps), |x, _| (x ^ (x >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9))
}

pub(crate) fn a_loop(chunks: u64, work: fn(u64) -> u64) -> u64 {
    (0..chunks).fold(0, |sum, chunk| sum.wrapping_add(work(chunk)))
}

/// In chunk order, as a fold of any kind of value needs it.
pub(crate) fn rayon(chunks: u64, work: fn(u64) -> u64) -> u64 {
    let outputs: Vec<u64> =
        (0..chunks as usize).into_par_iter().with_max_len(1).map(|chunk| work(chunk as u64)).collect();
    outputs.into_iter().fold(0, u64::wrapping_add)
}

/// The caller and one thread more, which take the next chunk from a counter; a thread each for few chunks gains nothing.
pub(crate) fn scope(chunks: u64, work: fn(u64) -> u64) -> u64 {
    let next = AtomicU64::new(0);
    let outputs = Mutex::new(vec![0; chunks as usize]);
    let serve = || {
        let mut own = Vec::new();
        loop {
            // Relaxed: the counter only hands out numbers; the outputs travel by the lock.
            let chunk = next.fetch_add(1, Ordering::Relaxed);
            if chunk >= chunks {
                break;
            }
            own.push((chunk, work(chunk)));
        }
        let mut outputs = outputs.lock().expect("no chunk panics");
        own.into_iter().for_each(|(chunk, output)| outputs[chunk as usize] = output);
    };
    thread::scope(|scope| {
        for _ in 1..WORKERS {
            scope.spawn(serve);
        }
        serve();
    });
    let outputs = outputs.into_inner().expect("no chunk panics");
    outputs.into_iter().fold(0, u64::wrapping_add)
}

pub(crate) fn current_thread() -> Runtime {
    Builder::new_current_thread().enable_time().build().expect("a runtime can be made")
}

pub(crate) fn multi_thread() -> Runtime {
    Builder::new_multi_thread().worker_threads(WORKERS).enable_time().build().expect("a runtime can be made")
}

pub(crate) async fn spawned(chunks: u64, work: fn(u64) -> u64) -> u64 {
    let tasks: Vec<_> = (0..chunks).map(|chunk| tokio::spawn(async move { work(chunk) })).collect();
    let mut sum = 0u64;
    for task in tasks {
        sum = sum.wrapping_add(task.await.expect("no chunk panics"));
    }
    sum
}

pub(crate) async fn waits(chunks: u64, wait: std::time::Duration) -> u64 {
    let sleep = |chunk| async move {
        tokio::time::sleep(wait).await;
        chunk
    };
    let tasks: Vec<_> = (0..chunks).map(|chunk| tokio::spawn(sleep(chunk))).collect();
    let mut sum = 0u64;
    for task in tasks {
        sum += task.await.expect("no chunk panics");
    }
    sum
}

pub(crate) fn pool(workers: usize) -> Pool {
    Pool::new(workers).expect("processes can be started")
}

/// `work` must be a function that the other process finds at the same place.
pub(crate) fn in_pool(pool: &Pool, chunks: u64, work: fn(u64) -> u64) -> u64 {
    let handles: Vec<_> = (0..chunks).map(|chunk| pool.spawn(chunk, work)).collect();
    handles.into_iter().fold(0, |sum, handle| sum.wrapping_add(handle.join().expect("no chunk panics")))
}

pub(crate) fn one_off(chunks: u64, work: fn(u64) -> u64) -> u64 {
    let handles: Vec<_> = (0..chunks).map(|chunk| procspawn::spawn(chunk, work)).collect();
    handles.into_iter().fold(0, |sum, handle| sum.wrapping_add(handle.join().expect("no chunk panics")))
}
