//! Law 2: the same error, that of the lowest failing chunk.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};

use threefold::{Event, Items, Model, TryError};

use crate::fixtures::folder;
use crate::tasks::{FailsOn, Leaves, PanicsOn, files, panics_twice, panics_without_text};
use crate::{executor, is_isolated, ranked, remote};

crate::rows! {
    every:
        the_lowest_failing_chunk_is_reported,
        the_lowest_err_of_a_try_fold_is_reported,
        whichever_fails_first_of_a_panic_and_an_err_is_reported,
        an_err_of_the_reduction_ends_a_try_fold,
        chunks_below_a_failing_one_are_finished,
        the_error_says_where,
        a_payload_that_is_not_text_is_said_to_be_so,
        a_payload_whose_destructor_panics_is_a_panic_like_others,
        an_observer_hears_of_a_failure,
        a_panic_in_the_reduction_unwinds_to_the_caller,
        a_panic_in_an_observer_unwinds_to_the_caller,
        failures_are_outlived_by_map_results,
        panics_are_tried_again_where_that_is_asked_for;
    with_one_worker: nothing_above_a_failing_chunk_starts_on_one_worker;
}

fn numbers(n: u64) -> Items<u64> {
    Items((0..n).collect())
}

fn the_lowest_failing_chunk_is_reported(model: Model) {
    for workers in [1, 2, 5] {
        let on = executor(model, workers);
        for failing in [vec![0], vec![99], vec![50, 17, 80], vec![98, 99], (20..90).rev().collect()] {
            let lowest = failing.iter().min().copied();
            let error = on.fold(numbers(100), PanicsOn(failing), 0, |total, part| total + part).unwrap_err();
            assert!(error.is_panic(), "{error}");
            assert_eq!(error.chunk(), lowest);
        }
        assert_eq!(on.map(numbers(3), PanicsOn(vec![])).unwrap(), [0, 1, 2], "the executor goes on");
    }
}

fn the_lowest_err_of_a_try_fold_is_reported(model: Model) {
    let on = executor(model, 3);
    for errors in [vec![0], vec![42, 41, 43], vec![99]] {
        let lowest = errors.iter().min().copied().unwrap();
        let task = FailsOn { panics: vec![], errors };
        match on.try_fold(numbers(100), task, 0, |total, part| total + part) {
            Err(TryError::Task { chunk, error }) => {
                assert_eq!((chunk, error), (lowest, format!("{lowest} is an error")));
            }
            other => panic!("{other:?}"),
        }
    }
    let total = on.try_fold(numbers(100), FailsOn { panics: vec![], errors: vec![] }, 0, |total, part| total + part);
    assert_eq!(total.unwrap(), 4950);
}

fn whichever_fails_first_of_a_panic_and_an_err_is_reported(model: Model) {
    let on = executor(model, 3);
    let run = |panics: u64, error: u64| {
        let task = FailsOn { panics: vec![panics], errors: vec![error] };
        on.try_fold(numbers(60), task, 0, |total, part| total + part).unwrap_err()
    };
    assert!(matches!(run(30, 20), TryError::Task { chunk: 20, .. }));
    assert!(matches!(run(20, 30), TryError::Failed(error) if error.is_panic() && error.chunk() == Some(20)));
}

fn an_err_of_the_reduction_ends_a_try_fold(model: Model) {
    let on = executor(model, 2);
    let task = FailsOn { panics: vec![], errors: vec![] };
    let bounded = |total: u64, part| if part < 7 { Ok(total + part) } else { Err(format!("{part} is too many")) };
    match on.try_fold(numbers(50), task, 0, bounded) {
        Err(TryError::Task { chunk: 7, error }) => assert_eq!(error, "7 is too many"),
        other => panic!("{other:?}"),
    }
}

fn nothing_above_a_failing_chunk_starts_on_one_worker(model: Model) {
    let folder = folder();
    let on = executor(model, 1);
    let task = Leaves { folder: folder.path().into(), panics_on: Some(37) };
    assert_eq!(on.for_each(numbers(500), task).unwrap_err().chunk(), Some(37));
    assert_eq!(files(folder.path()), 38);
}

fn chunks_below_a_failing_one_are_finished(model: Model) {
    let folder = folder();
    let on = executor(model, 3);
    let task = Leaves { folder: folder.path().into(), panics_on: Some(37) };
    assert_eq!(on.for_each(numbers(500), task).unwrap_err().chunk(), Some(37));
    assert!((0..=37).all(|chunk: u64| folder.path().join(chunk.to_string()).exists()));
}

/// The process of the rank that the text of an error names.
fn rank_pid(text: &str) -> String {
    let (_, rest) = text.split_once(", pid ").expect("it names the rank");
    rest.split(')').next().unwrap_or_default().to_string()
}

fn the_error_says_where(model: Model) {
    let on = executor(model, 2);
    let error = on.for_each(numbers(10), PanicsOn(vec![4])).unwrap_err();
    let place = error.rank().map(|rank| {
        let (host, pid) = (error.host().expect("a rank has a host"), error.pid().expect("and a process"));
        // The text has the process of the rank. Its worker processes have others.
        let pid = if is_isolated(model) { rank_pid(&error.to_string()) } else { pid.to_string() };
        format!(": rank {rank} ({host}, pid {pid})")
    });
    assert_eq!(place.is_some(), ranked(model));
    let text = format!("PanicsOn: chunk 4 (item 4) panicked on {model}{}: 4 is not welcome", place.unwrap_or_default());
    assert_eq!(error.to_string(), text);
    assert_eq!((error.task(), error.chunk(), error.range()), (Some("PanicsOn"), Some(4), Some("item 4")));
    assert_eq!((error.model(), error.attempt(), error.attempts()), (Some(model), Some(1), Some(1)));
    assert!(error.worker().is_some_and(|worker| worker < on.workers()));
    assert!(error.panic_location().is_some_and(|at| at.contains("tasks.rs:")), "{:?}", error.panic_location());
    assert_eq!(error.pid().is_some(), remote(model));
    assert!(!error.is_worker_lost() && !error.is_timeout() && !error.is_cancelled() && !error.is_setup());
    assert_eq!((error.signal(), error.exit_code()), (None, None));
}

fn a_payload_that_is_not_text_is_said_to_be_so(model: Model) {
    let error = executor(model, 2).for_each(numbers(3), panics_without_text).unwrap_err();
    let text = error.to_string();
    assert!(text.starts_with(&format!("panics_without_text: chunk 0 (item 0) panicked on {model}: ")), "{text}");
    assert!(text.ends_with("(a panic payload that is not text)"), "{text}");
}

fn a_payload_whose_destructor_panics_is_a_panic_like_others(model: Model) {
    let on = executor(model, 2);
    let error = on.for_each(numbers(3), panics_twice).unwrap_err();
    assert!(error.is_panic() && error.chunk() == Some(0), "{error}");
    assert_eq!(on.map(numbers(2), PanicsOn(vec![])).unwrap(), [0, 1]);
}

fn an_observer_hears_of_a_failure(model: Model) {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let hears = Arc::clone(&heard);
    let on = executor(model, 2);
    let watched = on.observe(move |event| {
        if let Event::Failed(error) = event {
            hears.lock().unwrap().push(error.chunk());
        }
    });
    watched.for_each(numbers(10), PanicsOn(vec![6])).unwrap_err();
    assert_eq!(*heard.lock().unwrap(), [Some(6)]);
}

fn a_panic_in_the_reduction_unwinds_to_the_caller(model: Model) {
    let on = executor(model, 2);
    let fold = || on.fold(numbers(50), PanicsOn(vec![]), (), |(), part| assert_ne!(part, 9, "nine"));
    let payload = catch_unwind(AssertUnwindSafe(fold)).unwrap_err();
    assert!(payload.downcast_ref::<String>().is_some_and(|text| text.contains("nine")));
    assert_eq!(on.map(numbers(2), PanicsOn(vec![])).unwrap(), [0, 1], "the executor goes on");
}

fn a_panic_in_an_observer_unwinds_to_the_caller(model: Model) {
    let on = executor(model, 2);
    let watched = on.observe(|_| panic!("the observer has seen enough"));
    let payload = catch_unwind(AssertUnwindSafe(|| watched.map(numbers(50), PanicsOn(vec![])))).unwrap_err();
    assert_eq!(payload.downcast_ref::<&str>(), Some(&"the observer has seen enough"));
    assert_eq!(on.map(numbers(2), PanicsOn(vec![])).unwrap(), [0, 1], "the executor goes on");
}

fn failures_are_outlived_by_map_results(model: Model) {
    let on = executor(model, 2);
    let failing = [3, 4, 11];
    let outcomes = on.map_results(numbers(12), PanicsOn(failing.to_vec())).unwrap();
    assert_eq!(outcomes.len(), 12);
    for (chunk, outcome) in (0..).zip(outcomes) {
        match outcome {
            Ok(value) => assert_eq!(value, chunk),
            Err(error) => {
                assert!(error.is_panic() && failing.contains(&chunk));
                assert_eq!(error.chunk(), Some(chunk));
            }
        }
    }
}

fn panics_are_tried_again_where_that_is_asked_for(model: Model) {
    let on = threefold::Executor::builder(model).retries(2).retry_panics(true).build().unwrap();
    let retried = Arc::new(Mutex::new(Vec::new()));
    let hears = Arc::clone(&retried);
    let watched = on.observe(move |event| {
        if let Event::Retried(error) = event {
            hears.lock().unwrap().push((error.chunk(), error.attempt(), error.attempts()));
        }
    });
    let error = watched.for_each(numbers(9), PanicsOn(vec![5])).unwrap_err();
    assert_eq!((error.chunk(), error.attempt(), error.attempts()), (Some(5), Some(3), Some(3)));
    assert_eq!(*retried.lock().unwrap(), [(Some(5), Some(1), Some(3)), (Some(5), Some(2), Some(3))]);
}
