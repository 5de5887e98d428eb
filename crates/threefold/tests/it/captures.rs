//! What a task may capture, and what its value can do.

use std::collections::BTreeMap;
use std::ops::Range;

use threefold::prelude::*;
use threefold::{Portable, With};

#[task]
fn count_above(chunk: Slice<f64>, limit: &f64) -> usize {
    chunk.iter().filter(|&value| value > limit).count()
}

/// Texts and lists are captured as what they borrow from.
#[task]
fn greet(chunk: u32, greeting: &str, names: &[String], suffixes: &BTreeMap<u32, char>) -> String {
    let suffix = suffixes.get(&chunk).copied().unwrap_or('.');
    format!("{greeting}, {}{suffix}", names[chunk as usize])
}

#[task]
async fn scaled(chunk: u64, factor: &u64, &(low, high): &(u64, u64)) -> Result<u64, String> {
    let product = std::future::ready(chunk * factor).await;
    if (low..high).contains(&product) { Ok(product) } else { Err(format!("{product} is out of bounds")) }
}

/// A type of the user's that has no more than serde's traits.
#[derive(serde::Serialize, serde::Deserialize)]
struct Bare(u64);

#[task]
fn plus(chunk: u64, Bare(bare): &Bare) -> u64 {
    chunk + bare
}

/// Loses a part on the way.
#[derive(PartialEq, serde::Serialize, serde::Deserialize)]
struct Forgetful {
    #[serde(skip)]
    limit: u64,
}

#[task]
fn below(chunk: u64, bound: &Forgetful) -> bool {
    chunk < bound.limit
}

#[task]
fn sum_to(chunk: Range<u64>, depth: &u32) -> u64 {
    if *depth == 0 {
        return chunk.sum();
    }
    Executor::current().fold(chunk.split_into(2), sum_to.with(depth - 1), 0, |total, part| total + part).unwrap()
}

mod elsewhere {
    pub(crate) use ::threefold as fold;

    /// Raises to a power.
    #[fold::task(crate = "crate::captures::elsewhere::fold")]
    pub(crate) fn power(chunk: u64, exponent: &u32) -> u64 {
        chunk.pow(*exponent)
    }
}

#[test]
fn captures_go_with_the_task_on_every_model() {
    threefold::init();
    for &model in Model::available() {
        let on = Executor::new(model).unwrap();
        let total = on.fold(vec![0.5, 1.5, 2.5], count_above.with(1.0), 0, |sum, part| sum + part).unwrap();
        assert_eq!(total, 2, "{model}");
        let greeted = greet.with("Hello", ["Ada".to_string(), "Bo".to_string()], BTreeMap::from([(1, '!')]));
        assert_eq!(on.map(Items(vec![0, 1]), greeted).unwrap(), ["Hello, Ada.", "Hello, Bo!"], "{model}");
        let outputs = on.map(Items(vec![2, 5]), scaled.with(10, (0, 30))).unwrap();
        assert_eq!(outputs, [Ok(20), Err("50 is out of bounds".to_string())], "{model}");
        assert_eq!(on.map(Items(vec![1]), plus.with(Bare(4))).unwrap(), [5], "{model}");
        assert_eq!(on.map(Items(vec![2]), elsewhere::power.with(3)).unwrap(), [8], "{model}");
        assert_eq!(on.map((0..9).split_into(1), sum_to.with(2)).unwrap(), [36], "{model}");
    }
}

#[test]
fn an_async_task_with_captures_waits_together_with_others() {
    let on = Executor::new(Model::Async).unwrap();
    let error = on.try_fold(Items(vec![1, 9]), scaled.with(5, (0, 30)), 0, |sum, part| sum + part).unwrap_err();
    assert_eq!(error.to_string(), "chunk 1: 45 is out of bounds");
}

#[tokio::test]
async fn a_function_with_captures_stays_callable_and_a_function_pointer() {
    assert_eq!(count_above(Slice::from(vec![1.0, 2.0]), &1.5), 1);
    let pointer: fn(u64, &Bare) -> u64 = *plus;
    assert_eq!(pointer(1, &Bare(2)), 3);
    assert_eq!(greet(0, "Bye", &["Cy".to_string()], &BTreeMap::new()), "Bye, Cy.");
    assert_eq!(scaled(2, &3, &(0, 10)).await, Ok(6));
}

#[test]
fn a_task_with_captures_is_compared_cloned_and_shown_if_its_captures_are() {
    let task: With<count_above> = count_above.with(0.5);
    assert_eq!(task.clone(), task);
    assert_ne!(task, count_above.with(0.25));
    assert_eq!(format!("{task:?}"), "count_above.with(0.5)");
    let task = scaled.with(10, (0, 30));
    assert_eq!(format!("{task:?}"), "scaled.with(10, (0, 30))");
}

#[test]
fn a_capture_that_serde_changes_is_an_error_on_processes() {
    threefold::init();
    let on = Executor::new(Model::Processes).unwrap();
    let error = on.map(Items(vec![1]), below.with(Forgetful { limit: 5 })).unwrap_err();
    assert!(error.is_serialization(), "{error}");
}

#[test]
fn a_failing_task_with_captures_is_named_by_its_function() {
    let on = Executor::new(Model::Sequential).unwrap();
    let error = on.map(Items(vec![u64::MAX]), plus.with(Bare(1))).unwrap_err();
    assert_eq!(error.task(), Some("plus"));
}

#[test]
fn captured_tasks_are_portable_themselves() {
    fn portable<T: Portable + Sync>(_: &T) {}
    portable(&plus.with(Bare(1)));
}
