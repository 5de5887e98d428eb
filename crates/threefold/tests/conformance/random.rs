//! Random numbers are those of the chunk, wherever it runs.

use rand::Rng;
use threefold::prelude::*;
use threefold::{Executor, Items, Model, chunk_rng};

use crate::executor;

crate::rows! {
    every:
        each_chunk_has_the_numbers_of_sequential,
        async_tasks_have_the_numbers_of_their_chunks_also_after_an_await,
        nested_folds_have_the_numbers_of_their_own_chunks,
        a_chunk_that_is_run_again_has_the_same_numbers;
}

#[task]
fn draw(_chunk: u64, seed: &u64) -> [u64; 3] {
    let mut rng = chunk_rng(*seed);
    [rng.next_u64(), rng.next_u64(), rng.next_u64()]
}

#[task]
async fn draw_late(chunk: u64, seed: &u64) -> [u64; 3] {
    for _ in 0..chunk % 5 {
        tokio::task::yield_now().await;
    }
    let mut rng = chunk_rng(*seed);
    let first = rng.next_u64();
    tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    assert_eq!(chunk_rng(*seed).next_u64(), first, "it is still this chunk");
    [first, rng.next_u64(), rng.next_u64()]
}

#[task]
fn draw_in_a_fold(_chunk: u64, seed: &u64) -> [u64; 3] {
    let mut rng = chunk_rng(*seed);
    let first = rng.next_u64();
    let inner = Executor::current().map(numbers(3), draw.with(first)).unwrap();
    assert_eq!(chunk_rng(*seed).next_u64(), first, "it is this chunk again");
    [inner[0][0], inner[1][1], inner[2][2]]
}

fn numbers(n: u64) -> Items<u64> {
    Items((0..n).collect())
}

fn sequential() -> Executor {
    executor(Model::Sequential, 1)
}

fn each_chunk_has_the_numbers_of_sequential(model: Model) {
    let expected = sequential().map(numbers(500), draw.with(1)).unwrap();
    assert_eq!(expected[0], draw(0, &1), "outside of tasks they are those of chunk 0");
    let mut distinct: Vec<_> = expected.iter().flatten().collect();
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!(distinct.len(), 1500);
    for workers in [1, 2, 5] {
        assert_eq!(executor(model, workers).map(numbers(500), draw.with(1)).unwrap(), expected);
    }
    // Blocks of a range are cut by the workers.
    let of_range = sequential().map((0..500).chunks_of(1), draw_of_range.with(1)).unwrap();
    assert_eq!(executor(model, 2).map((0..500).chunks_of(1), draw_of_range.with(1)).unwrap(), of_range);
    assert_eq!(of_range, expected);
}

#[task]
fn draw_of_range(chunk: std::ops::Range<u64>, seed: &u64) -> [u64; 3] {
    draw(chunk.start, seed)
}

fn async_tasks_have_the_numbers_of_their_chunks_also_after_an_await(model: Model) {
    let expected = sequential().map(numbers(60), draw.with(9)).unwrap();
    assert_eq!(executor(model, 2).map(numbers(60), draw_late.with(9)).unwrap(), expected);
}

fn nested_folds_have_the_numbers_of_their_own_chunks(model: Model) {
    let expected = sequential().map(numbers(40), draw_in_a_fold.with(4)).unwrap();
    assert_eq!(executor(model, 3).map(numbers(40), draw_in_a_fold.with(4)).unwrap(), expected);
}

/// Panics at the first attempt.
#[task]
fn draw_at_last(chunk: u64, folder: &std::path::PathBuf) -> [u64; 3] {
    let numbers = draw(chunk, &1);
    let is_first = std::fs::File::create_new(folder.join(chunk.to_string())).is_ok();
    assert!(!is_first, "not yet");
    numbers
}

fn a_chunk_that_is_run_again_has_the_same_numbers(model: Model) {
    let folder = crate::fixtures::folder();
    let on = Executor::builder(model).retries(1).retry_panics(true).build().unwrap();
    let expected = sequential().map(numbers(20), draw.with(1)).unwrap();
    assert_eq!(on.map(numbers(20), draw_at_last.with(folder.path().to_path_buf())).unwrap(), expected);
}
