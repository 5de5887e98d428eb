//! Folds in this process, small enough for an interpreter that looks for undefined behaviour: `.ci/miri` runs them.

#![allow(clippy::unwrap_used, reason = "a test says with it what must be so")]

use std::ops::Range;
use std::task::{Context, Waker};

use threefold::prelude::*;
use threefold::{Shared, SharedMut};

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

#[task]
fn squares(chunk: Slice<u16>, piece: &mut [u32], plus: &Shared<u32>) {
    for (item, &i) in piece.iter_mut().zip(chunk.iter()) {
        *item += u32::from(i) * u32::from(i) + plus[0];
    }
}

#[task]
fn sum_of(chunk: Slice<u32>) -> u32 {
    chunk.iter().sum()
}

#[test]
fn threads_fill_an_array_that_others_read() {
    let numbers = Shared::filled_by(12, |items| (0u16..).zip(items).for_each(|(i, item)| *item = i)).unwrap();
    let plus = Shared::copy_of(&[1]).unwrap();
    for (model, workers) in [(Model::Sequential, 1), (Model::Threads, 3)] {
        let on = Executor::builder(model).workers(workers).build().unwrap();
        let mut filled = SharedMut::zeroed(12).unwrap();
        filled.fill(9);
        on.map_into(&mut filled, (&numbers).split_into(4), squares.with(plus.clone())).unwrap();
        let filled = filled.seal().unwrap();
        assert_eq!(on.fold(filled.split_into(5), sum_of, 0, |sum, part| sum + part).unwrap(), 506 + 12);
    }
}
