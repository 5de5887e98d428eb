//! `StderrTail`: the last lines that a worker wrote to its standard error, for the report of its end.

use std::collections::VecDeque;

/// So many lines are kept ..
const LINES: usize = 5;

/// .. and so many bytes of each.
const BYTES: usize = 1 << 10;

/// The last lines, without the frames of backtraces, which would push out what they are about.
#[derive(Debug, Default)]
pub(super) struct StderrTail {
    lines: VecDeque<String>,
    in_backtrace: bool,
    out_of_memory: bool,
}

impl StderrTail {
    /// Takes note of more lines.
    pub(super) fn hear(&mut self, lines: &[u8]) {
        for line in lines.split(|&byte| byte == b'\n').filter(|line| !line.trim_ascii().is_empty()) {
            if line == b"stack backtrace:" {
                self.in_backtrace = true;
            } else if !(self.in_backtrace && (line.starts_with(b" ") || line.starts_with(b"note: Some details"))) {
                self.in_backtrace = false;
                self.keep(line);
            }
        }
    }

    fn keep(&mut self, line: &[u8]) {
        // What the standard library says before it aborts.
        self.out_of_memory |= line.starts_with(b"memory allocation of ");
        if self.lines.len() == LINES {
            self.lines.pop_front();
        }
        self.lines.push_back(String::from_utf8_lossy(&line[..line.len().min(BYTES)]).trim_end().to_string());
    }

    /// Whether an allocation was refused.
    pub(super) fn tell_of_no_memory(&self) -> bool {
        self.out_of_memory
    }

    /// The lines, the oldest first.
    pub(super) fn into_lines(self) -> Vec<String> {
        self.lines.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(text: &str) -> StderrTail {
        let mut words = StderrTail::default();
        text.split_inclusive('\n').for_each(|line| words.hear(line.as_bytes()));
        words
    }

    #[test]
    fn the_last_lines_are_kept() {
        let text: String = (0..100).map(|line| format!("line {line}\n\n")).collect();
        assert_eq!(heard(&text).into_lines(), ["line 95", "line 96", "line 97", "line 98", "line 99"]);
    }

    #[test]
    fn backtraces_do_not_push_out_what_they_are_about() {
        let frames: String =
            (0..40).map(|frame| format!("  {frame:2}: main\n             at src/main.rs:1\n")).collect();
        let words = heard(&format!(
            "one\nmemory allocation of 8 bytes failed\nstack backtrace:\n{frames}note: Some details are omitted\ntwo\n"
        ));
        assert!(words.tell_of_no_memory());
        assert_eq!(words.into_lines(), ["one", "memory allocation of 8 bytes failed", "two"]);
    }
}
