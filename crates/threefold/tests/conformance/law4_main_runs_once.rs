//! Law 4: `main` runs once.

use threefold::{Items, Model};

use crate::executor;
use crate::fixtures::fixture;
use crate::tasks::own_workers;

crate::rows! {
    every: main_runs_once_whatever_the_model;
    processes:
        without_init_nothing_is_started,
        workers_start_no_workers;
}

fn main_runs_once_whatever_the_model(model: Model) {
    let output = fixture("counts-mains", model);
    assert_eq!(output.stdout, "main\n500000500000\n");
}

fn without_init_nothing_is_started(model: Model) {
    let output = fixture("no-init", model);
    assert_eq!(
        output.stdout,
        "worker processes need `threefold::init()` as the first line of `main`, or in a test as the first line of each \
         thread that makes an executor: a worker process runs the program up to this call, and from there on it runs \
         chunks\n0 children\n"
    );
}

fn workers_start_no_workers(model: Model) {
    let answers = executor(model, 1).map(Items(vec![0]), own_workers).unwrap();
    assert!(answers[0].starts_with("a worker process starts no workers of its own"), "{}", answers[0]);
}
