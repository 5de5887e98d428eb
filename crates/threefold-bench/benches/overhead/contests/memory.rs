//! The private memory of an idle worker process: what no other process shares with it.

use std::process;

use threefold::prelude::*;
use threefold_contest::{Contest, Measured, Sample, Unit};

use crate::field::executor;
use crate::holdings::{Holdings, children_of};
use crate::rivals::procspawn;
use crate::work::Job;

const WORKERS: usize = 4;

pub(crate) fn memory(name: &str) -> Contest {
    let title = "private memory of one idle worker process, of 4 that have run a chunk";
    let mut contest = Contest::new(name, title).rounds(21).unit(Unit::Bytes);
    let job = Job::empty(WORKERS as u64);
    let check = job.check();
    let ours = move || {
        let on = executor(Model::Processes, WORKERS);
        check(job.fold(&on));
        on
    };
    contest.ours("processes", "processes", each(ours));
    let pool = move || {
        let pool = procspawn::pool(WORKERS);
        check(procspawn::run(&pool, job));
        pool
    };
    contest.rival("processes", "procspawn, pool", each(pool));
    contest.target_at_most("processes", 1024.0 * 1024.0);
    contest
}

/// The private memory of all children that `start` adds, whatever they are for, divided by the number of workers.
fn each<T>(mut start: impl FnMut() -> T + Send + 'static) -> Sample {
    Box::new(move || {
        let before = children_of(process::id());
        let workers = start();
        let bytes: u64 = children_of(process::id()).difference(&before).map(|&child| Holdings::of(child).private).sum();
        drop(workers);
        Measured::from(bytes as f64 / WORKERS as f64)
    })
}
