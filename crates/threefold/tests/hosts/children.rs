//! Hosts that deal with children of their own accord: theirs and ours.

use std::os::unix::process::CommandExt;
use std::panic::{self, AssertUnwindSafe};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use std::{fs, thread};

use rustix::process::{Pid, Signal, WaitOptions, kill_process, wait, waitpid};
use threefold::prelude::*;
use threefold::{Shared, SharedMut};

use crate::fork::fork_a_sleeper;
use crate::forks::{exit_code, fork_that};
use crate::holdings::{Holdings, children, children_of, stat};
use crate::tasks::{echo, folds_and_losses, process_of, stay};
use crate::{Hosts, Rows, host, interval_timer, printed, wait_until, workers};

pub(crate) const ROWS: Rows = &[
    ("a_host_that_waits_for_all_children_folds_and_is_told_of_losses", reaping),
    ("a_host_that_ignores_the_death_of_children_folds_and_is_told_of_losses", ignoring),
    (A_STRANGER, stranger),
    ("workers_go_with_their_parent_although_a_fork_of_it_lives_on", forking),
    ("an_array_that_a_fork_of_the_host_drops_is_kept_by_the_workers", dropping_in_a_fork),
    ("a_fork_that_drops_an_array_that_is_being_filled_unmaps_nothing_of_its_own", dropping_a_draft),
    ("a_fork_that_uses_an_array_that_is_being_filled_panics", using_a_draft),
    ("a_fork_waits_for_no_lock_of_shared_memory", locking),
    ("a_host_that_is_interrupted_all_the_time_keeps_its_deadlines", interrupted),
];

pub(crate) const A_STRANGER: &str = "a_stranger_with_the_number_of_a_dead_worker_is_left_alone";

/// Where the number of the process that was started last can be set.
pub(crate) const LAST_NUMBER: &str = "/proc/sys/kernel/ns_last_pid";

pub(crate) const HOSTS: Hosts = &[
    ("waits-for-all-children", waits_for_all_children),
    ("folds-and-losses", folds_and_drops),
    ("meets-a-stranger", meets_a_stranger),
    ("forks", forks),
    ("drops-in-a-fork", drops_in_a_fork),
    ("drops-a-draft-in-a-fork", drops_a_draft_in_a_fork),
    ("uses-a-draft-in-a-fork", uses_a_draft_in_a_fork),
    ("forks-while-arrays-are-made", forks_while_arrays_are_made),
    ("is-interrupted", is_interrupted),
];

fn reaping() {
    printed(&mut host("waits-for-all-children"));
}

fn waits_for_all_children() {
    thread::spawn(|| {
        loop {
            // Without children there is nothing to wait for: it looks again.
            if wait(WaitOptions::empty()).is_err() {
                thread::sleep(Duration::from_millis(1));
            }
        }
    });
    folds_and_losses(&workers(2));
    wait_until("no worker is left", || children().is_empty());
}

fn ignoring() {
    let program = host("folds-and-losses");
    // What is ignored stays ignored in the program that the shell becomes.
    let mut shell = Command::new("sh");
    shell.args(["-c", "trap '' CHLD; exec \"$0\" \"$@\""]).arg(program.get_program()).args(program.get_args());
    printed(shell.stdin(Stdio::null()));
}

fn folds_and_drops() {
    let before = Holdings::now();
    folds_and_losses(&workers(2));
    assert_eq!(Holdings::now(), before);
}

fn stranger() {
    printed(&mut host("meets-a-stranger"));
}

fn meets_a_stranger() {
    let on = workers(1);
    let number = on.map(Items(vec![0]), process_of).unwrap()[0];
    let worker = Pid::from_raw(number.try_into().unwrap()).unwrap();
    kill_process(worker, Signal::KILL).unwrap();
    // Whoever waits for all children does this.
    waitpid(Some(worker), WaitOptions::empty()).unwrap();
    let mut stranger = loop {
        // The next process gets the number after this one, if nobody else starts one just now.
        fs::write(LAST_NUMBER, (number - 1).to_string()).unwrap();
        let mut child = Command::new("sleep").arg("600").process_group(0).spawn().unwrap();
        if child.id() == number {
            break child;
        }
        child.kill().unwrap();
        child.wait().unwrap();
    };
    let total = on.fold(Items((0..50).collect()), echo, 0, |sum, part| sum + part);
    drop(on);
    let lives = stranger.try_wait().unwrap().is_none();
    stranger.kill().unwrap();
    stranger.wait().unwrap();
    assert!(lives, "the stranger was killed");
    assert_eq!(total.unwrap(), 49 * 25);
}

fn forking() {
    let folder = tempfile::tempdir().unwrap();
    let mut parent = host("forks").env("FOLDER", folder.path()).spawn().unwrap();
    let files = || fs::read_dir(folder.path()).unwrap().count();
    wait_until("two workers run, and a fork of their parent", || files() == 3);
    let fork: u32 = fs::read_to_string(folder.path().join("fork")).unwrap().parse().unwrap();
    let workers: Vec<u32> = children_of(parent.id()).into_iter().filter(|&child| child != fork).collect();
    assert_eq!(workers.len(), 2);
    parent.kill().unwrap();
    parent.wait().unwrap();
    let is_alive = |pid: u32| stat(pid).is_some_and(|(state, _)| state != 'Z');
    wait_until("the workers are gone", || !workers.iter().any(|&worker| is_alive(worker)));
    assert!(is_alive(fork));
    kill_process(Pid::from_raw(fork.try_into().unwrap()).unwrap(), Signal::KILL).unwrap();
}

fn forks() {
    let folder = std::env::var("FOLDER").unwrap();
    let chunks = Items(vec![folder.clone(), folder.clone()]);
    thread::scope(|scope| {
        scope.spawn(|| workers(2).for_each(chunks, stay));
        wait_until("two workers run", || fs::read_dir(&folder).unwrap().count() == 2);
        let fork = fork_a_sleeper().unwrap();
        // Whole or not at all.
        let unfinished = format!("{folder}-fork");
        fs::write(&unfinished, fork.to_string()).unwrap();
        fs::rename(unfinished, format!("{folder}/fork")).unwrap();
    });
}

fn dropping_in_a_fork() {
    printed(&mut host("drops-in-a-fork"));
}

/// What the chunk has in it, and who has read it.
#[task]
fn sum_and_process(chunk: Slice<u64>) -> (u64, u32) {
    (chunk.iter().sum(), std::process::id())
}

fn drops_in_a_fork() {
    let on = workers(1);
    let mut array = Some(Shared::copy_of(&[1, 2, 3]).unwrap());
    let fold = |array: &Option<Shared<u64>>| on.map(array.as_ref().unwrap().split_into(1), sum_and_process).unwrap();
    let before = fold(&array);
    let copy = fork_that(|| drop(array.take()));
    assert_eq!(exit_code(copy), Some(0));
    assert_eq!(fold(&array), before, "the same sum, on the same worker");
}

fn dropping_a_draft() {
    printed(&mut host("drops-a-draft-in-a-fork"));
}

fn drops_a_draft_in_a_fork() {
    const PART: usize = 1 << 20;
    let mut array = Some(SharedMut::<u8>::zeroed(16 * PART).unwrap());
    let start = array.as_ref().unwrap().as_ptr().addr();
    let place = start..start + 16 * PART;
    let copy = fork_that(|| {
        let parts: Vec<_> = (0..64).map(|_| vec![7_u8; PART]).collect();
        let lies_there = |part: &Vec<u8>| place.contains(&part.as_ptr().addr());
        assert!(parts.iter().any(lies_there), "the kernel gives the fork the addresses that the array had");
        drop(array.take());
        assert!(parts.iter().flatten().all(|&byte| byte == 7));
    });
    assert_eq!(exit_code(copy), Some(0));
    array.unwrap()[0] = 1;
}

fn using_a_draft() {
    printed(&mut host("uses-a-draft-in-a-fork"));
}

fn uses_a_draft_in_a_fork() {
    let mut array = SharedMut::<u8>::zeroed(100).unwrap();
    let empty = SharedMut::<u8>::zeroed(0).unwrap();
    let copy = fork_that(|| {
        let read = panic::catch_unwind(AssertUnwindSafe(|| array[0]));
        let written = panic::catch_unwind(AssertUnwindSafe(|| array[0] = 1));
        for payload in [read.err(), written.err()] {
            let text = payload.unwrap().downcast::<&str>().unwrap();
            assert_eq!(*text, "a fork of the process that has made a `SharedMut` does not have its items");
        }
        assert!(empty.is_empty());
        // What the fork makes by itself it has.
        let mut own = SharedMut::<u8>::zeroed(100).unwrap();
        own[0] = 1;
        assert_eq!(own.seal().unwrap()[..2], [1, 0]);
    });
    assert_eq!(exit_code(copy), Some(0));
    array[0] = 2;
    assert_eq!(array.seal().unwrap()[..2], [2, 0]);
}

fn locking() {
    printed(&mut host("forks-while-arrays-are-made"));
}

fn forks_while_arrays_are_made() {
    // Whoever drops one of many arrays looks for it for so long that most forks are made meanwhile.
    let many: Vec<_> = (0..800).map(|_| SharedMut::<u8>::zeroed(1).unwrap()).collect();
    let ends = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !ends.load(Ordering::Relaxed) {
                drop(SharedMut::<u8>::zeroed(1).unwrap());
            }
        });
        let codes = (0..200).map(|_| {
            let copy = fork_that(|| assert_eq!(Shared::copy_of(&[1]).unwrap()[0], 1));
            let end = Instant::now() + Duration::from_secs(60);
            exit_code_until(copy, end)
        });
        let all_end = codes.take_while(|&code| code == Some(0)).count();
        ends.store(true, Ordering::Relaxed);
        assert_eq!(all_end, 200);
    });
    drop(many);
}

/// The exit code of a child that ends until then. Another one is killed.
fn exit_code_until(child: u32, end: Instant) -> Option<i32> {
    let child = Pid::from_raw(child.try_into().unwrap()).unwrap();
    loop {
        if let Some((_, status)) = waitpid(Some(child), WaitOptions::NOHANG).unwrap() {
            return status.exit_status();
        }
        if Instant::now() > end {
            kill_process(child, Signal::KILL).unwrap();
        }
        thread::sleep(Duration::from_millis(1));
    }
}

fn interrupted() {
    printed(&mut host("is-interrupted"));
}

fn is_interrupted() {
    interval_timer::start(Duration::from_millis(5)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    // Long enough for a chunk that crashes on a busy machine.
    let on = Executor::builder(Model::Processes).workers(2).timeout(Duration::from_secs(1)).build().unwrap();
    let name = folder.path().to_str().unwrap().to_string();
    let error = on.for_each(Items(vec![name.clone(), name]), stay).unwrap_err();
    assert!(error.is_timeout(), "{error}");
    folds_and_losses(&on);
    drop(on);
    assert_eq!(children(), [0; 0], "the executor ends");
}
