//! The variables that an MPI launcher sets for its ranks, and that worker processes must not inherit.
//!
//! A process joins the job that these variables name when it initializes MPI. A worker process of a rank is not a rank.
//! If a task of it initialized MPI, with the variables of the rank that started it, MPICH would wait for ever.
//!
//! The variables are taken away only in a process that has joined its job. In any other program they mean nothing to
//! this library, and may mean something to a task: a program that Slurm starts without MPI may read them.

use std::env;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};

/// How the names of such variables begin: those of Open MPI, of the interfaces between a launcher and its ranks, of
/// Slurm, and of MPICH.
const PREFIXES: [&str; 9] = ["OMPI_", "PMI_", "PMIX_", "PRTE_", "ORTE_", "SLURM_", "HYDI_", "MPIR_", "MPIEXEC_"];

/// Whether this process has joined the job of its launcher.
static HAS_JOINED: AtomicBool = AtomicBool::new(false);

/// This process has joined the job of its launcher.
#[cfg(feature = "mpi")]
pub(super) fn note_joined() {
    // Relaxed: set in `init()`, before anything starts a worker.
    HAS_JOINED.store(true, Ordering::Relaxed);
}

/// Takes the launcher's variables from a child of a process that has joined a job.
pub(super) fn hide_from(child: &mut Command) {
    if HAS_JOINED.load(Ordering::Relaxed) {
        for (name, _) in env::vars_os().filter(|(name, _)| is_a_launchers(&name.to_string_lossy())) {
            child.env_remove(name);
        }
    }
}

/// Whether a launcher sets the variable.
fn is_a_launchers(name: &str) -> bool {
    PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_of_launchers_are_told_from_others() {
        for name in ["OMPI_COMM_WORLD_RANK", "PMI_FD", "PMIX_RANK", "SLURM_PROCID", "MPIR_CVAR_X", "HYDI_CONTROL_FD"] {
            assert!(is_a_launchers(name), "{name}");
        }
        for name in ["PATH", "MPICC", "OMP_NUM_THREADS", "MY_PMI_RANK"] {
            assert!(!is_a_launchers(name), "{name}");
        }
    }
}
