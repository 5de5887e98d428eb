//! Worker processes from ordinary tests, under somebody else's `main`.
#![forbid(unsafe_code)]

use threefold::prelude::*;
use threefold::Items;

#[task]
fn process_of(_chunk: u64) -> u32 {
    std::process::id()
}

#[test]
fn chunks_run_in_other_processes() {
    threefold::init();
    let on = Executor::builder(Model::Processes).workers(2).build().unwrap();
    let processes = on.map(Items(vec![1, 2, 3]), process_of).unwrap();
    assert!(processes.iter().all(|&process| process != std::process::id()));
}

#[test]
fn a_task_of_a_dependency_is_found_as_well() {
    threefold::init();
    let on = Executor::new(Model::Processes).unwrap();
    assert_eq!(on.map(Items(vec![2, 1]), tasks::nap).unwrap(), [2, 1]);
}
