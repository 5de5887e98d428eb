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
    /// Whether the last line, but for notes of the standard library, says that an allocation was refused.
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
        if !is_note(line) {
            self.out_of_memory = tells_of_no_memory(line);
        }
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

/// Whether a program says with this line that it aborts because an allocation was refused: the standard library names so
/// many bytes, and others what they were for.
fn tells_of_no_memory(line: &[u8]) -> bool {
    line.starts_with(b"memory allocation of ") && line.ends_with(b" failed")
}

/// Whether the standard library adds this line to the one before.
fn is_note(line: &[u8]) -> bool {
    line.starts_with(b"note: ") || line.starts_with(b"skipping backtrace printing")
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
        assert!(!words.tell_of_no_memory(), "another line came after it");
        assert_eq!(words.into_lines(), ["one", "memory allocation of 8 bytes failed", "two"]);
    }

    #[test]
    fn only_the_last_line_tells_of_refused_memory() {
        let refused = "memory allocation of 8 bytes failed\n";
        let frames = "stack backtrace:\n  0: main\n             at src/main.rs:1\n";
        let skipped = "skipping backtrace printing to avoid potential recursion\n";
        for end in ["", frames, skipped, "note: run with `RUST_BACKTRACE=1`\n"] {
            assert!(heard(&format!("one\n{refused}{end}")).tell_of_no_memory(), "{end}");
        }
        for text in [format!("{refused}one\n"), "memory allocation of 7 cakes failed, others did not\n".to_string()] {
            assert!(!heard(&text).tell_of_no_memory(), "{text}");
        }
    }
}
