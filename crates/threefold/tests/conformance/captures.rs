//! Captures: each task has its own, whatever tasks ran before; and large ones are sent once.

use std::collections::BTreeSet;
use std::ops::Range;
use std::process;

use threefold::prelude::*;
use threefold::{Model, Shared, Trace};

use crate::executor;

crate::rows! {
    every:
        tasks_that_alternate_keep_their_captures_apart,
        a_task_that_comes_back_has_a_new_state;
    processes:
        large_captures_are_sent_once_while_tasks_alternate,
        captures_beyond_the_bound_are_sent_again,
        with_a_memory_limit_only_the_last_captures_are_kept,
        a_task_goes_with_an_array_that_it_has_captured;
}

/// Items of a large capture.
const LARGE: usize = 1 << 20;

#[task]
fn add_to(chunk: Range<u64>, numbers: &Vec<u64>) -> u64 {
    chunk.map(|i| numbers[i as usize % numbers.len()]).sum()
}

#[task]
fn multiply_with(chunk: Range<u64>, numbers: &Vec<u64>) -> u64 {
    chunk.map(|i| i * numbers[i as usize % numbers.len()]).sum()
}

fn total(on: &Executor, task: impl Task<Chunk = Range<u64>, Output = u64>) -> u64 {
    on.fold((0..1_000).split_into(8), task, 0, |sum, part| sum + part).unwrap()
}

fn tasks_that_alternate_keep_their_captures_apart(model: Model) {
    let on = executor(model, 2);
    // More tasks than a worker keeps.
    for round in 0..3 {
        for number in 0..12 {
            assert_eq!(total(&on, add_to.with(vec![number])), 1_000 * number, "round {round}");
            assert_eq!(total(&on, multiply_with.with(vec![number])), 499_500 * number, "round {round}");
        }
    }
}

/// Counts the chunks that its worker has run in this fold.
#[derive(serde::Serialize, serde::Deserialize)]
struct Count;

#[task]
impl Task for Count {
    type Chunk = u64;
    type Output = u64;
    type State = u64;

    fn state(&self) -> u64 {
        0
    }

    fn map(&self, state: &mut u64, _chunk: u64) -> u64 {
        *state += 1;
        *state
    }
}

fn a_task_that_comes_back_has_a_new_state(model: Model) {
    let on = executor(model, 1);
    for _ in 0..3 {
        let counts = on.map(Items(vec![0; 5]), Count).unwrap();
        assert!(counts.iter().all(|&count| count <= 5), "{counts:?}");
        assert_eq!(counts.iter().min(), Some(&1));
        assert_eq!(total(&on, add_to.with(vec![1])), 1_000);
    }
}

/// The bytes that a fold moves.
fn moved(on: &Executor, task: impl Task<Chunk = Range<u64>, Output = u64>) -> u64 {
    let trace = Trace::new();
    total(&on.trace(&trace), task);
    trace.bytes_moved()
}

fn large_captures_are_sent_once_while_tasks_alternate(model: Model) {
    // One worker: which of several gets chunks of a small fold is a matter of luck.
    let on = executor(model, 1);
    let (one, other) = (add_to.with(vec![1; LARGE]), multiply_with.with(vec![2; LARGE]));
    let all = || [one.clone(), add_to.with(vec![3; LARGE])].map(|task| moved(&on, task)).into_iter();
    let first: u64 = all().chain([moved(&on, other.clone())]).sum();
    assert!(first > 3 * LARGE as u64, "{first} bytes");
    for _ in 0..3 {
        let again: u64 = all().chain([moved(&on, other.clone())]).sum();
        assert!(again < 10_000, "{again} bytes");
    }
}

fn captures_beyond_the_bound_are_sent_again(model: Model) {
    let on = executor(model, 1);
    let tasks: Vec<_> = (0..9).map(|number| add_to.with(vec![number; LARGE / 8])).collect();
    let first: Vec<u64> = tasks.iter().map(|task| moved(&on, task.clone())).collect();
    // Eight are kept, and not the first.
    assert!(moved(&on, tasks[8].clone()) < 10_000);
    assert!(moved(&on, tasks[1].clone()) < 10_000);
    assert!(moved(&on, tasks[0].clone()) >= first[0] / 2);
}

fn with_a_memory_limit_only_the_last_captures_are_kept(model: Model) {
    let on = Executor::builder(model).workers(1).memory_limit(1 << 30).build().unwrap();
    let (one, other) = (add_to.with(vec![1; LARGE]), multiply_with.with(vec![2; LARGE]));
    let first = moved(&on, one.clone());
    assert!(moved(&on, one.clone()) < 10_000);
    assert!(moved(&on, other) > first / 2);
    assert!(moved(&on, one) > first / 2);
}

#[task]
fn process_with(_chunk: u64, array: &Shared<u64>) -> (u32, u64) {
    (process::id(), array[0])
}

fn a_task_goes_with_an_array_that_it_has_captured(model: Model) {
    let on = executor(model, 1);
    let task = add_to.with(vec![1; LARGE]);
    moved(&on, task.clone());
    let mut pids = BTreeSet::new();
    for number in 0..5 {
        let array = Shared::copy_of(&vec![number; 10_000]).unwrap();
        let outputs = on.map(Items(vec![0; 4]), process_with.with(array)).unwrap();
        assert!(outputs.iter().all(|&(_, item)| item == number));
        pids.extend(outputs.into_iter().map(|(pid, _)| pid));
        // The array is dropped by now, and the other task is kept.
        assert!(moved(&on, task.clone()) < 10_000);
    }
    assert!(!pids.contains(&process::id()));
}
