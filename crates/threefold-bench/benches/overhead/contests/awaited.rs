//! A fold that is awaited on a runtime of tokio's, beside what one would write by hand: rayon inside `spawn_blocking`.

use ::tokio::task::spawn_blocking;
use threefold::prelude::*;
use threefold_contest::{Contest, Sample, batched};

use crate::field::executor;
use crate::rivals::{rayon, tokio};
use crate::work::Job;

pub(crate) fn empty(name: &str) -> Contest {
    contest(name, "4 empty chunks, awaited on tokio, one fold after another", Job::empty(4), 1.2)
}

pub(crate) fn long(name: &str) -> Contest {
    contest(name, "64 chunks of 0.1 ms, awaited on tokio, one fold after another", Job::even(64, 100e-6), 1.05)
}

fn contest(name: &str, title: &str, job: Job, target: f64) -> Contest {
    let mut contest = Contest::new(name, title).rounds(101);
    contest.ours("threads", "fold_async", ours(job));
    contest.rival("threads", "spawn_blocking, rayon", theirs(job));
    contest.target("fold_async", target, "spawn_blocking, rayon");
    contest
}

fn ours(job: Job) -> Sample {
    let (on, runtime, check) = (executor(Model::Threads, 2), tokio::current_thread(), job.check());
    batched(move || check(runtime.block_on(job.fold_async(&on))))
}

fn theirs(job: Job) -> Sample {
    let (pool, runtime, check) = (std::sync::Arc::new(rayon::pool(2)), tokio::current_thread(), job.check());
    batched(move || {
        let pool = pool.clone();
        let folded = spawn_blocking_on(&runtime, move || pool.install(|| rayon::run(job)));
        check(folded);
    })
}

fn spawn_blocking_on(runtime: &::tokio::runtime::Runtime, run: impl FnOnce() -> u64 + Send + 'static) -> u64 {
    runtime.block_on(async { spawn_blocking(run).await.expect("no chunk panics") })
}
