//! A seat: the core that the parent tells a worker to run on (see `run/cores.rs`).
//!
//! The worker moves there by itself. The parent would have to name the process by its process id, which may belong to
//! another process by then. The worker sets its affinity to that core, so the kernel moves it there at once, and then
//! restores the affinity.

use rustix::thread::{CpuSet, sched_getaffinity, sched_getcpu, sched_setaffinity};

use crate::backend::migrate::restore;

/// Moves this thread to `core`, if it may run there. Afterwards the thread may run on the same cores as before.
///
/// No chunk runs in between, so no task sees the temporary affinity.
pub(super) fn move_to(core: usize) {
    if core >= CpuSet::MAX_CPU || sched_getcpu() == core {
        return;
    }
    let Some(allowed) = sched_getaffinity(None).ok().filter(|allowed| allowed.is_set(core)) else { return };
    let mut only = CpuSet::new();
    only.set(core);
    // If the system does not allow the move, the worker stays where it is.
    if sched_setaffinity(None, &only).is_ok() {
        restore(&allowed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_affinity_is_what_it_was() {
        let before = sched_getaffinity(None).unwrap();
        for core in (0..CpuSet::MAX_CPU).filter(|&core| before.is_set(core)).chain([CpuSet::MAX_CPU, usize::MAX]) {
            move_to(core);
            assert!(sched_getaffinity(None).unwrap() == before);
        }
    }
}
