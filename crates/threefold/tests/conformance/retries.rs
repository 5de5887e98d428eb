//! Retrying an `Err`: as often as asked for, after the pause that was asked for, and with the same answer on every model.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use std::{fs, thread};

use serde::{Deserialize, Serialize};
use threefold::prelude::*;
use threefold::{Builder, CancelToken, Event, Executor, Items, Model, TryError};

use crate::fixtures::folder;
use crate::tasks::{files, wait_until};

crate::rows! {
    every:
        an_err_is_tried_again_as_often_as_asked_for,
        the_last_err_is_that_of_the_chunk,
        the_lowest_chunk_whose_attempts_all_fail_is_reported,
        an_err_is_not_tried_again_unless_asked_for,
        every_verb_retries,
        async_tasks_are_retried,
        an_observer_hears_of_each_attempt_that_is_made_again,
        a_chunk_waits_before_it_is_tried_again,
        a_cancelled_fold_does_not_wait,
        a_panic_of_the_backoff_ends_the_fold,
        options_that_say_nothing_without_retries_are_refused;
    with_workers: a_chunk_above_a_failure_does_not_wait;
    asynchronous: chunks_that_wait_for_their_next_attempt_hold_no_thread;
}

fn numbers(n: u64) -> Items<u64> {
    Items((0..n).collect())
}

fn retrying(model: Model, retries: u32) -> Builder {
    let builder = Executor::builder(model).retries(retries).retry_errors(true);
    if crate::with_workers(model) { builder.workers(2) } else { builder }
}

/// Notes the attempt at `chunk` by a file, and says which it is, from 1.
fn attempt(folder: &std::path::Path, chunk: u64) -> u32 {
    let is_new = |&attempt: &u32| fs::File::create_new(folder.join(format!("{chunk}-{attempt}"))).is_ok();
    (1..).find(is_new).expect("there is a number for each attempt")
}

/// Fails at some chunks as often as is said, and then succeeds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct FailsFor {
    folder: PathBuf,
    times: u32,
    chunks: Vec<u64>,
}

impl FailsFor {
    fn run(&self, chunk: u64) -> Result<u64, String> {
        let attempt = attempt(&self.folder, chunk);
        let fails = self.chunks.contains(&chunk) && attempt <= self.times;
        if fails { Err(format!("{chunk} failed at attempt {attempt}")) } else { Ok(chunk) }
    }
}

#[task]
impl Task for FailsFor {
    type Chunk = u64;
    type Output = Result<u64, String>;

    fn map(&self, chunk: u64) -> Result<u64, String> {
        self.run(chunk)
    }
}

/// The same, at an await.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct FailsForAsync(FailsFor);

#[task]
impl Task for FailsForAsync {
    type Chunk = u64;
    type Output = Result<u64, String>;

    async fn map(&self, chunk: u64) -> Result<u64, String> {
        tokio::task::yield_now().await;
        self.0.run(chunk)
    }
}

fn an_err_is_tried_again_as_often_as_asked_for(model: Model) {
    let on = retrying(model, 3).build().unwrap();
    let folder = folder();
    let task = FailsFor { folder: folder.path().into(), times: 3, chunks: vec![0, 4, 5, 11] };
    assert_eq!(on.try_fold(numbers(12), task, 0, |sum, n| sum + n).unwrap(), 66);
    assert_eq!(files(folder.path()), 12 + 4 * 3, "no other chunk is tried again");
}

fn the_last_err_is_that_of_the_chunk(model: Model) {
    let on = retrying(model, 2).build().unwrap();
    let folder = folder();
    let task = FailsFor { folder: folder.path().into(), times: 9, chunks: vec![2] };
    assert_eq!(on.map(numbers(4), task).unwrap()[2], Err("2 failed at attempt 3".to_string()));
}

fn the_lowest_chunk_whose_attempts_all_fail_is_reported(model: Model) {
    let on = retrying(model, 1).build().unwrap();
    let folder = folder();
    let task = FailsFor { folder: folder.path().into(), times: 2, chunks: vec![7, 3, 12] };
    match on.try_fold(numbers(20), task, 0, |sum, n| sum + n) {
        Err(TryError::Task { chunk: 3, error }) => assert_eq!(error, "3 failed at attempt 2"),
        other => panic!("{other:?}"),
    }
}

fn an_err_is_not_tried_again_unless_asked_for(model: Model) {
    let on = Executor::builder(model).retries(3).build().unwrap();
    let folder = folder();
    let task = FailsFor { folder: folder.path().into(), times: 1, chunks: vec![1] };
    assert_eq!(on.map(numbers(3), task).unwrap()[1], Err("1 failed at attempt 1".to_string()));
    assert_eq!(files(folder.path()), 3);
}

fn every_verb_retries(model: Model) {
    let on = retrying(model, 1).build().unwrap();
    let check = |run: &dyn Fn(FailsFor)| {
        let folder = folder();
        run(FailsFor { folder: folder.path().into(), times: 1, chunks: vec![0, 2, 3] });
        assert_eq!(files(folder.path()), 5 + 3);
    };
    check(&|task| assert_eq!(on.fold(numbers(5), task, 0, |sum, n| sum + n.unwrap()).unwrap(), 10));
    check(&|task| assert_eq!(on.map(numbers(5), task).unwrap(), (0..5).map(Ok).collect::<Vec<_>>()));
    check(&|task| on.for_each(numbers(5), task).unwrap());
    check(&|task| {
        let outcomes = on.map_results(numbers(5), task).unwrap();
        assert_eq!(outcomes.into_iter().map(|outcome| outcome.unwrap().unwrap()).collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
    });
    check(&|task| {
        let sum = on.combine(numbers(5), task, |a, b| Ok(a? + b?)).unwrap();
        assert_eq!(sum, Some(Ok(10)));
    });
}

fn async_tasks_are_retried(model: Model) {
    let on = retrying(model, 2).backoff(|_| Duration::from_millis(1)).build().unwrap();
    let folder = folder();
    let task = FailsForAsync(FailsFor { folder: folder.path().into(), times: 2, chunks: vec![0, 1, 5] });
    assert_eq!(on.try_fold(numbers(6), task, 0, |sum, n| sum + n).unwrap(), 15);
    assert_eq!(files(folder.path()), 6 + 3 * 2);
}

fn an_observer_hears_of_each_attempt_that_is_made_again(model: Model) {
    let heard = Arc::new(Mutex::new((Vec::new(), 0)));
    let hears = Arc::clone(&heard);
    let on = retrying(model, 2).build().unwrap().observe(move |event| match event {
        Event::Retried(error) => hears.lock().unwrap().0.push((error.chunk(), error.attempt(), error.to_string())),
        Event::Finished(_) => hears.lock().unwrap().1 += 1,
        Event::Failed(error) => panic!("{error}"),
        _ => {}
    });
    let folder = folder();
    let task = FailsFor { folder: folder.path().into(), times: 2, chunks: vec![1] };
    on.for_each(numbers(3), task).unwrap();
    let text = |attempt| format!("FailsFor: chunk 1 (item 1) returned an Err on {model}, attempt {attempt} of 3");
    let expected = [1, 2].map(|attempt| (Some(1), Some(attempt), text(attempt)));
    let heard = heard.lock().unwrap();
    assert_eq!((&heard.0[..], heard.1), (&expected[..], 3), "each chunk is finished once");
}

fn a_chunk_waits_before_it_is_tried_again(model: Model) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let asks = Arc::clone(&asked);
    let pause = move |attempt| {
        asks.lock().unwrap().push(attempt);
        Duration::from_millis(20 * u64::from(attempt))
    };
    let on = retrying(model, 2).backoff(pause).build().unwrap();
    let folder = folder();
    let task = FailsFor { folder: folder.path().into(), times: 2, chunks: vec![1] };
    let since = Instant::now();
    on.for_each(numbers(3), task).unwrap();
    assert!(since.elapsed() >= Duration::from_millis(60), "{:?}", since.elapsed());
    assert_eq!(*asked.lock().unwrap(), [1, 2]);
}

fn a_cancelled_fold_does_not_wait(model: Model) {
    let on = retrying(model, 1).backoff(|_| Duration::from_secs(3600)).build().unwrap();
    let (folder, token) = (folder(), CancelToken::new());
    let task = FailsFor { folder: folder.path().into(), times: 1, chunks: vec![0] };
    let error = thread::scope(|scope| {
        scope.spawn(|| {
            wait_until("the chunk has failed", || folder.path().join("0-1").exists());
            token.cancel();
        });
        on.cancel(&token).for_each(numbers(1), task.clone()).unwrap_err()
    });
    assert!(error.is_cancelled(), "{error}");
}

/// The higher chunk fails, and then the lower one panics.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct PanicsBelow(FailsFor);

#[task]
impl Task for PanicsBelow {
    type Chunk = u64;
    type Output = Result<u64, String>;

    fn map(&self, chunk: u64) -> Result<u64, String> {
        if chunk == 0 {
            wait_until("the other chunk has failed", || self.0.folder.join("1-1").exists());
            panic!("for good");
        }
        self.0.run(chunk)
    }
}

fn a_chunk_above_a_failure_does_not_wait(model: Model) {
    let on = retrying(model, 1).backoff(|_| Duration::from_secs(3600)).build().unwrap();
    let folder = folder();
    let task = PanicsBelow(FailsFor { folder: folder.path().into(), times: 1, chunks: vec![1] });
    let error = on.for_each(numbers(2), task).unwrap_err();
    assert!(error.is_panic() && error.chunk() == Some(0), "{error}");
}

fn a_panic_of_the_backoff_ends_the_fold(model: Model) {
    let on = retrying(model, 1).backoff(|_| panic!("no idea")).build().unwrap();
    let folder = folder();
    let task = FailsFor { folder: folder.path().into(), times: 1, chunks: vec![0] };
    let error = on.for_each(numbers(1), task).unwrap_err();
    assert!(error.is_setup() && error.to_string().contains("backoff panicked: no idea"), "{error}");
}

fn options_that_say_nothing_without_retries_are_refused(model: Model) {
    let error = Executor::builder(model).retry_panics(true).build().unwrap_err();
    assert!(error.is_setup() && error.to_string().starts_with("retry_panics has no effect"), "{error}");
    let error = Executor::builder(model).retry_errors(true).build().unwrap_err();
    assert!(error.is_setup() && error.to_string().starts_with("retry_errors has no effect"), "{error}");
    let error = Executor::builder(model).backoff(|_| Duration::ZERO).build().unwrap_err();
    assert!(error.is_setup() && error.to_string().starts_with("backoff has no effect"), "{error}");
}

fn chunks_that_wait_for_their_next_attempt_hold_no_thread(model: Model) {
    let token = CancelToken::new();
    let (cancels, done) = (token.clone(), AtomicU64::new(0));
    let on = retrying(model, 1).workers(1).backoff(|_| Duration::from_secs(3600)).build().unwrap();
    let on = on.cancel(&token).observe(move |event| {
        // The fold ends when all chunks are done that do not wait.
        if matches!(event, Event::Finished(_)) && done.fetch_add(1, Ordering::Relaxed) == 97 {
            cancels.cancel();
        }
    });
    let folder = folder();
    let task = FailsForAsync(FailsFor { folder: folder.path().into(), times: 1, chunks: vec![0, 50] });
    assert!(on.for_each(numbers(100), task).unwrap_err().is_cancelled());
}
