//! How many cores a rank may use.
//!
//! A launcher usually binds each rank to cores of its own, and then the rank's affinity says it. If it does not, each rank
//! sees all cores of its host, and shares them with the other ranks there. Launchers tell a rank how many these are.

use std::sync::OnceLock;
use std::{env, fs};

use crate::backend::options;

/// The variables in which launchers tell how many ranks of the job are on this host.
const RANKS_HERE: [&str; 2] = ["OMPI_COMM_WORLD_LOCAL_SIZE", "MPI_LOCALNRANKS"];

/// The number of cores that this rank may use, at least 1. They are counted once: it takes some file reads, and a task may
/// ask for each chunk.
pub(crate) fn cores() -> usize {
    static CORES: OnceLock<usize> = OnceLock::new();
    *CORES.get_or_init(|| {
        let seen = options::cores();
        let is_bound = online().is_none_or(|online| seen < online);
        if is_bound { seen } else { options::fair_share(seen, ranks_here(|name| env::var(name).ok())) }
    })
}

/// How many ranks of the job are on this host, this one included; 1 if the launcher does not say it.
fn ranks_here(variable: impl Fn(&str) -> Option<String>) -> usize {
    RANKS_HERE.iter().find_map(|name| variable(name)?.trim().parse().ok()).unwrap_or(1)
}

/// The number of cores of this host.
fn online() -> Option<usize> {
    count(fs::read_to_string("/sys/devices/system/cpu/online").ok()?.trim())
}

/// The number of items of a list such as `0-3,8,10-11`.
fn count(list: &str) -> Option<usize> {
    let length = |range: &str| {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let (first, last): (usize, usize) = (first.parse().ok()?, last.parse().ok()?);
        Some(last.checked_sub(first)? + 1)
    };
    list.split(',').map(length).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_of_the_kernel_are_counted() {
        assert_eq!(["0", "0-3", "0-3,8,10-11"].map(count), [Some(1), Some(4), Some(7)]);
        assert_eq!(["", "a", "3-1", "1,"].map(count), [None; 4]);
    }

    #[test]
    fn the_ranks_of_this_host_are_those_that_the_launcher_names() {
        let hydra = |name: &str| (name == "MPI_LOCALNRANKS").then(|| "4".to_string());
        assert_eq!((ranks_here(hydra), ranks_here(|_| None)), (4, 1));
    }
}
