//! Tasks in place, by `task_fn!`: they run wherever others do.

use std::ops::Range;

use threefold::prelude::*;
use threefold::{TaskOf, TryError};

use crate::executor;

crate::rows! {
    every:
        a_task_in_place_runs_on_every_model,
        tasks_of_one_line_are_different_tasks,
        a_generic_function_may_have_a_task_in_place,
        a_task_in_place_may_use_items_and_fold_itself,
        a_task_in_place_may_return_an_err,
        an_error_names_the_place_of_the_task;
}

fn a_task_in_place_runs_on_every_model(model: Model) {
    let on = executor(model, 2);
    let total = on.fold(0..1000, task_fn!(|c: Range<u64>| -> u64 { c.sum() }), 0, |total, part| total + part);
    assert_eq!(total.unwrap(), 499_500);
    assert_eq!(
        on.map(
            Items(vec![1, 2]),
            task_fn!(|mut n: u32| -> u32 {
                n += 1;
                n
            })
        )
        .unwrap(),
        [2, 3]
    );
    assert_eq!(
        on.map(
            Items(vec![(1, 'a')]),
            task_fn!(|(n, letter): (u32, char)| -> String {
                if n == 0 {
                    return String::new();
                }
                format!("{letter}{n}")
            })
        )
        .unwrap(),
        ["a1"]
    );
    on.for_each(Items(vec![1, 2]), task_fn!(|_: u8| -> () {})).unwrap();
}

#[rustfmt::skip]
fn tasks_of_one_line_are_different_tasks(model: Model) {
    let on = executor(model, 2);
    let (one, two) = (task_fn!(|n: u32| -> u32 { n + 1 }), task_fn!(|n: u32| -> u32 { n + 2 }));
    assert_eq!((on.map(Items(vec![5]), one).unwrap(), on.map(Items(vec![5]), two).unwrap()), (vec![6], vec![7]));
}

fn a_generic_function_may_have_a_task_in_place(model: Model) {
    fn lengths<T: TaskOf<String, Output = String>>(on: &Executor, words: Vec<String>, task: T) -> Vec<usize> {
        let words = on.map(Items(words), task).unwrap();
        on.map(Items(words), task_fn!(|word: String| -> usize { word.len() })).unwrap()
    }
    let on = executor(model, 2);
    let words = vec!["one".to_string(), "three".to_string()];
    assert_eq!(lengths(&on, words.clone(), task_fn!(|word: String| -> String { word.repeat(2) })), [6, 10]);
    assert_eq!(lengths(&on, words, task_fn!(|word: String| -> String { word })), [3, 5]);
}

const FACTOR: u64 = 3;

fn tripled(n: u64) -> u64 {
    n * FACTOR
}

fn a_task_in_place_may_use_items_and_fold_itself(model: Model) {
    let nested = task_fn!(|c: Range<u64>| -> u64 {
        fn next(n: u64) -> u64 {
            n + 1
        }
        let own = task_fn!(|c: Range<u64>| -> u64 { c.map(tripled).map(next).sum() });
        Executor::current().fold(c, own, 0, |total, part| total + part).expect("it finishes")
    });
    let total = executor(model, 2).fold((0..100).split_into(10), nested, 0, |total, part| total + part);
    assert_eq!(total.unwrap(), 4950 * 3 + 100);
}

fn a_task_in_place_may_return_an_err(model: Model) {
    let on = executor(model, 2);
    let parse = task_fn!(|word: String| -> Result<i32, String> {
        let number: i32 = word.parse().map_err(|_| word.clone())?;
        Ok(number)
    });
    let words = |words: [&str; 3]| Items(words.map(String::from).to_vec());
    assert_eq!(on.try_fold(words(["1", "2", "3"]), parse.clone(), 0, |sum, n| sum + n).unwrap(), 6);
    match on.try_fold(words(["1", "two", "x"]), parse, 0, |sum, n| sum + n) {
        Err(TryError::Task { chunk: 1, error }) => assert_eq!(error, "two"),
        other => panic!("{other:?}"),
    }
}

fn an_error_names_the_place_of_the_task(model: Model) {
    let (line, reciprocal) = (line!(), task_fn!(|n: u32| -> u32 { 100 / n }));
    let name = format!("task at {}:{line}", file!());
    assert_eq!(format!("{reciprocal:?}"), name);
    let error = executor(model, 2).map(Items(vec![5, 0]), reciprocal).unwrap_err();
    assert_eq!((error.task(), error.chunk(), error.is_panic()), (Some(&*name), Some(1), true), "{error}");
}
