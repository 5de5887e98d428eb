//! A seat: the core that the parent tells a worker of (see `run/cores.rs`).
//!
//! The worker goes there by itself: the parent would have to name the process by its number, which may be a stranger's by
//! then. It binds itself to the core, by which the kernel moves it there at once, and takes the bond off again.

use std::io;

use rustix::thread::{CpuSet, sched_getaffinity, sched_getcpu, sched_setaffinity};

/// Moves this thread to `core`, where it may run there, and lets it go anywhere that it might before.
///
/// No chunk runs in between, so that none sees the affinity of that moment.
pub(super) fn move_to(core: usize) -> io::Result<()> {
    if core >= CpuSet::MAX_CPU || sched_getcpu() == core {
        return Ok(());
    }
    let allowed = sched_getaffinity(None)?;
    if !allowed.is_set(core) {
        return Ok(());
    }
    let mut only = CpuSet::new();
    only.set(core);
    // Where the system does not allow it, the worker stays where it is.
    if sched_setaffinity(None, &only).is_ok() {
        sched_setaffinity(None, &allowed)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_affinity_is_what_it_was() {
        let before = sched_getaffinity(None).unwrap();
        for core in (0..CpuSet::MAX_CPU).filter(|&core| before.is_set(core)).chain([CpuSet::MAX_CPU, usize::MAX]) {
            move_to(core).unwrap();
            assert!(sched_getaffinity(None).unwrap() == before);
        }
    }
}
