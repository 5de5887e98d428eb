//! `Lines`: what workers print, passed on in whole lines.
//!
//! A worker's output comes through a pipe of its own, so that lines of several workers do not run into each other, and
//! nothing that a task prints can be mistaken for the protocol.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::buffer::spare_capacity;
use rustix::fs::{OFlags, fcntl_setfl};
use rustix::io::Errno;

use super::stderr_tail::StderrTail;
use crate::backend::streams::{LONGEST, Stream};

/// The bytes of one read: what a pipe holds by default.
const READ: usize = 64 << 10;

/// The bytes of the first read. Most workers print nothing or little, and a large buffer for each of them would be
/// allocated for nothing.
const FIRST: usize = 1 << 10;

/// Reads in a row: together more than any pipe holds, so that all that was printed before now is passed on; and an end
/// to it, since someone may print without one.
const READS: usize = 32;

/// One of a worker's pipes.
#[derive(Debug)]
pub(super) struct Lines {
    /// `None` once the worker's end is closed.
    pipe: Option<OwnedFd>,
    stream: Stream,
    /// The beginning of a line whose end has not come.
    partial: Vec<u8>,
    /// The last of what was passed on.
    last: StderrTail,
}

impl Lines {
    pub(super) fn new(pipe: OwnedFd, stream: Stream) -> io::Result<Self> {
        fcntl_setfl(&pipe, OFlags::NONBLOCK)?;
        Ok(Self { pipe: Some(pipe), stream, partial: Vec::new(), last: StderrTail::default() })
    }

    /// What to wait for.
    pub(super) fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        self.pipe.as_ref().map(AsFd::as_fd)
    }

    /// Passes on the lines that have come.
    pub(super) fn pass_on(&mut self) {
        for read in 0..READS {
            let Some(pipe) = &self.pipe else { return };
            self.partial.reserve(if read == 0 { FIRST } else { READ });
            match rustix::io::read(pipe, spare_capacity(&mut self.partial)) {
                Ok(0) => self.pipe = None,
                Ok(count) => self.pass_on_whole_lines(count),
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return,
                Err(_) => self.pipe = None,
            }
        }
    }

    /// Passes on the whole lines, after so many bytes have come. What came before has no newline: it was looked through
    /// when it came. A long line comes in many parts.
    fn pass_on_whole_lines(&mut self, count: usize) {
        let before = self.partial.len() - count;
        let whole = match self.partial[before..].iter().rposition(|&byte| byte == b'\n') {
            Some(newline) => before + newline + 1,
            None if self.partial.len() >= LONGEST => self.partial.len(),
            None => return,
        };
        let lines = &self.partial[..whole];
        self.stream.print(lines);
        self.last.hear(lines);
        self.partial.drain(..whole);
    }

    /// Passes on the line that has begun and not ended; returns whether there was one.
    pub(super) fn pass_on_rest(&mut self) -> bool {
        let rest = std::mem::take(&mut self.partial);
        self.stream.print(&rest);
        self.last.hear(&rest);
        !rest.is_empty()
    }

    /// Whether a line has begun and not ended.
    pub(super) fn is_unfinished(&self) -> bool {
        !self.partial.is_empty()
    }

    /// Ends the line that another worker left unfinished.
    pub(super) fn break_line(&self) {
        self.stream.print(b"\n");
    }

    /// The last of what was passed on.
    pub(super) fn stderr_tail(&mut self) -> StderrTail {
        std::mem::take(&mut self.last)
    }
}
