//! Hosts that fork and fold in both processes, and tasks that fork. A fork has the descriptors of its parent's workers and
//! none of its parent's threads: it must use neither.

use std::ops::Range;
use std::panic::{self, AssertUnwindSafe};
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use std::{fs, thread};

use rustix::process::{Pid, WaitOptions, waitpid};
use threefold::SharedMut;
use threefold::prelude::*;

use crate::fork::fork;
use crate::holdings::{Holdings, children};
use crate::tasks::echo;
use crate::{Hosts, Rows, host, printed, wait_until, workers};

pub(crate) const ROWS: Rows = &[
    ("forks_of_a_program_fold_on_workers_of_their_own", own_workers),
    ("a_fork_made_by_a_reduction_gets_an_error_and_the_parent_its_total", reduction),
    ("a_fork_of_a_worker_answers_nothing", worker),
    ("a_fork_of_a_worker_fills_nothing_of_the_callers_buffer", filling),
    ("a_fork_drops_executors_whose_threads_it_does_not_have", drops),
];

pub(crate) const HOSTS: Hosts = &[
    ("folds-in-forks", folds_in_forks),
    ("forks-in-a-reduction", forks_in_a_reduction),
    ("forks-in-a-task", forks_in_a_task),
    ("forks-while-a-buffer-is-filled", forks_while_a_buffer_is_filled),
    ("drops-executors-in-a-fork", drops_executors_in_a_fork),
];

/// Runs `run` in a fork of this process; gives its process id. The fork exits with 0 if `run` returns.
pub(crate) fn fork_that(run: impl FnOnce()) -> u32 {
    let run = || {
        let ran = panic::catch_unwind(AssertUnwindSafe(run));
        process::exit(i32::from(ran.is_err()));
    };
    fork(run).unwrap()
}

/// The exit code of a child.
pub(crate) fn exit_code(child: u32) -> Option<i32> {
    let child = Pid::from_raw(child.try_into().unwrap());
    waitpid(child, WaitOptions::empty()).unwrap().unwrap().1.exit_status()
}

#[task]
fn weigh(chunk: u64, weight: &u64) -> u64 {
    thread::sleep(Duration::from_micros(200));
    chunk * weight
}

/// Folds ten times. Another weight is another task, so an answer of somebody else's worker is seen.
fn fold_often(on: &Executor, weight: u64) {
    for _ in 0..10 {
        let total = on.fold(Items((0..40).collect()), weigh.with(weight), 0, |sum, part| sum + part).unwrap();
        assert_eq!(total, 39 * 20 * weight);
    }
}

fn own_workers() {
    printed(&mut host("folds-in-forks"));
}

fn folds_in_forks() {
    let kinds = [Executor::builder(Model::Processes), Executor::builder(Model::Processes).chunks_per_worker(7)];
    for kind in kinds {
        let before = Holdings::now();
        let mut on = Some(kind.workers(2).build().unwrap());
        fold_often(on.as_ref().unwrap(), 1);
        let own = children();
        let mut forks = Vec::new();
        for weight in 2..5 {
            forks.push(fork_that(|| {
                let before = children();
                fold_often(on.as_ref().unwrap(), weight);
                // A fork of the fork has workers of its own again.
                let inner = fork_that(|| fold_often(on.as_ref().unwrap(), 10 * weight));
                fold_often(on.as_ref().unwrap(), weight);
                assert_eq!(exit_code(inner), Some(0));
                drop(on.take());
                assert_eq!(children(), before);
            }));
        }
        forks.push(fork_that(|| drop(on.take())));
        fold_often(on.as_ref().unwrap(), 1);
        for fork in forks {
            assert_eq!(exit_code(fork), Some(0));
        }
        fold_often(on.as_ref().unwrap(), 1);
        if own.len() == 2 {
            assert_eq!(children(), own, "the workers of the program have served it all the time");
        }
        drop(on);
        assert_eq!(Holdings::now(), before);
    }
}

fn reduction() {
    printed(&mut host("forks-in-a-reduction"));
}

fn forks_in_a_reduction() {
    let (on, this) = (workers(2), process::id());
    let mut fork = None;
    let folded = on.fold(Items((0..100).collect()), weigh.with(1), 0, |sum, part| {
        if part == 20 {
            // The other process goes on in the fold as well.
            fork = crate::fork::fork_here().unwrap();
        }
        sum + part
    });
    if process::id() != this {
        let error = folded.unwrap_err();
        assert!(error.is_setup(), "{error}");
        assert!(error.to_string().contains("forked while the fold ran"), "{error}");
        fold_often(&on, 2);
        process::exit(0);
    }
    assert_eq!(folded.unwrap(), 99 * 50);
    assert_eq!(exit_code(fork.unwrap()), Some(0));
    fold_often(&on, 1);
}

fn worker() {
    printed(&mut host("forks-in-a-task"));
}

/// Forks in chunk 3. The fork returns another output, or panics.
#[task]
fn fork_in_task(chunk: u64, panics: &bool, file: &String) -> u64 {
    if chunk != 3 {
        return chunk;
    }
    match crate::fork::fork_here().unwrap() {
        None if *panics => panic!("the fork panics"),
        None => 1_000,
        Some(fork) => {
            fs::write(file, format!("{:?}", exit_code(fork))).unwrap();
            chunk
        }
    }
}

fn forks_in_a_task() {
    let on = workers(2);
    for (panics, answers_each) in [(false, false), (true, false), (false, true), (true, true)] {
        let file = tempfile::NamedTempFile::new().unwrap();
        let task = fork_in_task.with(panics, file.path().to_str().unwrap().to_string());
        let chunks = || Items((0..8).collect());
        if answers_each {
            let outputs = on.map_results(chunks(), task).unwrap().into_iter().map(Result::unwrap);
            assert!(outputs.eq(0..8));
        } else {
            assert!(on.map(chunks(), task).unwrap().into_iter().eq(0..8));
        }
        assert_eq!(fs::read_to_string(file.path()).unwrap(), "Some(1)", "the fork has ended, and has said so");
    }
}

fn filling() {
    printed(&mut host("forks-while-a-buffer-is-filled"));
}

/// The items of a piece that a worker writes to where it belongs.
const PIECE: u64 = 1024;

/// Each other chunk forks. The next chunk lets the fork go on, which fills the piece with something else, and waits for its
/// end.
#[task]
fn fill_and_fork(chunk: Range<u64>, piece: &mut [u64], folder: &String) {
    static FORK: AtomicU32 = AtomicU32::new(0);
    let number = chunk.start / PIECE;
    let mut value = 1;
    if number % 2 == 1 {
        match crate::fork::fork_here().unwrap() {
            Some(fork) => FORK.store(fork, Ordering::Relaxed),
            None => {
                wait_until("the next chunk runs", || fs::exists(format!("{folder}/{}", number + 1)).unwrap());
                value = 9;
            }
        }
    } else if number > 0 {
        fs::write(format!("{folder}/{number}"), "").unwrap();
        assert_eq!(exit_code(FORK.load(Ordering::Relaxed)), Some(1), "the fork ends, and says so");
    }
    piece.fill(value);
}

fn forks_while_a_buffer_is_filled() {
    let folder = tempfile::tempdir().unwrap();
    let task = fill_and_fork.with(folder.path().to_str().unwrap().to_string());
    let mut buffer = SharedMut::zeroed(33 * PIECE as usize).unwrap();
    workers(1).map_into(&mut buffer, (0..33 * PIECE).chunks_of(PIECE), task).unwrap();
    let filled: Vec<u64> = buffer.chunks(PIECE as usize).map(|piece| piece[0]).collect();
    assert_eq!(filled, [1; 33]);
}

fn drops() {
    printed(&mut host("drops-executors-in-a-fork"));
}

#[task]
async fn echo_later(chunk: u64) -> u64 {
    chunk
}

fn drops_executors_in_a_fork() {
    for model in [Model::Sequential, Model::Async, Model::Threads] {
        let workers = if model == Model::Sequential { 1 } else { 3 };
        let mut on = Some(Executor::builder(model).workers(workers).build().unwrap());
        let folds = |on: &Executor| {
            assert_eq!(on.fold(Items((0..40).collect()), echo, 0, |sum, part| sum + part).unwrap(), 39 * 20);
            assert_eq!(on.fold(Items((0..40).collect()), echo_later, 0, |sum, part| sum + part).unwrap(), 39 * 20);
            // A thread then waits for the next awaited fold.
            for _ in 0..2 {
                let awaited = on.fold_async(Items((0..40).collect()), echo, 0, |sum, part| sum + part);
                assert_eq!(pollster::block_on(awaited).unwrap(), 39 * 20);
            }
        };
        folds(on.as_ref().unwrap());
        let forks = [
            fork_that(|| drop(on.take())),
            fork_that(|| {
                folds(on.as_ref().unwrap());
                drop(on.take());
            }),
        ];
        folds(on.as_ref().unwrap());
        assert_eq!(forks.map(exit_code), [Some(0); 2], "{model}");
    }
}
