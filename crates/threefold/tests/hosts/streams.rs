//! Hosts whose streams are unusual.

use std::io::{Read, pipe};
use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{OFlags, fcntl_setfl};
use threefold::prelude::*;

use crate::{Hosts, Rows, host, workers};

pub(crate) const ROWS: Rows = &[("all_that_tasks_print_arrives_on_a_stream_that_does_not_block", prints_much)];

pub(crate) const HOSTS: Hosts = &[("prints-much", host_prints_much)];

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
