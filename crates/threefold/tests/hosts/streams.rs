//! Hosts whose streams are unusual.

use std::fs::File;
use std::io::{Read, pipe};
use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{OFlags, fcntl_setfl};
use rustix::process::setsid;
use rustix::pty::{OpenptFlags, openpt, ptsname, unlockpt};
use threefold::prelude::*;

use crate::tasks::echo;
use crate::{Hosts, Rows, host, printed, workers};

pub(crate) const ROWS: Rows = &[
    ("all_that_tasks_print_arrives_on_a_stream_that_does_not_block", prints_much),
    ("what_cannot_be_printed_because_the_disk_is_full_is_an_error", prints_on_a_full_disk),
    ("what_nobody_reads_any_more_is_no_error", prints_for_nobody),
    ("a_task_that_wants_something_of_the_terminal_is_lost_and_the_error_says_so", asks_at_terminal),
];

pub(crate) const HOSTS: Hosts = &[
    ("prints-much", host_prints_much),
    ("prints-on-a-full-disk", host_prints_on_a_full_disk),
    ("prints-for-nobody", host_prints_for_nobody),
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
    std::process::exit(0);
}
