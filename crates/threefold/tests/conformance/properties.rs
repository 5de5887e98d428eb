//! Laws 1 and 2 over random sources, grids, numbers of workers and failing sets, against Sequential.

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use threefold::prelude::*;
use threefold::{Executor, Items, Model, TryError};

use crate::executor;
use crate::fixtures::seed;
use crate::tasks::{FailsOn, irregular, total_of};

crate::rows! {
    every:
        any_cut_of_any_range_gives_the_bits_of_sequential,
        any_cut_of_any_array_gives_the_total_of_sequential,
        any_failing_set_gives_the_failure_of_sequential;
}

/// So many cases each: a process is started for most of them.
const CASES: u32 = 40;

pub(crate) fn runner() -> TestRunner {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed().to_le_bytes());
    let config = Config { cases: CASES, failure_persistence: None, ..Config::default() };
    TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes))
}

fn sequential() -> Executor {
    executor(Model::Sequential, 1)
}

fn any_cut_of_any_range_gives_the_bits_of_sequential(model: Model) {
    let cases = (any::<u32>(), 0u64..3000, 1u64..400, any::<bool>(), 1usize..=8);
    let check = |(start, len, n, split, workers)| {
        let start = u64::from(start);
        let source = if split { (start..start + len).split_into(n) } else { (start..start + len).chunks_of(n) };
        let bits = |on: Executor| on.fold(source.clone(), irregular, 0.0, |a, b| a + b).unwrap().to_bits();
        prop_assert_eq!(bits(executor(model, workers)), bits(sequential()));
        Ok(())
    };
    runner().run(&cases, check).unwrap();
}

fn any_cut_of_any_array_gives_the_total_of_sequential(model: Model) {
    let cases = (proptest::collection::vec(any::<i32>(), 0..2000), 1usize..300, 1usize..=8);
    let check = |(items, size, workers): (Vec<i32>, _, _)| {
        let expected: i64 = items.iter().copied().map(i64::from).sum();
        let on = executor(model, workers);
        let total = on.fold(items.chunks_of(size), total_of, 0, |total, part| total + part).unwrap();
        prop_assert_eq!(total, expected);
        Ok(())
    };
    runner().run(&cases, check).unwrap();
}

fn any_failing_set_gives_the_failure_of_sequential(model: Model) {
    let set = || proptest::collection::vec(0u64..120, 0..4);
    let cases = (1u64..100, set(), set(), 1usize..=8);
    let check = |(chunks, panics, errors, workers)| {
        let run = |on: Executor| {
            let task = FailsOn { panics: Vec::clone(&panics), errors: Vec::clone(&errors) };
            let result = on.try_fold(Items((0..chunks).collect()), task, 0, |total, part| total + part);
            result.map_err(|error| match error {
                TryError::Task { chunk, error } => (chunk, error),
                TryError::Failed(error) => (error.chunk().unwrap(), "panic".to_string()),
            })
        };
        prop_assert_eq!(run(executor(model, workers)), run(sequential()));
        Ok(())
    };
    runner().run(&cases, check).unwrap();
}
