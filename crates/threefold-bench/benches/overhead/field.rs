//! The competitors of a contest: Threefold on one model, and its rivals on the same number of workers.

use std::thread::available_parallelism;

use threefold::prelude::*;
use threefold_contest::{Contest, Sample};

use crate::pace::Pace;
use crate::rivals::{chili, native, procspawn, rayon, smol, tokio};
use crate::work::{Job, Shape};

/// An executor with this many workers.
pub(crate) fn executor(model: Model, workers: usize) -> Executor {
    Executor::builder(model).workers(workers).build().expect("the executor can be made")
}

/// A sample of `run`, whose sum is checked.
fn sample(job: Job, pace: Pace, mut run: impl FnMut() -> u64 + Send + 'static) -> Sample {
    let check = job.check();
    pace.sample(move || check(run()))
}

fn ours(contest: &mut Contest, model: Model, workers: usize, job: Job, pace: Pace) {
    let on = executor(model, workers);
    contest.ours(model.name(), model.name(), sample(job, pace, move || job.fold(&on)));
}

/// The sequential model, and a loop.
pub(crate) fn sequential(contest: &mut Contest, job: Job, pace: Pace) {
    ours(contest, Model::Sequential, 1, job, pace);
    contest.rival("sequential", "a loop", sample(job, pace, move || job.in_a_loop()));
}

/// Threads, and the rivals that have threads.
pub(crate) fn threads(contest: &mut Contest, job: Job, pace: Pace, threads: usize) {
    const FAMILY: &str = "threads";
    ours(contest, Model::Threads, threads, job, pace);
    rayon_inside(contest, job, pace, threads);
    let pool = rayon::pool(threads);
    let outside = move || pool.install(|| rayon::run(job));
    contest.rival(FAMILY, "rayon, from outside", sample(job, pace, outside));
    let pool = chili::pool(threads);
    contest.rival(FAMILY, "chili", sample(job, pace, move || chili::run(&pool, job)));
    for schedule in schedules(job, pace) {
        openmp(contest, job, pace, threads, schedule);
    }
    native::TBB.enter(contest, FAMILY, job, pace, threads, &[]);
}

/// rayon where all calls come from a thread of its pool.
pub(crate) fn rayon_inside(contest: &mut Contest, job: Job, pace: Pace, threads: usize) {
    let pool = rayon::pool(threads);
    let mut inside = sample(job, pace, move || rayon::run(job));
    contest.rival("threads", "rayon, from inside", Box::new(move || pool.install(&mut inside)));
}

/// Those that are best for some kind of job.
fn schedules(job: Job, pace: Pace) -> &'static [&'static str] {
    match (job.work.shape, pace) {
        (Shape::Even, Pace::PerChunk(_)) => &["dynamic"],
        (Shape::Even, _) => &["static"],
        _ => &["dynamic", "guided"],
    }
}

fn openmp(contest: &mut Contest, job: Job, pace: Pace, threads: usize, schedule: &str) {
    let cores = available_parallelism().map_or(1, usize::from);
    // Threads that spin are the fastest while each has a core and the next call comes at once.
    let policy = if threads > cores || pace == Pace::Idle { "passive" } else { "active" };
    let bind = if threads > cores { "false" } else { "true" };
    let settings = [("OMP_SCHEDULE", schedule), ("OMP_WAIT_POLICY", policy), ("OMP_PROC_BIND", bind)];
    native::OPENMP.enter(contest, "threads", job, pace, threads, &settings);
}

/// Async on one worker, and the runtimes.
pub(crate) fn asynchronous(contest: &mut Contest, job: Job, pace: Pace) {
    const FAMILY: &str = "async";
    ours(contest, Model::Async, 1, job, pace);
    let one = tokio::current_thread();
    contest.rival(FAMILY, "tokio, current thread", sample(job, pace, move || tokio::run(&one, job)));
    let two = tokio::multi_thread(2);
    contest.rival(FAMILY, "tokio, 2 threads", sample(job, pace, move || tokio::run(&two, job)));
    contest.rival(FAMILY, "smol, one thread", sample(job, pace, move || smol::run(job)));
}

/// Processes, and procspawn's pool.
pub(crate) fn processes(contest: &mut Contest, job: Job, pace: Pace, workers: usize) {
    our_processes(contest, job, pace, workers);
    their_processes(contest, job, pace, workers);
}

/// Worker processes of ours alone.
pub(crate) fn our_processes(contest: &mut Contest, job: Job, pace: Pace, workers: usize) {
    ours(contest, Model::Processes, workers, job, pace);
}

/// Worker processes of procspawn's alone.
pub(crate) fn their_processes(contest: &mut Contest, job: Job, pace: Pace, workers: usize) {
    let pool = procspawn::pool(workers);
    contest.rival("processes", "procspawn, pool", sample(job, pace, move || procspawn::run(&pool, job)));
}
