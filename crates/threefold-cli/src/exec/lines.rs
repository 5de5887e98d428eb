//! The lines of a file or of stdin, as jobs of some lines each. No more is read than the next job needs, so the input may
//! have no end.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};

use super::LinesOf;
use super::bytes::Bytes;
use super::job::{Few, Job};
use crate::escape;

/// The longest argument that a program can have on Linux, in bytes, with the zero at its end. So no longer line is read.
const LONGEST: u64 = 128 << 10;

/// Larger than a pipe, so that few calls are needed.
const BUFFER: usize = 128 << 10;

/// The jobs of `lines`, with so many lines in each. The last may have fewer.
///
/// # Errors
///
/// The file cannot be opened.
pub(super) fn jobs(lines: &LinesOf, per_job: u64) -> Result<Jobs, String> {
    let input: Box<dyn Read + Send> = if lines.is_stdin() {
        Box::new(io::stdin())
    } else {
        let unreadable = |error: &dyn std::fmt::Display| format!("{}: {error}", escape::path(&lines.path));
        let file = File::open(&lines.path).map_err(|error| unreadable(&error))?;
        if file.metadata().is_ok_and(|metadata| metadata.is_dir()) {
            return Err(unreadable(&"this is a folder, and --lines needs a file"));
        }
        Box::new(file)
    };
    let input = BufReader::with_capacity(BUFFER, input);
    Ok(Jobs { input, separator: lines.separator, per_job, chunk: 0, line: 1, has_ended: false })
}

/// What chunk number `chunk` covers, as text, if each but the last has so many lines.
pub(super) fn describe(per_job: u64) -> impl Fn(u64) -> String {
    move |chunk| match chunk.saturating_mul(per_job).saturating_add(1) {
        first if per_job == 1 => format!("line {first}"),
        first => format!("lines from {first}"),
    }
}

/// Jobs that are read one after another.
pub(super) struct Jobs {
    input: BufReader<Box<dyn Read + Send>>,
    separator: u8,
    per_job: u64,
    chunk: u64,
    /// The number of the next line.
    line: u64,
    has_ended: bool,
}

impl Jobs {
    /// Adds the next line with its separator to `bytes`. Whether there was one.
    fn read_line(&mut self, bytes: &mut Vec<u8>) -> Result<bool, String> {
        let before = bytes.len();
        let line = self.line;
        let mut input = self.input.by_ref().take(LONGEST);
        input.read_until(self.separator, bytes).map_err(|error| format!("line {line} cannot be read: {error}"))?;
        let has_room = input.limit() > 0;
        if bytes.len() == before {
            return Ok(false);
        }
        if bytes.last() != Some(&self.separator) {
            if !has_room {
                return Err(format!(
                    "line {line} is longer than {} bytes, the longest argument of a program",
                    LONGEST - 1
                ));
            }
            bytes.push(self.separator);
        }
        if self.separator != 0 && bytes[before..].contains(&0) {
            return Err(format!(
                "line {line} has a zero byte, which no argument of a program can have: if zero bytes separate the items, give -0"
            ));
        }
        self.line += 1;
        Ok(true)
    }
}

impl Iterator for Jobs {
    type Item = Job;

    fn next(&mut self) -> Option<Job> {
        if self.has_ended {
            return None;
        }
        let (chunk, first, separator) = (self.chunk, self.line, self.separator);
        let mut bytes = Vec::new();
        for _ in 0..self.per_job {
            match self.read_line(&mut bytes) {
                Ok(true) => {}
                Ok(false) => {
                    self.has_ended = true;
                    break;
                }
                Err(reason) => {
                    self.has_ended = true;
                    return Some(Job { chunk, items: Few::Unreadable(reason) });
                }
            }
        }
        self.chunk += 1;
        (self.line > first).then_some(Job { chunk, items: Few::Lines { first, bytes: Bytes(bytes), separator } })
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use proptest::prelude::*;

    use super::*;

    fn jobs_of(text: &[u8], separator: u8, per_job: u64) -> Jobs {
        let input: Box<dyn Read + Send> = Box::new(Cursor::new(text.to_vec()));
        Jobs { input: BufReader::new(input), separator, per_job, chunk: 0, line: 1, has_ended: false }
    }

    proptest! {
        #[test]
        fn every_item_arrives_as_it_is(
            items in prop::collection::vec(prop::collection::vec(1u8.., 0..6), 0..20),
            per_job in 1u64..5,
        ) {
            let text: Vec<u8> = items.iter().flat_map(|item| item.iter().copied().chain([0])).collect();
            let jobs: Vec<_> = jobs_of(&text, 0, per_job).collect();
            let read: Vec<_> = jobs.iter().flat_map(Job::lines).map(<[u8]>::to_vec).collect();
            prop_assert_eq!(read, items.clone());
            prop_assert_eq!(jobs.len(), items.len().div_ceil(per_job as usize));
            for (number, job) in (0..).zip(&jobs) {
                prop_assert_eq!((job.chunk, job.bounds().0), (number, i128::from(number * per_job + 1)));
            }
        }
    }

    #[test]
    fn the_last_line_needs_no_separator_and_an_empty_line_is_an_item() {
        let jobs: Vec<_> = jobs_of(b"a\n\nb", b'\n', 1).collect();
        assert_eq!(jobs.iter().flat_map(Job::lines).collect::<Vec<_>>(), [&b"a"[..], b"", b"b"]);
        assert_eq!(jobs_of(b"", b'\n', 1).count(), 0);
    }

    #[test]
    fn what_no_argument_can_be_is_an_error_of_its_chunk() {
        let long = vec![b'x'; LONGEST as usize];
        let errors = [&b"ok\na\0b\nrest\n"[..], &long].map(|text| match jobs_of(text, b'\n', 1).last() {
            Some(Job { items: Few::Unreadable(reason), .. }) => reason,
            other => format!("{other:?}"),
        });
        insta::assert_snapshot!(errors.join("\n"));
    }

    #[test]
    fn an_input_without_end_is_read_as_far_as_is_asked() {
        let input: Box<dyn Read + Send> = Box::new(io::repeat(b'\n'));
        let mut jobs =
            Jobs { input: BufReader::new(input), separator: b'\n', per_job: 2, chunk: 0, line: 1, has_ended: false };
        assert_eq!(jobs.nth(4).unwrap().bounds(), (9, 10));
    }
}
