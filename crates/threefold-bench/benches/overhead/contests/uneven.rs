//! 1,000 chunks of which number k costs k: which competitor leaves a worker idle at the end?

use std::time::Duration;

use threefold_contest::Contest;

use crate::field;
use crate::pace::Pace;
use crate::work::Job;

const CHUNKS: u64 = 1_000;

pub(crate) fn ascending_20(name: &str) -> Contest {
    let job = Job::ascending(CHUNKS, 0.02);
    uneven(name, "1,000 chunks of 20 ms together, chunk k costs k", job, 1.01, 1.05)
}

pub(crate) fn descending_20(name: &str) -> Contest {
    let job = Job::descending(CHUNKS, 0.02);
    uneven(name, "1,000 chunks of 20 ms together, the longest first", job, 1.01, 1.05)
}

pub(crate) fn ascending_190(name: &str) -> Contest {
    let job = Job::ascending(CHUNKS, 0.19);
    uneven(name, "1,000 chunks of 190 ms together, chunk k costs k", job, 1.005, 1.02)
}

pub(crate) fn descending_190(name: &str) -> Contest {
    let job = Job::descending(CHUNKS, 0.19);
    uneven(name, "1,000 chunks of 190 ms together, the longest first", job, 1.005, 1.02)
}

/// On 2 workers; the targets are shares of the ideal.
fn uneven(name: &str, title: &str, job: Job, threads: f64, processes: f64) -> Contest {
    let mut contest = Contest::new(name, title).rounds(41).most(Duration::from_secs(20));
    field::sequential(&mut contest, job, Pace::Once);
    field::threads(&mut contest, job, Pace::Once, 2);
    contest.share("threads", "the ideal: half of the loop", "a loop", 0.5);
    field::processes(&mut contest, job, Pace::Once, 2);
    contest.target("threads", threads, "the ideal: half of the loop");
    contest.target("processes", processes, "the ideal: half of the loop");
    contest
}
