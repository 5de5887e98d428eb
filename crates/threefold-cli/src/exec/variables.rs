//! The environment of the children: that of this process, without what concerns this process alone, and with the chunk.
//!
//! A child that uses an MPI library must not take itself for a rank of the job of this process. So it does not see the
//! variables of the launcher. Those of Slurm stay, but for the ones that make a rank: programs ask them for the
//! resources of the job.

use std::env;
use std::process::Command;

use super::guard;
use super::job::Job;

/// What launchers of MPI tell their ranks by.
const OF_LAUNCHERS: [&str; 8] = ["OMPI_", "PMI_", "PMIX_", "PRTE_", "ORTE_", "HYDI_", "MPIR_", "MPIEXEC_"];

/// What this library tells its own processes by, and what of Slurm makes a process a rank.
const OURS: [&str; 4] = ["THREEFOLD_RANK", "THREEFOLD_SHARE", "SLURM_PROCID", "SLURM_LOCALID"];

/// What this library sets in its worker processes for what runs inside of them, unless the user has. The children have
/// the same environment on every model, so they do not see it.
pub(super) const OF_WORKERS: [&str; 8] = [
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "RAYON_NUM_THREADS",
    "POLARS_MAX_THREADS",
    "NUMBA_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
];

/// This library sets it in a worker process, and nowhere else.
const SET_IN_WORKERS: &str = "THREEFOLD_SHARE";

/// Those of [`OF_WORKERS`] that the user has set, in the process that the user has started.
pub(super) fn of_user() -> Vec<String> {
    OF_WORKERS.iter().filter(|name| env::var_os(name).is_some()).map(ToString::to_string).collect()
}

/// Sets the environment of `child`, which runs `job` for the `attempt`th time.
pub(super) fn set(child: &mut Command, job: &Job, attempt: u32, users_variables: &[String]) {
    for name in hidden() {
        child.env_remove(name);
    }
    if env::var_os(SET_IN_WORKERS).is_some() {
        for name in OF_WORKERS.iter().filter(|name| !users_variables.iter().any(|users| users == *name)) {
            child.env_remove(name);
        }
    }
    let (start, end) = job.bounds();
    child.env("THREEFOLD_CHUNK", job.chunk.to_string());
    child.env("THREEFOLD_START", start.to_string());
    child.env("THREEFOLD_END", end.to_string());
    child.env("THREEFOLD_ATTEMPT", attempt.to_string());
    child.env(guard::RUN, guard::run());
}

/// The variables that children do not see. The environment of this process does not change, so it is searched once.
fn hidden() -> &'static [std::ffi::OsString] {
    static HIDDEN: std::sync::OnceLock<Vec<std::ffi::OsString>> = std::sync::OnceLock::new();
    HIDDEN.get_or_init(|| {
        env::vars_os().map(|(name, _)| name).filter(|name| is_hidden(&name.to_string_lossy())).collect()
    })
}

fn is_hidden(name: &str) -> bool {
    OF_LAUNCHERS.iter().any(|prefix| name.starts_with(prefix)) || OURS.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::is_hidden;

    #[test]
    fn what_makes_a_rank_is_hidden_and_nothing_else() {
        for name in ["OMPI_COMM_WORLD_RANK", "PMI_FD", "PMIX_RANK", "SLURM_PROCID", "THREEFOLD_RANK"] {
            assert!(is_hidden(name), "{name}");
        }
        for name in ["PATH", "MPICC", "SLURM_CPUS_PER_TASK", "THREEFOLD_MODEL", "MY_PMI_RANK"] {
            assert!(!is_hidden(name), "{name}");
        }
    }
}
