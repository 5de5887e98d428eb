//! How many threads a task should use itself, as the executor, the task and the libraries in a worker are told.

use std::thread;

use threefold::prelude::*;

use crate::executor;
use crate::fixtures::fixture_with;

crate::rows! {
    unranked:
        the_share_is_that_of_the_cores,
        a_task_is_told_the_share_of_its_executor,
        nested_folds_divide_what_they_are_nested_in;
    ranked: a_task_in_a_rank_has_a_share;
    isolating: libraries_in_worker_processes_are_told_the_share;
}

/// The cores of this process.
fn cores() -> usize {
    thread::available_parallelism().unwrap().get()
}

#[task]
fn share_of_task(_chunk: u64) -> usize {
    Executor::current().share()
}

fn the_share_is_that_of_the_cores(model: Model) {
    for workers in [1, 2, 3, cores(), 2 * cores()] {
        let on = executor(model, workers);
        assert_eq!(on.share(), (cores() / on.workers()).max(1), "{on:?}");
    }
}

fn a_task_is_told_the_share_of_its_executor(model: Model) {
    for workers in [1, 2, cores()] {
        let on = executor(model, workers);
        assert_eq!(on.map(Items(vec![0; 8]), share_of_task).unwrap(), [on.share(); 8], "{on:?}");
    }
}

/// The share in a nested fold, in an executor of the task's own with two workers, and of that of its task.
#[task]
fn nested_shares(_chunk: u64) -> (usize, usize, usize) {
    let own = Executor::builder(Model::Threads).workers(2).build().expect("threads are everywhere");
    let nested = Executor::current().map(Items(vec![0, 1]), share_of_task).expect("it finishes");
    assert_eq!(nested[0], nested[1]);
    (nested[0], own.share(), own.map(Items(vec![0]), share_of_task).expect("it finishes")[0])
}

fn nested_folds_divide_what_they_are_nested_in(model: Model) {
    for workers in [1, 2] {
        let on = executor(model, workers);
        let half = (on.share() / 2).max(1);
        assert_eq!(on.map(Items(vec![0; 3]), nested_shares).unwrap(), [(on.share(), half, half); 3], "{on:?}");
    }
}

fn a_task_in_a_rank_has_a_share(model: Model) {
    let shares = executor(model, 2).map(Items(vec![0; 8]), share_of_task).unwrap();
    assert!(shares.iter().all(|share| (1..=cores()).contains(share)), "{shares:?}");
}

/// The variables of this worker process that matter here.
#[task]
fn told_to_worker(_chunk: u64) -> Vec<Option<String>> {
    ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS", "POLARS_MAX_THREADS"]
        .map(|name| std::env::var(name).ok())
        .to_vec()
}

/// In a copy: what libraries are told in worker processes, also in those that replace others.
pub(crate) fn print_variables(model: Model) {
    for chunks in [usize::MAX, 1] {
        let on = Executor::builder(model).workers(1).isolate(true).chunks_per_worker(chunks).build().unwrap();
        for told in on.map(Items(vec![0, 1]), told_to_worker).unwrap() {
            println!("{}", told.iter().map(|value| value.as_deref().unwrap_or("-")).collect::<Vec<_>>().join(" "));
        }
    }
}

fn libraries_in_worker_processes_are_told_the_share(model: Model) {
    let share = fixture_with("share", model, &[]).stdout;
    let told = |variables: &[(&str, &str)]| fixture_with("variables", model, variables).stdout;
    let share = share.trim();
    assert_eq!(told(&[]), format!("{share} {share} {share} {share}\n").repeat(4));
    assert_eq!(told(&[("OMP_NUM_THREADS", "7")]), format!("7 - {share} {share}\n").repeat(4));
    assert_eq!(told(&[("RAYON_NUM_THREADS", "5")]), format!("{share} {share} 5 {share}\n").repeat(4));
}

/// In a copy: the share of a task in a worker process, if there is one worker.
pub(crate) fn print_share(model: Model) {
    let on = Executor::builder(model).workers(1).isolate(true).build().unwrap();
    println!("{}", on.map(Items(vec![0]), share_of_task).unwrap()[0]);
}
