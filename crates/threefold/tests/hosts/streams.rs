//! Hosts whose streams are unusual.

use std::fs::{self, File};
use std::io::{self, Read, Write, pipe};
use std::ops::Range;
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};
use std::{process, thread};

use rustix::fs::{OFlags, fcntl_setfl};
use rustix::process::setsid;
use rustix::pty::{OpenptFlags, openpt, ptsname, unlockpt};
use threefold::prelude::*;

use crate::holdings::children;
use crate::tasks::echo;
use crate::{Hosts, Rows, host, printed, wait_until, workers};

pub(crate) const ROWS: Rows = &[
    ("all_that_tasks_print_arrives_on_a_stream_that_does_not_block", prints_much),
    ("what_cannot_be_printed_because_the_disk_is_full_is_an_error", prints_on_a_full_disk),
    ("what_nobody_reads_any_more_is_no_error", prints_for_nobody),
    ("a_caller_that_holds_the_lock_of_stdout_is_given_what_tasks_print_in_order", holds_the_lock),
    ("a_task_that_wants_something_of_the_terminal_is_lost_and_the_error_says_so", asks_at_terminal),
];

pub(crate) const HOSTS: Hosts = &[
    ("prints-much", host_prints_much),
    ("prints-on-a-full-disk", host_prints_on_a_full_disk),
    ("prints-for-nobody", host_prints_for_nobody),
    ("holds-the-lock", host_holds_the_lock),
    ("asks-at-terminal", host_asks_at_terminal),
];

/// How many lines each of ten chunks prints, of 100 bytes each.
const LINES: usize = 1000;

fn prints_much() {
    let (mut reader, writer) = pipe().unwrap();
    fcntl_setfl(writer.as_fd(), OFlags::NONBLOCK).unwrap();
    let mut program = host("prints-much").stdout(OwnedFd::from(writer)).spawn().unwrap();
    // Slowly: the pipe is full most of the time.
    let (mut received, mut bytes) = (0, [0; 1000]);
    loop {
        match reader.read(&mut bytes).unwrap() {
            0 => break,
            more => received += more,
        }
    }
    assert!(program.wait().unwrap().success());
    assert_eq!(received, 10 * LINES * 100);
}

#[task]
fn print(_chunk: u64) {
    (0..LINES).for_each(|line| println!("{line:099}"));
}

fn host_prints_much() {
    workers(2).for_each(Items((0..10).collect()), print).unwrap();
}

fn prints_on_a_full_disk() {
    let full = File::options().write(true).open("/dev/full").unwrap();
    printed(host("prints-on-a-full-disk").stdout(full));
}

#[task]
fn print_a_little(chunk: u64, newline: &bool) -> u64 {
    print!("{chunk}{}", if *newline { "\n" } else { "" });
    chunk
}

fn host_prints_on_a_full_disk() {
    let on = workers(2);
    for (count, newline) in [(10_000, true), (1, true), (1, false)] {
        let chunks = || Items((0..count).collect());
        let task = || print_a_little.with(newline);
        let outcomes = [
            on.map(chunks(), task()).map(drop),
            on.map_results(chunks(), task()).map(drop),
            on.combine(chunks(), task(), |one, other| one + other).map(drop),
            on.stream(chunks(), task()).try_for_each(|output| output.map(drop)),
        ];
        for outcome in outcomes {
            let error = outcome.unwrap_err().to_string();
            assert!(error.contains("what the tasks have printed could not be written: No space left"), "{error}");
        }
    }
    // The next fold prints nothing.
    assert_eq!(on.map(Items(vec![7]), echo).unwrap(), [7]);
}

fn prints_for_nobody() {
    let (reader, writer) = pipe().unwrap();
    drop(reader);
    printed(host("prints-for-nobody").stdout(OwnedFd::from(writer)));
}

fn host_prints_for_nobody() {
    assert_eq!(workers(2).map(Items(vec![1, 2]), print_a_little.with(true)).unwrap(), [1, 2]);
}

fn holds_the_lock() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut program = host("holds-the-lock").stdout(file.reopen().unwrap()).spawn().unwrap();
    let end = Instant::now() + Duration::from_secs(60);
    while program.try_wait().unwrap().is_none() && Instant::now() < end {
        thread::sleep(Duration::from_millis(5));
    }
    // It does nothing to a program that has ended.
    program.kill().unwrap();
    assert!(program.wait().unwrap().success());
    let printed = fs::read_to_string(file.path()).unwrap();
    let mut parts = printed.split("--\n");
    let mut lines = || parts.next().unwrap().lines().collect::<Vec<_>>();
    let streamed = lines();
    let place = |line: String| streamed.iter().position(|&one| one == line).unwrap_or_else(|| panic!("{streamed:?}"));
    assert!((0..50).all(|chunk| place(format!("task {chunk}")) < place(chunk.to_string())), "{streamed:?}");
    assert_eq!(streamed.len(), 100);
    let (mut awaited, tasks) = (lines(), (0..50).map(|chunk| format!("task {chunk}")).collect::<Vec<_>>());
    assert_eq!(awaited.pop(), Some("total 1225"));
    assert_eq!(awaited, tasks);
    assert_eq!(lines(), ["part 0..4", "part 4..8", "part 4..6", "part 6..8", "part 6..7", "lost 6..7"]);
    let much = lines();
    assert!(much.len() == 20 * LINES && much.iter().all(|line| line.len() == 99));
    let dropped = lines();
    assert!(!dropped.is_empty() && tasks.iter().zip(&dropped).all(|(task, line)| task == line), "{dropped:?}");
}

#[task]
fn tell(chunk: u64) -> u64 {
    println!("task {chunk}");
    chunk
}

/// Ends its worker if 6 is in the chunk.
#[task]
fn tell_and_abort(chunk: Range<u64>) {
    println!("part {chunk:?}");
    if chunk.contains(&6) {
        process::abort();
    }
}

fn host_holds_the_lock() {
    let on = workers(1);
    let mut out = io::stdout().lock();
    for chunk in on.stream(Items((0..50).collect()), tell) {
        writeln!(out, "{}", chunk.unwrap()).unwrap();
    }
    writeln!(out, "--").unwrap();
    let total = on.fold_async(Items((0..50).collect()), tell, 0, |sum, part| sum + part);
    writeln!(out, "total {}\n--", pollster::block_on(total).unwrap()).unwrap();
    let bisects = Executor::builder(Model::Processes).workers(1).bisect(true).build().unwrap();
    let error = pollster::block_on(bisects.for_each_async((0..8).split_into(2), tell_and_abort)).unwrap_err();
    writeln!(out, "lost {}\n--", error.smallest_range().unwrap()).unwrap();
    // More than is kept for a caller that comes late.
    let mut lines = on.stream(Items((0..20).collect()), print);
    lines.next().unwrap().unwrap();
    thread::sleep(Duration::from_millis(200));
    lines.for_each(|output| output.unwrap());
    writeln!(out, "--").unwrap();
    let mut dropped = on.stream(Items((0..50).collect()), tell);
    assert_eq!(dropped.next().unwrap().unwrap(), 0);
    drop((dropped, out, on, bisects));
    wait_until("the fold ends", || children().is_empty());
}

fn asks_at_terminal() {
    printed(&mut host("asks-at-terminal"));
}

#[task]
fn ask(chunk: u64) -> u64 {
    if chunk == 1 {
        File::open("/dev/tty").unwrap().read_exact(&mut [0]).unwrap();
    }
    chunk
}

fn host_asks_at_terminal() {
    setsid().unwrap();
    let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    unlockpt(&terminal).unwrap();
    let name = ptsname(&terminal, Vec::new()).unwrap();
    // The first terminal that the leader of a session opens is that of the session.
    let _own = File::open(name.to_str().unwrap()).unwrap();
    let results = workers(2).map_results(Items((0..4).collect()), ask).unwrap();
    for (chunk, result) in (0..).zip(results) {
        match result {
            Ok(output) => assert_eq!(output, chunk),
            Err(error) => {
                assert_eq!((chunk, error.is_worker_lost()), (1, true), "{error}");
                assert!(error.to_string().contains("wanted to read from the terminal"), "{error}");
            }
        }
    }
    // A terminal that is dropped before hangs up.
    process::exit(0);
}
