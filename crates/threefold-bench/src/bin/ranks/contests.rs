//! The contests, each with the name that chooses it.

use std::time::Duration;

use threefold_contest::{Contest, Entry, Unit};

use crate::large;
use crate::launch::{Asked, enter_all, enter_large, enter_launches};
use crate::pace::Pace;
use crate::work::Job;

/// All contests, in the order in which they run and are shown.
pub(crate) const ALL: &[Entry] = &[
    ("block", block),
    ("four", four),
    ("four-idle", four_idle),
    ("over", over),
    ("blocks", blocks),
    ("idle-ranks", idle_ranks),
    ("out-64K", large),
    ("out-1M", large),
    ("out-64M", large),
    ("in-64K", large),
    ("in-1M", large),
    ("in-64M", large),
    ("out-64K-4", large),
    ("out-1M-4", large),
    ("out-64M-4", large),
    ("in-64K-4", large),
    ("in-1M-4", large),
    ("in-64M-4", large),
    ("launch", launch),
];

/// At most this share of the C that waits with the same back-off.
const OF_C: f64 = 1.2;

fn contest(name: &str, title: &str, ranks: u32, block: u64, job: Job, pace: Pace) -> Contest {
    let mut contest = Contest::new(name, title).rounds(201).most(Duration::from_secs(10));
    if pace == Pace::Idle {
        contest = contest.beside("of a core, rank 0 while idle", Unit::Share);
    }
    enter_all(&mut contest, ranks, block, Asked::Job(job, pace));
    contest.target("mpi", OF_C, "C, polls");
    contest
}

fn block(name: &str) -> Contest {
    contest(name, "one empty chunk on 2 ranks: a block out, an answer back", 2, 0, Job::empty(1), Pace::Hot)
}

fn four(name: &str) -> Contest {
    contest(name, "4 empty chunks on 2 ranks, one fold after another", 2, 0, Job::empty(4), Pace::Hot)
}

fn four_idle(name: &str) -> Contest {
    contest(name, "4 empty chunks on 2 ranks after 1 ms of idleness", 2, 0, Job::empty(4), Pace::Idle)
}

fn over(name: &str) -> Contest {
    contest(name, "4 empty chunks on 4 ranks, one fold after another", 4, 0, Job::empty(4), Pace::Hot)
}

fn blocks(name: &str) -> Contest {
    let title = "200 chunks of 100 us on 2 ranks (C: a chunk is a block)";
    contest(name, title, 2, 1, Job::even(200, 100e-6), Pace::Once)
}

fn idle_ranks(name: &str) -> Contest {
    let title = "processor time of 4 ranks in 5 s of idleness, while rank 0 waits for its user";
    let mut contest = Contest::new(name, title).rounds(1).most(Duration::from_secs(30));
    enter_all(&mut contest, 4, 0, Asked::Idleness(5));
    contest.target("mpi", OF_C, "C, polls");
    contest
}

fn large(name: &str) -> Contest {
    let (large, ranks) = large::parse(name);
    let (what, chunks) = (if large.is_in { "chunks" } else { "outputs" }, large.chunks());
    let title = format!("{chunks} chunks, with {what} of {} KiB, on {ranks} ranks", large.bytes >> 10);
    let mut contest = Contest::new(name, &title).rounds(101).most(Duration::from_secs(10));
    enter_large(&mut contest, ranks, large);
    contest
}

fn launch(name: &str) -> Contest {
    let title = "a whole job on 2 ranks, from its launch to its end";
    let mut contest = Contest::new(name, title).rounds(51).most(Duration::from_secs(25));
    enter_launches(&mut contest, 2);
    contest.target("mpi, no fold", 1.05, "an empty MPI program");
    contest
}
