//! What a worker process is told of threads: how many its tasks should use, each for itself.
//!
//! Libraries that start threads by themselves read a variable of the environment when they start, and use all cores if it
//! is not set. So these variables are set for workers, unless the user has set them: what the user says is kept, also if
//! it is said in a variable that counts for several libraries. Copies of a worker inherit them.
//!
//! The share itself is told in one more variable, which only workers read. A program that a task starts inherits all of
//! them, and that is right: it runs on the share of the task.

use std::env;
use std::process::Command;
use std::sync::OnceLock;

use rustix::thread::sched_getaffinity;

use crate::backend::options;

/// The variables that libraries read, and others that such a library reads instead if they are set.
const VARIABLES: [(&str, &[&str]); 8] = [
    ("OMP_NUM_THREADS", &[]),
    ("OPENBLAS_NUM_THREADS", &["GOTO_NUM_THREADS", "OMP_NUM_THREADS"]),
    ("MKL_NUM_THREADS", &["OMP_NUM_THREADS"]),
    ("BLIS_NUM_THREADS", &["OMP_NUM_THREADS"]),
    ("RAYON_NUM_THREADS", &["RAYON_RS_NUM_CPUS"]),
    ("POLARS_MAX_THREADS", &[]),
    ("NUMBA_NUM_THREADS", &[]),
    ("NUMEXPR_NUM_THREADS", &["NUMEXPR_MAX_THREADS", "OMP_NUM_THREADS"]),
];

/// The share of a worker process.
const SHARE: &str = "THREEFOLD_SHARE";

/// Tells a worker that is about to be started that each of its tasks should use `share` threads.
pub(super) fn tell(worker: &mut Command, share: usize) {
    let share = share.to_string();
    for variable in to_set(|name| env::var_os(name).is_some()) {
        worker.env(variable, &share);
    }
    worker.env(SHARE, share);
}

/// The variables that the user has left to us.
fn to_set(is_set: impl Fn(&str) -> bool) -> impl Iterator<Item = &'static str> {
    let left =
        VARIABLES.into_iter().filter(move |(name, others)| !is_set(name) && !others.iter().any(|name| is_set(name)));
    left.map(|(name, _)| name)
}

/// In a worker process: how many threads a task should use.
pub(crate) fn told() -> usize {
    static TOLD: OnceLock<usize> = OnceLock::new();
    let read = || env::var(SHARE).ok()?.parse().ok().filter(|&share| share > 0);
    *TOLD.get_or_init(|| read().unwrap_or(1))
}

/// The share of each of so many workers on `cores`, or on all cores of this process.
pub(super) fn share(workers: usize, cores: Option<usize>) -> usize {
    // A quota can only mean fewer cores, and to read it takes some ten microseconds before the first worker starts.
    let is_one = || sched_getaffinity(None).is_ok_and(|allowed| allowed.count() as usize <= workers);
    match cores {
        Some(cores) => options::fair_share(cores, workers),
        None if is_one() => 1,
        None => options::fair_share(options::cores(), workers),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_user_has_set_is_left_alone() {
        assert_eq!(to_set(|_| false).count(), VARIABLES.len());
        assert_eq!(to_set(|_| true).count(), 0);
        let left: Vec<_> = to_set(|name| name == "OMP_NUM_THREADS").collect();
        assert_eq!(left, ["RAYON_NUM_THREADS", "POLARS_MAX_THREADS", "NUMBA_NUM_THREADS"]);
        assert!(!to_set(|name| name == "GOTO_NUM_THREADS").any(|name| name == "OPENBLAS_NUM_THREADS"));
    }

    #[test]
    fn the_share_is_that_of_all_cores_or_of_those_that_were_given() {
        assert_eq!((share(4, Some(9)), share(4, Some(3))), (2, 1));
        let cores = options::cores();
        assert_eq!([1, 2, cores, 2 * cores].map(|workers| share(workers, None)), [cores, (cores / 2).max(1), 1, 1]);
    }
}
