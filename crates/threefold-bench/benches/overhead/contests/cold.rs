//! The cost of a whole executor in this process: make it, fold 4 empty chunks, drop it.

use threefold::prelude::*;
use threefold_contest::{Contest, once};

use crate::field::executor;
use crate::rivals::{chili, rayon, smol, tokio};
use crate::work::Job;

pub(crate) fn cold(name: &str) -> Contest {
    let mut contest = Contest::new(name, "make it, fold 4 empty chunks, drop it");
    let job = Job::empty(4);
    let check = job.check();
    for (model, workers) in [(Model::Sequential, 1), (Model::Threads, 2), (Model::Async, 1)] {
        contest.ours(model.name(), model.name(), once(move || check(job.fold(&executor(model, workers)))));
    }
    let pool = move || check(rayon::pool(2).install(|| rayon::run(job)));
    contest.rival("threads", "rayon, a pool of its own", once(pool));
    contest.rival("threads", "chili, a pool of its own", once(move || check(chili::run(&chili::pool(2), job))));
    let one = move || check(tokio::run(&tokio::current_thread(), job));
    contest.rival("async", "tokio, current thread", once(one));
    let two = move || check(tokio::run(&tokio::multi_thread(2), job));
    contest.rival("async", "tokio, 2 threads", once(two));
    contest.rival("async", "smol, one thread", once(move || check(smol::run(job))));
    contest.target("async", 1.8, "tokio, current thread");
    contest
}
