//! How many cores an executor may use, and how many threads are then left for each of its tasks.
//!
//! A task may start threads itself, through rayon, OpenMP or a library for matrices. If each of n workers does so for all n
//! cores, n times n threads share n cores. So the cores are divided by the workers that share them:
//!
//! - An executor that is made outside of tasks has the cores of this process.
//! - An executor that is made inside of a task has the share of this task. So folds divide further what they are nested in.
//! - A worker process has the share that its parent has told it (`processes/inner_threads.rs`), and a thread of an MPI
//!   rank has its part of the cores of the rank.

use super::current::{self, Context};
#[cfg(all(feature = "mpi", target_os = "linux"))]
use super::options::fair_share;

/// The cores that an executor may use that is made here. `None`: all cores of this process.
pub(crate) fn enclosing() -> Option<usize> {
    match current::get() {
        Some(Context::Fold(fold)) => fold.home().map(|home| home.share()),
        #[cfg(all(feature = "processes", target_os = "linux"))]
        Some(Context::Parent) => Some(super::processes::inner_threads::told()),
        #[cfg(all(feature = "mpi", target_os = "linux"))]
        Some(Context::Rank(limited)) => Some(fair_share(super::mpi::cores(), limited.threads())),
        // A thread that a task has started.
        #[cfg(all(feature = "processes", target_os = "linux"))]
        None if super::processes::worker::is_serving() => Some(super::processes::inner_threads::told()),
        None => None,
    }
}
