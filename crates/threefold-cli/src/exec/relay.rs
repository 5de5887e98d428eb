//! `Relay`: the stderr of a child, which is passed on in whole lines, so that lines of several children do not mix.
//!
//! If nobody reads the stderr of this process, what was read of the child waits here, and no more is read: so the child
//! has to wait as well, and this process does not. It still sees how late it is.

use std::io::{self, Write};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::progress;

/// A line that is longer than this is passed on in pieces, in bytes.
const LONGEST: usize = 64 << 10;

/// So much can be written to a pipe that has any room, without a wait: POSIX calls it PIPE_BUF.
const AT_ONCE: usize = 4 << 10;

/// How much of the end is kept for the error of a child that fails, in bytes and in lines.
const TAIL: usize = 2 << 10;
const TAIL_LINES: usize = 10;

/// The stderr of one child.
#[derive(Debug, Default)]
pub(super) struct Relay {
    /// What each line begins with.
    tag: String,
    /// A line that has not ended.
    open: Vec<u8>,
    /// Lines that are not passed on yet, with their tags.
    unheard: Vec<u8>,
    tail: Vec<u8>,
}

impl Relay {
    pub(super) fn new(tag: String) -> Self {
        Self { tag, ..Self::default() }
    }

    /// Passes on all lines that have ended with these bytes.
    pub(super) fn add(&mut self, bytes: &[u8]) {
        self.keep_tail(bytes);
        self.open.extend_from_slice(bytes);
        let end = match self.open.iter().rposition(|&byte| byte == b'\n') {
            Some(at) => at + 1,
            None if self.open.len() > LONGEST => {
                self.open.push(b'\n');
                self.open.len()
            }
            None => return,
        };
        self.pass_on(end);
    }

    /// Passes on what is left, however long that takes.
    pub(super) fn finish(&mut self) {
        if !self.open.is_empty() {
            self.open.push(b'\n');
            self.pass_on(self.open.len());
        }
        write(&self.unheard);
        self.unheard.clear();
    }

    fn pass_on(&mut self, end: usize) {
        let tag = self.tag.as_bytes();
        let tagged = self.open[..end].split_inclusive(|&byte| byte == b'\n').flat_map(|line| [tag, line]);
        self.unheard.extend(tagged.flatten());
        self.open.drain(..end);
        self.flush();
    }

    /// Passes on the lines that wait, as far as that can be done at once. Whether none is left.
    pub(super) fn flush(&mut self) -> bool {
        let mut from = 0;
        while from < self.unheard.len() && is_writable() {
            let rest = &self.unheard[from..];
            let line_end = |line: &[u8]| line.iter().rposition(|&byte| byte == b'\n').map(|at| at + 1);
            // A line that is longer than can be written at once is written whole, which may take longer.
            let end = line_end(&rest[..rest.len().min(AT_ONCE)])
                .or_else(|| rest.iter().position(|&byte| byte == b'\n').map(|at| at + 1));
            let end = end.unwrap_or(rest.len());
            write(&rest[..end]);
            from += end;
        }
        self.unheard.drain(..from);
        self.unheard.is_empty()
    }

    fn keep_tail(&mut self, bytes: &[u8]) {
        self.tail.extend_from_slice(&bytes[bytes.len().saturating_sub(TAIL)..]);
        self.tail.drain(..self.tail.len().saturating_sub(TAIL));
    }

    /// The last lines, as text.
    pub(super) fn tail(&self) -> String {
        let text = String::from_utf8_lossy(&self.tail);
        let lines: Vec<_> = text.lines().collect();
        lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n")
    }
}

/// Whether something can be written to stderr without a wait. A stderr that is closed takes anything.
fn is_writable() -> bool {
    let (stderr, now) = (io::stderr(), Timespec { tv_sec: 0, tv_nsec: 0 });
    poll(&mut [PollFd::new(&stderr, PollFlags::OUT)], Some(&now)) != Ok(0)
}

/// Writes some lines in one piece, so that no other line comes between. If stderr is closed, nobody reads it. If it does
/// not wait for its reader, this does.
fn write(mut lines: &[u8]) {
    progress::aside(|| {
        let mut stderr = io::stderr().lock();
        while !lines.is_empty() {
            match stderr.write(lines) {
                Ok(count @ 1..) => lines = &lines[count..],
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    let _ = poll(&mut [PollFd::new(&stderr, PollFlags::OUT)], None);
                }
                Ok(0) | Err(_) => return,
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::{Relay, TAIL, TAIL_LINES};

    #[test]
    fn the_tail_is_the_last_lines() {
        let mut relay = Relay::default();
        for line in 0..100 {
            relay.keep_tail(format!("line {line}\n").as_bytes());
        }
        assert_eq!(relay.tail().lines().count(), TAIL_LINES);
        assert!(relay.tail().ends_with("line 98\nline 99"));
        relay.keep_tail(&[0xff; 3 * TAIL]);
        assert!(relay.tail.len() <= TAIL);
    }
}
