//! `combine`: the same balanced tree on every model, and the failure that a sequential run would have met.

use std::collections::HashSet;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use threefold::prelude::*;
use threefold::{CancelToken, Executor, Items, Model};

use crate::executor;
use crate::properties::runner;
use crate::tasks::{Nests, irregular, nap, wait_until};

crate::rows! {
    every:
        the_tree_is_the_same_for_every_number_of_chunks,
        bits_of_floats_are_those_of_the_tree_for_1_to_9_workers,
        no_chunks_give_none_and_one_is_not_merged,
        outputs_of_async_tasks_are_merged,
        any_failing_set_of_chunks_and_merges_gives_the_failure_of_sequential,
        a_merge_may_cancel_its_fold,
        a_merge_may_fold,
        panics_are_tried_again_between_merges;
    pooled: several_workers_merge_at_the_same_time;
}

/// Gives each chunk its number as text; panics on some.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Names {
    panics_on: Vec<u64>,
}

#[task]
impl Task for Names {
    type Chunk = u64;
    type Output = String;

    fn map(&self, chunk: u64) -> String {
        assert!(!self.panics_on.contains(&chunk), "chunk {chunk}");
        chunk.to_string()
    }
}

fn numbers(n: u64) -> Items<u64> {
    Items((0..n).collect())
}

fn names() -> Names {
    Names { panics_on: Vec::new() }
}

/// The tree as the documentation of `combine` defines it.
fn tree<O>(chunks: Range<u64>, leaf: &impl Fn(u64) -> O, combine: &impl Fn(O, O) -> O) -> O {
    match chunks.end - chunks.start {
        1 => leaf(chunks.start),
        length => {
            let middle = chunks.start + length.next_power_of_two() / 2;
            let left = tree(chunks.start..middle, leaf, combine);
            combine(left, tree(middle..chunks.end, leaf, combine))
        }
    }
}

fn joined(left: String, right: String) -> String {
    format!("({left} {right})")
}

fn the_tree_is_the_same_for_every_number_of_chunks(model: Model) {
    let on = executor(model, 3);
    for chunks in (1..40).chain([64, 65, 127, 1000]) {
        let expected = tree(0..chunks, &|chunk| chunk.to_string(), &|a, b| joined(a, b));
        assert_eq!(on.combine(numbers(chunks), names(), joined).unwrap(), Some(expected));
    }
}

fn bits_of_floats_are_those_of_the_tree_for_1_to_9_workers(model: Model) {
    let source = || (0..20_000).split_into(700);
    let parts = executor(Model::Sequential, 1).map(source(), irregular).unwrap();
    let expected: f64 = tree(0..700, &|chunk| parts[chunk as usize], &|a, b| a + b);
    let in_order: f64 = parts.iter().sum();
    assert_ne!(expected.to_bits(), in_order.to_bits(), "another order gives other bits");
    let most = if crate::with_workers(model) { 9 } else { 1 };
    for workers in 1..=most {
        let sum = executor(model, workers).combine(source(), irregular, |a, b| a + b).unwrap().unwrap();
        assert_eq!(sum.to_bits(), expected.to_bits(), "{workers} workers");
    }
}

fn no_chunks_give_none_and_one_is_not_merged(model: Model) {
    let on = executor(model, 2);
    let never = |_, _| panic!("there is nothing to merge");
    assert_eq!(on.combine(numbers(0), names(), never).unwrap(), None);
    assert_eq!(on.combine(numbers(1), names(), never).unwrap().as_deref(), Some("0"));
}

fn outputs_of_async_tasks_are_merged(model: Model) {
    let on = executor(model, 2);
    let waited = on.combine(Items(vec![3, 1, 2, 0, 5]), nap, |a, b| 10 * a + b).unwrap();
    assert_eq!(waited, Some(10 * (10 * 31 + 20) + 5));
}

/// What a combine gives, or how it fails.
fn outcome(on: &Executor, chunks: u64, panics_on: &[u64], merges: &[u64]) -> Result<Option<String>, String> {
    let merges = merges.to_vec();
    let merge = move |left: String, right: String| {
        let last = right.rsplit([' ', ')']).find(|text| !text.is_empty()).unwrap_or_default();
        assert!(!merges.iter().any(|merge| merge.to_string() == last), "merge ({left} {right})");
        joined(left, right)
    };
    let task = Names { panics_on: panics_on.to_vec() };
    match catch_unwind(AssertUnwindSafe(|| on.combine(numbers(chunks), task, merge))) {
        Ok(result) => result.map_err(|error| format!("chunk {}", error.chunk().unwrap())),
        Err(payload) => Err(payload.downcast_ref::<String>().unwrap().clone()),
    }
}

fn any_failing_set_of_chunks_and_merges_gives_the_failure_of_sequential(model: Model) {
    let set = || proptest::collection::vec(0u64..100, 0..4);
    let check = |(chunks, panics_on, merges, workers): (u64, Vec<u64>, Vec<u64>, usize)| {
        // A sequential run merges a node right after its last chunk.
        let lowest_chunk = panics_on.iter().copied().filter(|&chunk| chunk < chunks).min();
        let odd = |&merge: &u64| merge < chunks && (merge % 2 == 1 || merge == chunks - 1 && merge > 0);
        let lowest_merge = merges.iter().copied().filter(odd).min();
        let found = outcome(&executor(model, workers), chunks, &panics_on, &merges);
        prop_assert_eq!(&found, &outcome(&executor(Model::Sequential, 1), chunks, &panics_on, &merges));
        match (lowest_chunk, lowest_merge) {
            (None, None) => prop_assert!(found.is_ok()),
            (Some(chunk), merge) if merge.is_none_or(|merge| chunk <= merge) => {
                prop_assert_eq!(found, Err(format!("chunk {chunk}")));
            }
            (_, Some(merge)) => {
                let text = found.unwrap_err();
                let ends = [format!(" {merge})"), format!(" {merge}))")];
                prop_assert!(text.starts_with("merge") && ends.iter().any(|end| text.ends_with(end)), "{}", text);
            }
            (Some(_), None) => unreachable!("it is the case above"),
        }
        Ok(())
    };
    runner().run(&(1u64..90, set(), set(), 1usize..=6), check).unwrap();
}

fn a_merge_may_cancel_its_fold(model: Model) {
    let token = CancelToken::new();
    let on = executor(model, 2);
    let cancelled = on.cancel(&token);
    let merge = move |left, right: String| {
        if right == "7" {
            token.cancel();
        }
        joined(left, right)
    };
    assert!(cancelled.combine(numbers(8), names(), merge).unwrap_err().is_cancelled());
    assert_eq!(on.combine(numbers(2), names(), joined).unwrap().as_deref(), Some("(0 1)"), "the executor goes on");
}

fn a_merge_may_fold(model: Model) {
    let on = executor(model, 3);
    let inner = |a: u64| Executor::current().fold((0..12).split_into(6), Nests { depth: 1 }, a, |a, b| a + b).unwrap();
    let each = inner(0);
    let task = Nests { depth: 0 };
    let sum = on.combine((0..64).chunks_of(1), task, move |a, b| inner(a + b)).unwrap();
    assert_eq!(sum, Some(63 * 32 + 63 * each));
}

/// Panics at the first attempt at each chunk.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct PanicsFirst {
    folder: std::path::PathBuf,
}

#[task]
impl Task for PanicsFirst {
    type Chunk = u64;
    type Output = String;

    fn map(&self, chunk: u64) -> String {
        let is_first = std::fs::File::create_new(self.folder.join(chunk.to_string())).is_ok();
        assert!(!is_first, "not yet");
        chunk.to_string()
    }
}

fn panics_are_tried_again_between_merges(model: Model) {
    let folder = crate::fixtures::folder();
    let on = Executor::builder(model).retries(1).retry_panics(true).build().unwrap();
    let task = PanicsFirst { folder: folder.path().into() };
    let expected = tree(0..11, &|chunk| chunk.to_string(), &|a, b| joined(a, b));
    assert_eq!(on.combine(numbers(11), task, joined).unwrap(), Some(expected));
}

fn several_workers_merge_at_the_same_time(model: Model) {
    let on = executor(model, 2);
    let threads = Arc::new(Mutex::new(HashSet::new()));
    let came = Arc::new(AtomicBool::new(false));
    let merge = move |left: String, right: String| {
        let mut seen = threads.lock().unwrap();
        seen.insert(thread::current().id());
        came.fetch_or(seen.len() == 2, Ordering::Relaxed);
        drop(seen);
        wait_until("the other worker merges too", || came.load(Ordering::Relaxed));
        joined(left, right)
    };
    assert!(on.combine(numbers(256), names(), merge).unwrap().is_some());
}
