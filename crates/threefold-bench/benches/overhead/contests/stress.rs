//! Folds on a machine that is busy, or has too few cores: the time must not rise steeply.

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use threefold_contest::Contest;

use crate::busy::BusyLoops;
use crate::field;
use crate::pace::Pace;
use crate::work::Job;

pub(crate) fn loops(name: &str) -> Contest {
    let mut contest =
        Contest::new(name, "4 chunks of 100 us on 2 threads, while two other processes compute").rounds(101);
    contest.hold(BusyLoops::start(2));
    beside_rayon(&mut contest, Job::even(4, 100e-6), 2);
    contest
}

pub(crate) fn pinned(name: &str) -> Contest {
    let mut contest = Contest::new(name, "4 chunks of 100 us on 2 threads, all of them on core 0").rounds(101);
    contest.hold(Pinned::to_core(0));
    beside_rayon(&mut contest, Job::even(4, 100e-6), 2);
    contest
}

pub(crate) fn many(name: &str) -> Contest {
    let mut contest = Contest::new(name, "64 chunks of 10 us on 16 threads").rounds(201);
    beside_rayon(&mut contest, Job::even(64, 10e-6), 16);
    contest
}

fn beside_rayon(contest: &mut Contest, job: Job, threads: usize) {
    field::sequential(contest, job, Pace::Hot);
    field::threads(contest, job, Pace::Hot, threads);
    contest.target("threads", 1.1, "rayon, from outside");
}

/// The calling thread, and those that it starts, may use one core only until this is dropped.
struct Pinned {
    before: CpuSet,
}

impl Pinned {
    fn to_core(core: usize) -> Self {
        let before = sched_getaffinity(None).expect("the thread is this one");
        let mut one = CpuSet::new();
        one.set(core);
        sched_setaffinity(None, &one).expect("the core may be used");
        Self { before }
    }
}

impl Drop for Pinned {
    fn drop(&mut self) {
        // It was allowed before.
        _ = sched_setaffinity(None, &self.before);
    }
}
