//! `Relay`: the stderr of a child, which is passed on in whole lines, so that lines of several children do not mix.

use std::io::{self, Write};

/// A line that is longer than this is passed on in pieces, in bytes.
const LONGEST: usize = 64 << 10;

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

    /// Passes on what is left.
    pub(super) fn finish(&mut self) {
        if !self.open.is_empty() {
            self.open.push(b'\n');
            self.pass_on(self.open.len());
        }
    }

    fn pass_on(&mut self, end: usize) {
        let tag = self.tag.as_bytes();
        let tagged = self.open[..end].split_inclusive(|&byte| byte == b'\n').flat_map(|line| [tag, line]);
        // In one piece, so that no other line comes between. If stderr is closed, nobody reads it.
        let _ = io::stderr().write_all(&tagged.collect::<Vec<_>>().concat());
        self.open.drain(..end);
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
