//! Threads beside the sequential model for every size of job: choosing threads must never cost time.

use std::time::Duration;

use threefold::prelude::*;
use threefold_contest::Contest;

use crate::field::executor;
use crate::pace::Pace;
use crate::work::Job;

const CHUNKS: [(u64, &str); 8] = [
    (1, "1"),
    (4, "4"),
    (10, "10"),
    (100, "100"),
    (1_000, "1,000"),
    (10_000, "10,000"),
    (100_000, "100,000"),
    (1_000_000, "1,000,000"),
];

const SECONDS: [(f64, &str); 6] =
    [(10e-9, "10 ns"), (100e-9, "100 ns"), (1e-6, "1 us"), (10e-6, "10 us"), (100e-6, "100 us"), (1e-3, "1 ms")];

/// Jobs that take longer than this together are left out.
const LONGEST: f64 = 0.05;

pub(crate) fn hot(name: &str) -> Contest {
    sweep(name, "threads beside sequential, one fold after another", Pace::Hot)
}

pub(crate) fn idle(name: &str) -> Contest {
    sweep(name, "threads beside sequential after 1 ms of idleness", Pace::Idle)
}

fn sweep(name: &str, title: &str, pace: Pace) -> Contest {
    let mut contest = Contest::new(name, title).rounds(31).most(Duration::from_secs(22));
    for (chunks, many) in CHUNKS {
        for (seconds, long) in SECONDS.into_iter().filter(|(seconds, _)| seconds * chunks as f64 <= LONGEST) {
            let job = Job::even(chunks, seconds);
            let size = format!("{many} x {long}");
            let (threads, sequential) = (format!("threads, {size}"), format!("sequential, {size}"));
            let check = job.check();
            let on = executor(Model::Sequential, 1);
            contest.rival(&size, &sequential, pace.sample(move || check(job.fold(&on))));
            let on = executor(Model::Threads, 2);
            contest.ours(&size, &threads, pace.sample(move || check(job.fold(&on))));
            contest.target_with(&threads, 1.03, &sequential, 0.3e-6 + 2e-9 * chunks as f64);
        }
    }
    contest.remark_worst();
    contest
}
