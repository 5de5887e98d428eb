//! How a helper leaves the caller's core.
//!
//! When a thread is woken, Linux often places it on the core of the thread that woke it, even though that thread goes
//! on computing and another core is idle. Both threads then share a core for some milliseconds, until the kernel
//! balances the load. That is longer than a small fold lasts. A helper that finds itself on the caller's core excludes
//! that core from its affinity, which moves it at once. It then restores the affinity that it had. So the scheduler may
//! place it on any allowed core when it begins its first chunk, and a task sees the same affinity as before.
//!
//! The move costs the helper about as much as a wake-up. It costs the caller nothing: the caller gets its core back at
//! once. A helper on another core, for instance one that was spinning, only asks for its core, which costs some
//! nanoseconds. Where the process may use one core only, nothing is done. On systems other than Linux nothing is done
//! either.
//!
//! Between the two steps another thread may change this thread's affinity. The second step then overwrites that change.
//! The two steps are a few microseconds apart, and only the library knows the threads of a pool.
//!
//! The second step sets the cores that the helper had. Since Linux 6.2 the kernel keeps a thread within the set that it
//! has asked for. So if the cpuset of the process grows later, a helper that has moved stays within its earlier cores,
//! while a thread that never set its affinity follows the cpuset. To use cores that were added while the program runs,
//! make a new executor.

/// A core, identified by the system's number for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Core(usize);

// The interpreter that `.ci/miri` runs knows no cores.
#[cfg(all(target_os = "linux", not(miri)))]
mod system {
    use rustix::thread::{CpuSet, sched_getaffinity, sched_getcpu, sched_setaffinity};

    use super::Core;

    /// Has this thread run on these cores again. If the cpuset of the process has lost all of them meanwhile, the thread
    /// may run on any core that the cpuset has: the kernel leaves out the others.
    pub(in super::super) fn restore(allowed: &CpuSet) {
        if sched_setaffinity(None, allowed).is_err() {
            let mut all = CpuSet::new();
            (0..CpuSet::MAX_CPU).for_each(|core| all.set(core));
            // Errors are ignored: otherwise the thread stays on fewer cores than it might have.
            let _ = sched_setaffinity(None, &all);
        }
    }

    impl Core {
        /// The core that this thread runs on.
        pub(in super::super) fn current() -> Self {
            Self(sched_getcpu())
        }

        /// Moves this thread to another core if it runs on this one and may run elsewhere.
        pub(in super::super) fn leave(self) {
            if Self::current() != self || self.0 >= CpuSet::MAX_CPU {
                return;
            }
            // Errors are ignored: without the move the fold is only slower.
            let Ok(allowed) = sched_getaffinity(None) else { return };
            let mut others = allowed;
            others.unset(self.0);
            if others.count() > 0 && sched_setaffinity(None, &others).is_ok() {
                restore(&allowed);
            }
        }
    }
}

#[cfg(all(any(test, feature = "processes"), target_os = "linux", not(miri)))]
pub(super) use system::restore;

#[cfg(not(all(target_os = "linux", not(miri))))]
mod system {
    use super::Core;

    impl Core {
        pub(in super::super) fn current() -> Self {
            Self(0)
        }

        pub(in super::super) fn leave(self) {}
    }
}

#[cfg(test)]
mod tests {
    #[cfg(all(target_os = "linux", not(miri)))]
    use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

    #[cfg(all(target_os = "linux", not(miri)))]
    use super::Core;

    #[test]
    #[cfg(all(target_os = "linux", not(miri)))]
    fn a_thread_that_leaves_its_core_keeps_its_affinity() {
        let before = sched_getaffinity(None).unwrap();
        Core::current().leave();
        assert_eq!(sched_getaffinity(None).unwrap(), before);
    }

    #[test]
    #[cfg(all(target_os = "linux", not(miri)))]
    fn a_thread_whose_cores_are_gone_may_run_on_all_that_are_left() {
        let before = sched_getaffinity(None).unwrap();
        let core = Core::current();
        let mut only = CpuSet::new();
        only.set(core.0);
        sched_setaffinity(None, &only).unwrap();
        let mut gone = CpuSet::new();
        gone.set(CpuSet::MAX_CPU - 1);
        super::restore(&gone);
        assert_eq!(sched_getaffinity(None).unwrap(), before);
    }

    #[test]
    #[cfg(all(target_os = "linux", not(miri)))]
    fn a_thread_that_may_run_on_one_core_only_stays_there() {
        let core = Core::current();
        let mut only = CpuSet::new();
        only.set(core.0);
        sched_setaffinity(None, &only).unwrap();
        Core::current().leave();
        assert_eq!((Core::current(), sched_getaffinity(None).unwrap()), (core, only));
    }
}
