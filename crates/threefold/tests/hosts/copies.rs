//! Workers that are copies of another worker, made with `clone3`. The rows check that copies are used, and that a copy
//! sees what a started worker sees.
//!
//! Each start of the executable as a worker leaves a mark, so a row can count how many workers were started.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;
use std::{env, process, thread};

use rustix::fs::Mode;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit, umask};
use rustix::thread::set_thread_res_uid;
use threefold::prelude::*;

use crate::holdings::{Holdings, children};
use crate::tasks::{echo, folds_and_losses, process_of};
use crate::{Hosts, Rows, host, printed, workers};

pub(crate) const ROWS: Rows = &[
    ("the_workers_of_a_fold_are_copies_of_the_first", first_fold),
    ("workers_that_are_replaced_are_copies_of_one_that_runs_nothing", replaced),
    ("workers_that_crash_are_replaced_by_copies_too", crashed),
    ("a_program_with_threads_before_init_has_workers_that_are_started", threads_before_init),
    ("a_copy_sees_the_folder_the_mask_and_the_limits_of_now", changes),
    (A_HOST_THAT_GIVES_UP_ROOT, gives_up_root),
    ("a_memory_limit_holds_for_each_copy", limited),
    ("half_a_line_that_is_there_before_the_copies_is_printed_once", half_a_line),
];

pub(crate) const A_HOST_THAT_GIVES_UP_ROOT: &str = "a_host_that_gives_up_root_has_workers_without_it";

pub(crate) const HOSTS: Hosts = &[
    ("folds-once", folds_once),
    ("replaces", replaces),
    ("crashes", crashes),
    ("changes", host_changes),
    ("gives-up-root", host_gives_up_root),
    ("limits-copies", limits_copies),
];

/// The file to which each start of a worker adds a byte.
const STARTS: &str = "HOSTS_TEST_STARTS";

/// If this variable is set, the host has a second thread before it calls `init()`.
const THREAD: &str = "HOSTS_TEST_THREAD";

/// If this variable is set, the host prints half a line before it calls `init()`.
const HALF: &str = "HOSTS_TEST_HALF";

/// What `main` does first.
pub(crate) fn before_init() {
    if env::args_os().nth(1).is_none_or(|mark| mark != "--threefold-worker") {
        return;
    }
    if let Some(file) = env::var_os(STARTS) {
        File::options().append(true).open(file).unwrap().write_all(b"x").unwrap();
    }
    if env::var_os(HALF).is_some() {
        print!("half a line ");
    }
    if env::var_os(THREAD).is_some() {
        thread::spawn(|| thread::sleep(Duration::from_secs(600)));
    }
}

/// How often the host `name` starts its executable as a worker.
fn starts(name: &str, variables: &[(&str, &str)]) -> u64 {
    let file = tempfile::NamedTempFile::new().unwrap();
    printed(host(name).env(STARTS, file.path()).envs(variables.iter().copied()));
    file.as_file().metadata().unwrap().len()
}

fn first_fold() {
    assert_eq!(starts("folds-once", &[]), 1);
}

/// Creates a file named after its worker, and waits for the files of three other workers. Returns the process id.
#[task]
fn meet(folder: PathBuf) -> u32 {
    fs::write(folder.join(process::id().to_string()), "").unwrap();
    crate::wait_until("four workers run", || fs::read_dir(&folder).unwrap().count() == 4);
    process::id()
}

fn folds_once() {
    let before = Holdings::now();
    let folder = tempfile::tempdir().unwrap();
    let on = workers(4);
    let met = on.map(Items(vec![folder.path().to_path_buf(); 4]), meet).unwrap();
    assert_eq!(met.into_iter().collect::<BTreeSet<_>>().len(), 4);
    assert_eq!(children().len(), 4, "nobody is there but workers");
    drop(on);
    assert_eq!(Holdings::now(), before);
}

fn replaced() {
    assert_eq!(starts("replaces", &[]), 1);
}

fn fresh(count: usize) -> Executor {
    Executor::builder(Model::Processes).workers(count).chunks_per_worker(1).build().unwrap()
}

fn replaces() {
    let before = Holdings::now();
    for count in [1, 2] {
        let on = fresh(count);
        for _ in 0..3 {
            let numbers = on.map(Items((0..20).collect()), process_of).unwrap();
            assert_eq!(numbers.into_iter().collect::<BTreeSet<_>>().len(), 20);
        }
        drop(on);
        assert_eq!(Holdings::now(), before);
        if count == 1 {
            // The count starts again, since the second executor starts its own worker from the executable.
            assert_eq!(fs::metadata(env::var_os(STARTS).unwrap()).unwrap().len(), 1);
            fs::write(env::var_os(STARTS).unwrap(), "").unwrap();
        }
    }
}

fn crashed() {
    // Two starts: the first worker, and the fork server.
    assert_eq!(starts("crashes", &[]), 2);
}

fn crashes() {
    let before = Holdings::now();
    folds_and_losses(&workers(1));
    assert_eq!(Holdings::now(), before);
}

fn threads_before_init() {
    let starts = starts("folds-once", &[(THREAD, "1")]);
    assert!(starts >= 4, "{starts}");
}

fn half_a_line() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let printed = printed(host("folds-once").env(STARTS, file.path()).env(HALF, "1"));
    assert_eq!(file.as_file().metadata().unwrap().len(), 1, "the others are copies");
    assert_eq!(printed.matches("half a line").count(), 1, "{printed}");
}

/// What a worker inherits from its parent: the working folder, the file mode creation mask, and a limit.
#[task]
fn surroundings(_chunk: u64) -> String {
    let mask = umask(Mode::empty());
    umask(mask);
    let files = getrlimit(Resource::Nofile).current;
    let folder = env::current_dir().unwrap();
    format!("{} {:o} {files:?}", folder.display(), mask.bits())
}

fn changes() {
    printed(&mut host("changes"));
}

fn host_changes() {
    let on = fresh(2);
    let seen = || on.map(Items((0..6).collect()), surroundings).unwrap().into_iter().collect::<BTreeSet<_>>();
    let here = || BTreeSet::from([*surroundings].map(|see| see(0)));
    assert_eq!(seen(), here());
    let folder = tempfile::tempdir().unwrap();
    env::set_current_dir(folder.path()).unwrap();
    assert_eq!(seen(), here());
    umask(Mode::from_bits_truncate(0o027));
    assert_eq!(seen(), here());
    let files = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: Some(200), maximum: files.maximum }).unwrap();
    assert_eq!(seen(), here());
    assert_eq!(seen(), here());
    // The folder is removed, and a new folder gets the same name.
    fs::remove_dir(folder.path()).unwrap();
    fs::create_dir(folder.path()).unwrap();
    env::set_current_dir(folder.path()).unwrap();
    assert_eq!(seen(), here());
}

fn gives_up_root() {
    printed(&mut host("gives-up-root"));
}

#[task]
fn user(_chunk: u64) -> u32 {
    rustix::process::getuid().as_raw()
}

fn host_gives_up_root() {
    let on = fresh(1);
    let users = || on.map(Items((0..6).collect()), user).unwrap().into_iter().collect::<BTreeSet<_>>();
    assert_eq!(users(), BTreeSet::from([0]));
    let nobody = rustix::process::Uid::from_raw(65534);
    // This changes only this thread. It is the only thread of the host, and it starts the workers.
    set_thread_res_uid(nobody, nobody, nobody).unwrap();
    assert_eq!(users(), BTreeSet::from([65534]));
    drop(on);
    assert_eq!(children(), [0; 0]);
}

/// The limit on the worker's private memory.
#[task]
fn memory_limit(_chunk: u64) -> Option<u64> {
    getrlimit(Resource::Data).current
}

fn limited() {
    printed(&mut host("limits-copies"));
}

fn limits_copies() {
    let limit = 64 << 20;
    let on = Executor::builder(Model::Processes).workers(2).chunks_per_worker(1).memory_limit(limit).build().unwrap();
    for _ in 0..2 {
        assert_eq!(on.map(Items((0..6).collect()), memory_limit).unwrap(), [Some(limit); 6]);
    }
    // The limit also holds for the first worker of another fold, which makes the second worker.
    let on = Executor::builder(Model::Processes).workers(2).memory_limit(limit).build().unwrap();
    assert_eq!(on.map(Items((0..6).collect()), memory_limit).unwrap(), [Some(limit); 6]);
    assert_eq!(on.map(Items(vec![7]), echo).unwrap(), [7]);
}
