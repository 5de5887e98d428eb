//! `Cores`: spreads workers that wake together over the cores.
//!
//! A caller may wake several workers and then go to sleep itself. The kernel may put two of these workers on one core,
//! and notice only after some milliseconds that another core is idle. A fold of ten milliseconds then takes a tenth
//! longer. So a worker that is about to run a long block is told a core that no other worker of the fold is told. The
//! worker moves there by itself, and may leave that core at any time. A task sees the same affinity as before.
//!
//! This helps only if the workers need more than half of the cores. With more cores than that the kernel finds an idle
//! one, and it knows better what else runs on the machine.

use rustix::thread::{CpuSet, sched_getaffinity, sched_getcpu};

/// The cores of one run.
#[derive(Debug)]
pub(super) struct Cores {
    /// The cores that this process may use, with the caller's own core last. Empty if the kernel needs no help. The
    /// list is made when the first worker is to be told a core.
    cores: Option<Vec<usize>>,
    /// Which workers were told a core.
    told: Vec<bool>,
}

impl Cores {
    pub(super) fn of(workers: usize) -> Self {
        Self { cores: None, told: vec![false; workers] }
    }

    /// The core for `worker`, on the first call for this worker.
    pub(super) fn tell(&mut self, worker: usize) -> Option<usize> {
        let workers = self.told.len();
        let told = self.told.get_mut(worker)?;
        let cores = self.cores.get_or_insert_with(|| own(workers));
        let core = cores.get(worker % cores.len().max(1))?;
        (!std::mem::replace(told, true)).then_some(*core)
    }

    /// A new worker has this number, so it has not been told a core.
    pub(super) fn forget(&mut self, worker: usize) {
        self.told[worker] = false;
    }
}

/// The cores for this many workers.
fn own(workers: usize) -> Vec<usize> {
    let Ok(allowed) = sched_getaffinity(None) else { return Vec::new() };
    let count = allowed.count() as usize;
    if workers < 2 || count >= 2 * workers {
        return Vec::new();
    }
    let mut cores: Vec<usize> = (0..CpuSet::MAX_CPU).filter(|&core| allowed.is_set(core)).take(count).collect();
    // The last worker goes to the core of the caller, which sleeps while workers run.
    let here = sched_getcpu();
    let after = cores.iter().position(|&core| core == here).map_or(0, |at| at + 1);
    cores.rotate_left(after % count.max(1));
    cores
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_worker_is_told_once_of_a_core_of_its_own() {
        let mut cores = Cores { cores: Some(vec![1, 0]), told: vec![false; 3] };
        assert_eq!([0, 1, 2, 0].map(|worker| cores.tell(worker)), [Some(1), Some(0), Some(1), None]);
        cores.forget(0);
        assert_eq!(cores.tell(0), Some(1));
    }

    #[test]
    fn where_there_are_cores_enough_the_kernel_chooses() {
        assert_eq!(Cores::of(1).tell(0), None);
        let count = sched_getaffinity(None).unwrap().count() as usize;
        assert_eq!(own(count / 2), [0usize; 0]);
        assert_eq!(own(count + 1).len(), count);
    }
}
