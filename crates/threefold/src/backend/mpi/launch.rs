//! How a process knows that an MPI launcher has started it: by the variables that the launcher sets.
//!
//! Only variables are read. To ask MPI itself would mean to initialize it, which takes 18 ms to a second in a process
//! that no launcher has started.
//!
//! A process that a rank starts inherits the variables. A worker process of this library is told apart by its own mark,
//! which `init()` looks for first, and any other program by the [mark](super::mark) of the rank.

use std::env;

/// A launcher's variables: the rank of this process, and the number of ranks.
///
/// `SLURM_PROCID` is not among them: `srun` sets it for programs without MPI, too.
const VARIABLES: [(&str, &str); 4] = [
    ("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"),
    ("PMI_RANK", "PMI_SIZE"),
    ("PMIX_RANK", "OMPI_COMM_WORLD_SIZE"),
    ("PMIX_RANK", "SLURM_NTASKS"),
];

/// What a launcher says of this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Launch {
    /// The number of ranks of the job; `None` if the launcher does not say it.
    pub(super) size: Option<usize>,
}

impl Launch {
    /// What the launcher says; `None` if no launcher has started this process.
    pub(super) fn of_this_process() -> Option<Self> {
        Self::from(|name| env::var(name).ok())
    }

    fn from(variable: impl Fn(&str) -> Option<String>) -> Option<Self> {
        let number = |name| variable(name)?.trim().parse::<usize>().ok();
        let launched = VARIABLES.iter().filter(|(rank, _)| number(rank).is_some());
        let sizes: Vec<_> = launched.map(|(_, size)| number(size)).collect();
        let size = sizes.iter().flatten().next().copied();
        (!sizes.is_empty()).then_some(Self { size })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn launch(variables: &[(&str, &str)]) -> Option<Launch> {
        Launch::from(|name| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.to_string()))
    }

    #[test]
    fn every_launcher_is_recognized() {
        let sized = |size| Some(Launch { size });
        assert_eq!(launch(&[("OMPI_COMM_WORLD_RANK", "1"), ("OMPI_COMM_WORLD_SIZE", "4")]), sized(Some(4)));
        assert_eq!(launch(&[("PMI_RANK", "0"), ("PMI_SIZE", "8")]), sized(Some(8)));
        assert_eq!(launch(&[("PMIX_RANK", "0"), ("SLURM_NTASKS", "2")]), sized(Some(2)));
        assert_eq!(launch(&[("PMIX_RANK", "0")]), sized(None));
    }

    #[test]
    fn a_process_that_no_launcher_started_is_none_of_a_job() {
        assert_eq!(launch(&[]), None);
        assert_eq!(launch(&[("SLURM_PROCID", "1"), ("SLURM_NTASKS", "4")]), None);
        assert_eq!(launch(&[("PMI_RANK", "not a number"), ("PMI_SIZE", "2")]), None);
    }
}
