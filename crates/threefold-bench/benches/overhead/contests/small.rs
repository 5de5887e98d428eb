//! A few short chunks, where what a fold costs besides its work counts most.

use threefold_contest::{Contest, Unit};

use crate::field;
use crate::pace::Pace;
use crate::work::Job;

const TEN: f64 = 10e-6;

pub(crate) fn warm(name: &str) -> Contest {
    let mut contest = all(name, "4 empty chunks, one fold after another", Job::empty(4), Pace::Hot, 2);
    contest.target_at_most("sequential", 0.15e-6);
    contest.target("threads", 2.5, "rayon, from inside");
    contest.target("async", 1.7, "tokio, current thread");
    contest
}

pub(crate) fn idle(name: &str) -> Contest {
    let mut contest = all(name, "4 empty chunks after 1 ms of idleness", Job::empty(4), Pace::Idle, 2);
    contest.target("threads", 1.1, "rayon, from inside");
    contest
}

pub(crate) fn ten(name: &str) -> Contest {
    let mut contest = all(name, "4 chunks of 10 us, one fold after another", Job::even(4, TEN), Pace::Hot, 2);
    contest.target("threads", 0.55, "a loop");
    contest.target("async", 1.03, "a loop");
    contest
}

pub(crate) fn ten_idle(name: &str) -> Contest {
    let mut contest = all(name, "4 chunks of 10 us after 1 ms of idleness", Job::even(4, TEN), Pace::Idle, 2);
    contest.target("threads", 1.03, "a loop");
    contest.target_beside_at_most("threads", 0.06);
    contest.target("async", 1.08, "a loop");
    contest
}

pub(crate) fn over(name: &str) -> Contest {
    let mut contest = oversubscribed(name, "4 chunks of 10 us on 4 threads, one fold after another", Pace::Hot);
    contest.target("threads", 0.6, "a loop");
    contest
}

pub(crate) fn over_idle(name: &str) -> Contest {
    let mut contest = oversubscribed(name, "4 chunks of 10 us on 4 threads after 1 ms of idleness", Pace::Idle);
    contest.target("threads", 1.05, "a loop");
    contest
}

pub(crate) fn processes(name: &str) -> Contest {
    let mut contest = new(name, "4 empty chunks on 2 worker processes, one fold after another", Pace::Hot);
    field::processes(&mut contest, Job::empty(4), Pace::Hot, 2);
    contest.target("processes", 0.25, "procspawn, pool");
    contest
}

pub(crate) fn processes_idle(name: &str) -> Contest {
    let mut contest = new(name, "4 empty chunks on 2 worker processes after 1 ms of idleness", Pace::Idle);
    field::processes(&mut contest, Job::empty(4), Pace::Idle, 2);
    contest.target("processes", 0.3, "procspawn, pool");
    contest
}

fn all(name: &str, title: &str, job: Job, pace: Pace, threads: usize) -> Contest {
    let mut contest = new(name, title, pace);
    field::sequential(&mut contest, job, pace);
    field::threads(&mut contest, job, pace, threads);
    field::asynchronous(&mut contest, job, pace);
    contest
}

fn oversubscribed(name: &str, title: &str, pace: Pace) -> Contest {
    let mut contest = new(name, title, pace);
    field::sequential(&mut contest, Job::even(4, TEN), pace);
    field::threads(&mut contest, Job::even(4, TEN), pace, 4);
    contest
}

fn new(name: &str, title: &str, pace: Pace) -> Contest {
    let contest = Contest::new(name, title).rounds(201);
    if pace == Pace::Idle { contest.beside("of a core, while idle", Unit::Share) } else { contest }
}
