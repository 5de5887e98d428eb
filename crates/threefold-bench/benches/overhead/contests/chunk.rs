//! The cost of one more trivial chunk.

use threefold_contest::Contest;

use crate::field;
use crate::pace::Pace;
use crate::work::Job;

pub(crate) fn chunk(name: &str) -> Contest {
    const MANY: u64 = 10_000;
    /// Enough for procspawn, where one chunk takes 50 us.
    const FEW: u64 = 500;
    let mut contest = Contest::new(name, "one trivial chunk, from 10,000 in order (500 for procspawn)").rounds(61);
    let (job, pace) = (Job::empty(MANY), Pace::PerChunk(MANY));
    field::sequential(&mut contest, job, pace);
    field::threads(&mut contest, job, pace, 2);
    field::asynchronous(&mut contest, job, pace);
    field::our_processes(&mut contest, job, pace, 2);
    field::their_processes(&mut contest, Job::empty(FEW), Pace::PerChunk(FEW), 2);
    contest.target_at_most("threads", 3e-9);
    contest.target_at_most("async", 3.5e-9);
    contest.target_at_most("processes", 60e-9);
    contest
}
