//! Folds in this process, small enough for an interpreter that looks for undefined behaviour: `.ci/miri` runs them.

#![allow(clippy::unwrap_used, reason = "a test says with it what must be so")]

use std::ops::Range;
use std::task::{Context, Waker};

use threefold::prelude::*;

#[task]
fn total_of(chunk: Range<u64>) -> u64 {
    chunk.sum()
}

#[task]
fn nested(chunk: Range<u64>) -> u64 {
    let inner = |i| i + Executor::current().fold((0..4).split_into(2), total_of, 0, |sum, part| sum + part).unwrap();
    chunk.map(inner).sum()
}

#[task]
fn fragile(chunk: u64) -> u64 {
    assert_ne!(chunk, 5, "five");
    chunk
}

#[test]
fn nested_folds_are_shared_by_three_threads() {
    for (model, workers) in [(Model::Sequential, 1), (Model::Threads, 3)] {
        let on = Executor::builder(model).workers(workers).build().unwrap();
        for _ in 0..3 {
            assert_eq!(on.fold((0..8).split_into(4), nested, 0, |sum, part| sum + part).unwrap(), 28 + 8 * 6);
        }
        assert_eq!(on.for_each(Items((0..9).collect()), fragile).unwrap_err().chunk(), Some(5));
    }
}

#[test]
fn futures_of_folds_end_and_are_dropped() {
    for (model, workers) in [(Model::Sequential, 1), (Model::Threads, 2)] {
        let on = Executor::builder(model).workers(workers).build().unwrap();
        let fold = || on.fold_async((0..8).split_into(4), nested, 0, |sum, part| sum + part);
        assert_eq!(pollster::block_on(fold()).unwrap(), 28 + 8 * 6);
        let mut future = Box::pin(fold());
        let _ = future.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        drop(future);
        assert_eq!(
            pollster::block_on(on.for_each_async(Items((0..9).collect()), fragile)).unwrap_err().chunk(),
            Some(5)
        );
    }
}
