//! Where workers leave the ordinary course of the program, and that none of them runs `main`.

use std::collections::BTreeSet;
use std::io::{self, Write, pipe};
use std::sync::atomic::{AtomicBool, Ordering};
use std::{env, fs, process, thread};

use rustix::process::{Signal, getpid, kill_process};
use serde::{Deserialize, Serialize};
use threefold::prelude::*;

use crate::tasks::echo;
use crate::{Hosts, Rows, early_host, host, printed, workers};

pub(crate) const ROWS: Rows = &[
    ("no_worker_runs_main_whatever_panics_while_it_reads", panics_while_reading),
    ("no_worker_that_starts_before_main_runs_it_whatever_panics_while_it_reads", panics_while_reading_early),
    ("a_program_whose_worker_was_killed_early_keeps_its_entrance", killed_before),
    ("a_harness_that_calls_init_on_its_main_thread_has_workers_too", harness),
    ("a_test_without_init_is_refused_whatever_other_tests_do", without_init),
    ("a_worker_that_starts_before_main_sees_a_broken_pipe_as_an_error", broken_pipe_early),
    ("a_worker_sees_a_broken_pipe_as_an_error", broken_pipe),
];

pub(crate) const HOSTS: Hosts = &[
    ("panics-while-reading", host_panics_while_reading),
    ("asks-who-came-through-main", asks_who_came_through_main),
    ("builds-with-and-without-init", builds_with_and_without_init),
    ("writes-into-a-broken-pipe", host_writes_into_a_broken_pipe),
];

/// A file whose name this variable holds is removed by the first worker, which then kills itself.
const KILLED: &str = "HOSTS_TEST_KILLED";

/// With this variable the program takes the mark of a worker for a word that it does not know, as a harness does.
const HARNESS: &str = "HOSTS_TEST_HARNESS";

/// Whether this process, program or worker, was in `main`.
static IN_MAIN: AtomicBool = AtomicBool::new(false);

/// The beginning of `main`.
pub(crate) fn before_init() {
    IN_MAIN.store(true, Ordering::Relaxed);
    if env::args_os().nth(1).is_none_or(|mark| mark != "--threefold-worker") {
        return;
    }
    if env::var_os(HARNESS).is_some() {
        eprintln!("error: Unrecognized option: 'threefold-worker'");
        process::exit(101);
    }
    if env::var_os(KILLED).is_some_and(|file| fs::remove_file(file).is_ok()) {
        let _ = kill_process(getpid(), Signal::KILL);
    }
}

/// A chunk that cannot be read when it is 3, and a task that cannot be read in a worker.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "u64", into = "u64")]
struct Three(u64);

impl From<u64> for Three {
    fn from(value: u64) -> Self {
        assert_ne!(value, 3, "three cannot be read");
        Self(value)
    }
}

impl From<Three> for u64 {
    fn from(three: Three) -> Self {
        three.0
    }
}

#[task]
fn value_of(three: Three) -> u64 {
    three.0
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "u32", into = "u32")]
struct OnlyIn {
    process: u32,
}

impl From<u32> for OnlyIn {
    fn from(process: u32) -> Self {
        assert_eq!(process, process::id(), "the task cannot be read elsewhere");
        Self { process }
    }
}

impl From<OnlyIn> for u32 {
    fn from(task: OnlyIn) -> Self {
        task.process
    }
}

#[task]
impl Task for OnlyIn {
    type Chunk = u64;
    type Output = u32;

    fn map(&self, _chunk: u64) -> u32 {
        self.process
    }
}

fn panics_while_reading() {
    assert_eq!(printed(&mut host("panics-while-reading")), "the host goes on\n");
}

fn panics_while_reading_early() {
    assert_eq!(printed(&mut early_host("panics-while-reading")), "the host goes on\n");
}

fn host_panics_while_reading() {
    let on = workers(1);
    let error = on.for_each(Items((0..6).map(Three).collect()), value_of).unwrap_err();
    assert!(error.is_panic(), "{error}");
    assert_eq!(error.chunk(), Some(3), "{error}");
    assert!(error.to_string().contains("three cannot be read"), "{error}");
    let error = on.for_each(Items(vec![1, 2]), OnlyIn { process: process::id() }).unwrap_err();
    assert!(error.is_panic(), "{error}");
    assert!(error.to_string().contains("the task cannot be read elsewhere"), "{error}");
    assert_eq!(on.map(Items(vec![1, 2]), echo).unwrap(), [1, 2]);
    println!("the host goes on");
}

#[task]
fn came_through_main(_chunk: u64) -> bool {
    IN_MAIN.load(Ordering::Relaxed)
}

fn killed_before() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let printed = printed(host("asks-who-came-through-main").env(KILLED, file.path()));
    assert_eq!(printed, "{true}\n");
    assert!(!file.path().exists(), "a worker was killed");
}

fn harness() {
    assert_eq!(printed(host("asks-who-came-through-main").env(HARNESS, "1")), "{false}\n");
}

fn asks_who_came_through_main() {
    let on = workers(8);
    let ask = || on.map(Items((0..8).collect()), came_through_main);
    // That a worker was killed may be an error; the next fold works.
    println!("{:?}", ask().or_else(|_| ask()).unwrap().into_iter().collect::<BTreeSet<_>>());
}

fn without_init() {
    printed(&mut early_host("builds-with-and-without-init"));
}

fn builds_with_and_without_init() {
    let build = || Executor::new(Model::Processes).map(drop);
    build().unwrap();
    let refused = thread::spawn(build).join().unwrap().unwrap_err();
    assert!(refused.is_setup(), "{refused}");
    assert!(refused.to_string().contains("`threefold::init()`"), "{refused}");
    thread::spawn(move || {
        threefold::init();
        build()
    })
    .join()
    .unwrap()
    .unwrap();
}

#[task]
fn write_into_a_broken_pipe(_chunk: u64) -> String {
    let (reader, mut writer) = pipe().unwrap();
    drop(reader);
    writer.write_all(b"to nobody").map_err(|error| error.kind() == io::ErrorKind::BrokenPipe).unwrap_err().to_string()
}

fn broken_pipe() {
    assert_eq!(printed(&mut host("writes-into-a-broken-pipe")), "[\"true\"]\n");
}

fn broken_pipe_early() {
    assert_eq!(printed(&mut early_host("writes-into-a-broken-pipe")), "[\"true\"]\n");
}

fn host_writes_into_a_broken_pipe() {
    println!("{:?}", workers(1).map(Items(vec![0]), write_into_a_broken_pipe).unwrap());
}
