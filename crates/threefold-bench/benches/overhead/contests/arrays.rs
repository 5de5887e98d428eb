//! Large arrays on worker processes: read in place, sent, or kept as a capture.

use std::ops::Range;

use threefold::prelude::*;
use threefold::{Shared, Trace};
use threefold_contest::{Contest, Measured, Sample, Unit, timed};

use crate::field::executor;

/// 64 MiB of them.
const COUNT: usize = 8 << 20;

fn fill(items: &mut [u64]) {
    items.iter_mut().zip(0..).for_each(|(item, i)| *item = i);
}

#[task]
fn add_up(chunk: Slice<u64>) -> u64 {
    chunk.iter().fold(0, |sum, &item| sum.wrapping_add(item))
}

#[task]
fn add_up_rows(rows: Range<usize>, table: &Vec<u64>) -> u64 {
    table[rows].iter().sum()
}

#[task]
fn count_odd_rows(rows: Range<usize>, table: &Vec<u64>) -> u64 {
    rows.filter(|&row| table[row] % 2 == 1).count() as u64
}

/// The second fold over an array of 64 MiB, on workers that have it.
pub(crate) fn second(name: &str) -> Contest {
    let title = "a second fold over an array of 64 MiB, on one warm worker process";
    let mut contest = Contest::new(name, title).rounds(31);
    let array = Shared::filled_by(COUNT, fill).expect("there is room");
    let on = executor(Model::Processes, 1);
    contest.ours("processes", "Shared", sample(on, array.clone(), 1));
    let on = executor(Model::Processes, 1);
    contest.ours("processes", "Vec", sample(on, std::sync::Arc::<[u64]>::from(&array[..]), 1));
    let on = executor(Model::Sequential, 1);
    contest.rival("processes", "in the parent, sequential", sample(on, array, 0));
    contest.target("Shared", 1.5, "in the parent, sequential");
    contest
}

/// Folds once before the first sample, if `before` is 1.
fn sample<S>(on: Executor, source: S, before: usize) -> Sample
where
    S: Source<Chunk = Slice<u64>> + threefold::Divisible + Clone + Send + 'static,
{
    let sum = (COUNT as u64 - 1) * COUNT as u64 / 2;
    let mut run =
        move || assert_eq!(on.fold(source.clone().split_into(64), add_up, 0, u64::wrapping_add).unwrap_or(0), sum);
    (0..before).for_each(|_| run());
    Box::new(move || Measured::from(timed(&mut run)))
}

/// Folds with large captures, of one task, of two tasks in turn, and of a task whose capture is new each time.
pub(crate) fn captures(name: &str) -> Contest {
    let title = "a fold of 4 chunks on one worker process, with a captured `Vec` of 1,048,576 items";
    let mut contest = Contest::new(name, title).rounds(31).beside("bytes moved", Unit::Bytes);
    let table = |first: u64| -> Vec<u64> { (first..first + (1 << 20)).collect() };
    let (one, other) = (add_up_rows.with(table(0)), count_odd_rows.with(table(0)));
    let task = one.clone();
    let again = folds(move |on| rows(on, task.clone()));
    contest.ours("processes", "the same task again", again);
    let mut is_first = false;
    let in_turn = folds(move |on| {
        is_first = !is_first;
        if is_first { rows(on, one.clone()) } else { rows(on, other.clone()) }
    });
    contest.ours("processes", "two tasks in turn", in_turn);
    let mut first = 0;
    let new = folds(move |on| {
        first += 1;
        rows(on, add_up_rows.with(table(first)))
    });
    contest.rival("processes", "a new capture each time", new);
    contest.target("two tasks in turn", 0.1, "a new capture each time");
    contest
}

fn rows(on: &Executor, task: impl Task<Chunk = Range<usize>, Output = u64>) -> u64 {
    on.fold((0..1_000usize).split_into(4), task, 0, u64::wrapping_add).expect("no chunk fails")
}

/// Two folds come before the first sample. A clone of the captures is part of the time.
fn folds(mut fold: impl FnMut(&Executor) -> u64 + Send + 'static) -> Sample {
    let on = executor(Model::Processes, 1);
    (0..2).for_each(|_| assert!(fold(&on) > 0));
    Box::new(move || {
        let trace = Trace::new();
        let on = on.trace(&trace);
        let seconds = timed(|| assert!(fold(&on) > 0));
        Measured { main: seconds, beside: Some(trace.bytes_moved() as f64) }
    })
}
