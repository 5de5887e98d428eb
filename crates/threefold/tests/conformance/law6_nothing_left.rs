//! Law 6: nothing left behind, and honest cancelling.

use std::path::PathBuf;
use std::sync::Mutex;
use std::{fs, process, thread};

use rustix::process::{Pid, Signal, kill_process};
use serde::{Deserialize, Serialize};
use threefold::prelude::*;
use threefold::{CancelToken, Event, Executor, Items, Model};

use crate::fixtures::{fixture, fixture_to_kill, folder, is_alive};
use crate::tasks::{Endless, EndlessWait, Leaves, PanicsOn, files, process_of, wait_until};
use crate::{executor, isolated, remote};

crate::rows! {
    every:
        a_fold_that_was_cancelled_before_starts_nothing,
        an_observer_can_cancel,
        a_guard_that_is_dropped_cancels_and_one_that_is_disarmed_does_not,
        the_executor_works_after_a_cancel,
        dropping_the_last_executor_leaves_nothing;
    pooled: an_executor_that_nobody_uses_rests;
    uninterruptible: a_task_that_asks_ends_a_cancelled_fold;
    asynchronous: chunks_are_dropped_at_their_await;
    isolating:
        workers_of_a_cancelled_fold_are_killed,
        dropping_the_last_executor_ends_its_worker_processes;
    ranked: with_its_rank_killed_no_worker_is_left;
    processes:
        with_the_parent_killed_no_worker_is_left;
}

fn a_fold_that_was_cancelled_before_starts_nothing(model: Model) {
    let folder = folder();
    let token = CancelToken::new();
    token.cancel();
    let task = Leaves { folder: folder.path().into(), panics_on: None };
    let error = executor(model, 2).cancel(&token).for_each(Items((0..50).collect()), task).unwrap_err();
    assert!(error.is_cancelled(), "{error}");
    assert_eq!(error.to_string(), format!("Leaves: cancelled on {model}"));
    assert_eq!(files(folder.path()), 0);
}

fn an_observer_can_cancel(model: Model) {
    let folder = folder();
    let token = CancelToken::new();
    let cancels = token.clone();
    let on = executor(model, 1);
    let view = on.cancel(&token).observe(move |event| {
        if matches!(event, Event::Finished(_)) {
            cancels.cancel();
        }
    });
    let task = Leaves { folder: folder.path().into(), panics_on: None };
    assert!(view.for_each(Items((0..5000).collect()), task).unwrap_err().is_cancelled());
    // In this process nothing starts after the first chunk. A worker elsewhere is sent chunks for some 0.4 ms at a time,
    // and none of these chunks takes less than a microsecond.
    let most = if remote(model) { 400 * on.workers() } else { 1 };
    let begun = files(folder.path());
    assert!((1..=most).contains(&begun), "{begun} chunks were begun");
}

fn a_guard_that_is_dropped_cancels_and_one_that_is_disarmed_does_not(model: Model) {
    for disarms in [false, true] {
        let token = CancelToken::new();
        let guard = Mutex::new(Some(token.drop_guard()));
        let on = executor(model, 2).cancel(&token).observe(move |event| {
            if matches!(event, Event::Finished(_))
                && let Some(guard) = guard.lock().unwrap().take()
                && disarms
            {
                let _ = guard.disarm();
            }
        });
        let ended = on.map(Items((0..5000).collect()), PanicsOn(vec![]));
        assert_eq!(ended.is_ok(), disarms);
        assert!(ended.is_ok() || ended.unwrap_err().is_cancelled());
    }
}

fn the_executor_works_after_a_cancel(model: Model) {
    let on = executor(model, 2);
    let token = CancelToken::new();
    token.cancel();
    for _ in 0..3 {
        assert!(on.cancel(&token).map(Items((0..50).collect()), PanicsOn(vec![])).unwrap_err().is_cancelled());
        assert_eq!(on.map(Items(vec![1, 2]), PanicsOn(vec![])).unwrap(), [1, 2]);
    }
    assert_eq!(on.cancel(&CancelToken::new()).map(Items(vec![1]), PanicsOn(vec![])).unwrap(), [1]);
}

/// Cancels once `begun` chunks have begun; gives the fold's error.
fn cancel_once_begun<T: Task<Chunk = u64>>(
    on: &Executor,
    task: T,
    folder: &std::path::Path,
    begun: usize,
) -> threefold::Error {
    let token = CancelToken::new();
    thread::scope(|scope| {
        scope.spawn(|| {
            wait_until("chunks have begun", || files(folder) >= begun);
            token.cancel();
        });
        on.cancel(&token).for_each(Items((0..50).collect()), task).unwrap_err()
    })
}

fn a_task_that_asks_ends_a_cancelled_fold(model: Model) {
    let folder = folder();
    let on = executor(model, 2);
    let error = cancel_once_begun(&on, Endless { folder: folder.path().into() }, folder.path(), 1);
    assert!(error.is_cancelled());
    assert!(files(folder.path()) <= on.workers().max(2), "nothing more was started");
}

fn chunks_are_dropped_at_their_await(model: Model) {
    let folder = folder();
    let error = cancel_once_begun(&executor(model, 2), EndlessWait { folder: folder.path().into() }, folder.path(), 50);
    assert!(error.is_cancelled());
    assert_eq!(files(folder.path()), 100, "each chunk that began was dropped");
}

/// Notes its process in the name of a file, and never ends by itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct NeverEnds {
    folder: PathBuf,
}

#[task]
impl Task for NeverEnds {
    type Chunk = u64;
    type Output = ();

    fn map(&self, _chunk: u64) {
        fs::write(self.folder.join(process::id().to_string()), "").expect("the folder is there");
        loop {
            thread::park();
        }
    }
}

fn workers_of_a_cancelled_fold_are_killed(model: Model) {
    let folder = folder();
    let on = isolated(model, 2);
    let error = cancel_once_begun(&on, NeverEnds { folder: folder.path().into() }, folder.path(), 2);
    assert!(error.is_cancelled());
    let names = fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    let workers: Vec<u32> = names.map(|name| name.parse().unwrap()).collect();
    assert!(workers.len() >= 2 && !workers.contains(&process::id()), "{workers:?}");
    wait_until("the workers are gone", || !workers.iter().any(|&worker| is_alive(worker)));
}

fn an_executor_that_nobody_uses_rests(model: Model) {
    assert_eq!(fixture("rests", model).stdout, "it rests\n");
}

fn dropping_the_last_executor_leaves_nothing(model: Model) {
    let output = fixture("leaves-nothing", model);
    assert_eq!(output.stdout, "nothing left\n", "{}", output.stderr);
}

fn dropping_the_last_executor_ends_its_worker_processes(model: Model) {
    let on = isolated(model, 2);
    let workers = on.map(Items((0..8).collect()), process_of).unwrap();
    assert!(workers.iter().all(|&worker| worker != process::id() && is_alive(worker)));
    drop(on);
    assert!(!workers.iter().any(|&worker| is_alive(worker)));
}

fn with_its_rank_killed_no_worker_is_left(model: Model) {
    let folder = folder();
    let mut job = fixture_to_kill("works-forever-isolated", model, folder.path());
    wait_until("two workers run", || files(folder.path()) >= 2);
    let workers: Vec<(u32, u32)> = read_pairs(folder.path());
    let rank = Pid::from_raw(workers[0].1 as i32).unwrap();
    kill_process(rank, Signal::KILL).unwrap();
    // The launcher ends the job, with the ranks and the workers that are left.
    assert!(!job.wait().unwrap().success());
    wait_until("the workers are gone", || !workers.iter().any(|&(worker, _)| is_alive(worker)));
    fs::remove_dir_all(folder.path()).unwrap();
}

/// The names of the files, which are two numbers each.
fn read_pairs(folder: &std::path::Path) -> Vec<(u32, u32)> {
    let names = fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    names
        .map(|name| name.split_once('-').map(|(one, other)| (one.parse().unwrap(), other.parse().unwrap())).unwrap())
        .collect()
}

fn with_the_parent_killed_no_worker_is_left(model: Model) {
    let folder = folder();
    let mut parent = fixture_to_kill("works-forever", model, folder.path());
    wait_until("two workers run", || files(folder.path()) >= 2);
    let workers = crate::holdings::children_of(parent.id());
    assert_eq!(workers.len(), 2);
    parent.kill().unwrap();
    parent.wait().unwrap();
    wait_until("the workers are gone", || !workers.iter().any(|&worker| is_alive(worker)));
    fs::remove_dir_all(folder.path()).unwrap();
}
