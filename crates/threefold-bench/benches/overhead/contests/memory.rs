//! What an idle worker process holds that no other process shares with it.

use std::collections::BTreeSet;
use std::fs;

use threefold::prelude::*;
use threefold_contest::{Contest, Measured, Sample, Unit};

use crate::field::executor;
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

/// What the children hold that `start` adds, whatever they are for, divided by the number of workers.
fn each<T>(mut start: impl FnMut() -> T + Send + 'static) -> Sample {
    Box::new(move || {
        let before = children();
        let workers = start();
        let bytes: u64 = children().difference(&before).map(|child| private(child)).sum();
        drop(workers);
        Measured::from(bytes as f64 / WORKERS as f64)
    })
}

/// The children of all threads of this process.
fn children() -> BTreeSet<String> {
    let threads = fs::read_dir("/proc/self/task").expect("a process has threads").flatten();
    let lists = threads.filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
    lists.flat_map(|list| list.split_whitespace().map(String::from).collect::<Vec<_>>()).collect()
}

/// The bytes in memory that only this process maps. One that has ended holds nothing.
fn private(process: &str) -> u64 {
    let text = fs::read_to_string(format!("/proc/{process}/smaps_rollup")).unwrap_or_default();
    let lines = text.lines().filter(|line| line.starts_with("Private_"));
    let kibibytes = lines.filter_map(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
    kibibytes.sum::<u64>() * 1024
}
