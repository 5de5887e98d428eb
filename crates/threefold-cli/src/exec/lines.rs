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

/// The most that all arguments of a program can have together on any Linux, in bytes: the kernel gives them three quarters
/// of 8 MiB, whatever the limit of the stack is. So no more is read for one chunk.
const MOST: usize = 6 << 20;

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
        let unreadable = |error: &dyn std::fmt::Display| format!("--lines {}: {error}", escape::path(&lines.path));
        let file = File::open(&lines.path).map_err(|error| unreadable(&error))?;
        if file.metadata().is_ok_and(|metadata| metadata.is_dir()) {
            return Err(unreadable(&"this is a folder, and a file is needed"));
        }
        Box::new(file)
    };
    Ok(Jobs::new(input, lines.separator, per_job))
}

/// What chunk number `chunk` covers, as text, if each but the last has so many lines.
pub(super) fn describe(per_job: u64) -> impl Fn(u64) -> String + Send + Sync {
    move |chunk| match chunk.saturating_mul(per_job).saturating_add(1) {
        first if per_job == 1 => format!("line {first}"),
        first => format!("lines from {first}"),
    }
}

/// Jobs that are read one after another. A job with a line that no program can be given fails, and the next job begins
/// where it would have begun without that line.
pub(super) struct Jobs {
    input: BufReader<Box<dyn Read + Send>>,
    separator: u8,
    per_job: u64,
    chunk: u64,
    /// The number of the next line.
    line: u64,
    /// The next line that is read. Those before it belong to a job that has failed.
    resume_at: u64,
    /// Whether the line before the next one was not read to its end.
    is_within_line: bool,
    has_ended: bool,
}

/// Why there is no line.
enum Unread {
    /// The input has ended.
    End,
    /// The next line may be read nevertheless.
    Unfit(String),
    /// The system cannot read any further.
    Broken(String),
}

impl Jobs {
    fn new(input: Box<dyn Read + Send>, separator: u8, per_job: u64) -> Self {
        let input = BufReader::with_capacity(BUFFER, input);
        Self { input, separator, per_job, chunk: 0, line: 1, resume_at: 1, is_within_line: false, has_ended: false }
    }

    /// Adds the next line with its separator to `bytes`.
    fn read_line(&mut self, bytes: &mut Vec<u8>) -> Result<(), Unread> {
        let before = bytes.len();
        let line = self.line;
        let mut input = self.input.by_ref().take(LONGEST);
        input.read_until(self.separator, bytes).map_err(|error| broken(line, &error))?;
        let has_room = input.limit() > 0;
        if bytes.len() == before {
            return Err(Unread::End);
        }
        self.line += 1;
        if bytes.last() != Some(&self.separator) {
            if !has_room {
                self.is_within_line = true;
                return Err(Unread::Unfit(format!(
                    "line {line} is longer than {} bytes, the longest argument of a program",
                    LONGEST - 1
                )));
            }
            bytes.push(self.separator);
        }
        if self.separator != 0 && bytes[before..].contains(&0) {
            return Err(Unread::Unfit(format!(
                "line {line} has a zero byte, which no argument of a program can have: if zero bytes separate the items, give -0"
            )));
        }
        Ok(())
    }

    /// Skips what is left of a job that has failed. It may have no end, so it is skipped only when the next job is
    /// asked for.
    fn skip(&mut self) -> Result<(), Unread> {
        while self.is_within_line || self.line < self.resume_at {
            let line = self.line;
            let skipped = self.input.skip_until(self.separator).map_err(|error| broken(line, &error))?;
            if self.is_within_line {
                self.is_within_line = false;
            } else if skipped == 0 {
                return Err(Unread::End);
            } else {
                self.line += 1;
            }
        }
        Ok(())
    }

    /// Reads the lines of the next job.
    fn read_lines(&mut self, bytes: &mut Vec<u8>) -> Result<(), Unread> {
        self.skip()?;
        let first = self.line;
        for _ in 0..self.per_job {
            self.read_line(bytes)?;
            if bytes.len() > MOST {
                return Err(Unread::Unfit(format!(
                    "the lines from {first} to {} are together longer than 6 MiB, the most that the arguments of a program \
                     can have; give a smaller --chunk-size",
                    self.line - 1
                )));
            }
        }
        Ok(())
    }
}

fn broken(line: u64, error: &io::Error) -> Unread {
    Unread::Broken(format!("line {line} cannot be read: {error}"))
}

impl Iterator for Jobs {
    type Item = Job;

    fn next(&mut self) -> Option<Job> {
        if self.has_ended {
            return None;
        }
        let (chunk, separator) = (self.chunk, self.separator);
        let first = chunk.saturating_mul(self.per_job).saturating_add(1);
        let mut bytes = Vec::new();
        let read = self.read_lines(&mut bytes);
        self.chunk += 1;
        self.has_ended = matches!(read, Err(Unread::End | Unread::Broken(_)));
        match read {
            Err(Unread::Unfit(reason)) => {
                self.resume_at = first.saturating_add(self.per_job);
                Some(Job { chunk, items: Few::Unreadable(reason) })
            }
            Err(Unread::Broken(reason)) => Some(Job { chunk, items: Few::Unreadable(reason) }),
            Ok(()) | Err(Unread::End) if bytes.is_empty() => None,
            Ok(()) | Err(Unread::End) => {
                Some(Job { chunk, items: Few::Lines { first, bytes: Bytes(bytes), separator } })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use proptest::prelude::*;

    use super::*;

    fn jobs_of(text: &[u8], separator: u8, per_job: u64) -> Jobs {
        let input: Box<dyn Read + Send> = Box::new(Cursor::new(text.to_vec()));
        Jobs::new(input, separator, per_job)
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
        let errors = [&b"ok\na\0b\nrest\n"[..], &long].map(|text| {
            let jobs: Vec<_> = jobs_of(text, b'\n', 1).collect();
            jobs.iter().find_map(Job::unreadable).expect("one of them is an error").to_string()
        });
        insta::assert_snapshot!(errors.join("\n"));
    }

    #[test]
    fn the_lines_after_one_that_no_argument_can_be_are_read() {
        let long = "x".repeat(3 * LONGEST as usize);
        for unfit in ["a\0b", &long] {
            let text = format!("one\n{unfit}\nthree\n{unfit}\nfive\nsix\nseven");
            for (per_job, expected) in [(1, vec![1, 3, 5, 6, 7]), (2, vec![5, 7]), (3, vec![7]), (9, vec![])] {
                let jobs: Vec<_> = jobs_of(text.as_bytes(), b'\n', per_job).collect();
                assert_eq!(jobs.len() as u64, 7_u64.div_ceil(per_job));
                assert!((0..).zip(&jobs).all(|(chunk, job)| job.chunk == chunk));
                let read = jobs.iter().filter(|job| job.unreadable().is_none());
                assert_eq!(read.map(|job| job.bounds().0).collect::<Vec<_>>(), expected, "{per_job}");
            }
            let last = jobs_of(text.as_bytes(), b'\n', 2).last().expect("there are jobs");
            assert_eq!(last.lines().collect::<Vec<_>>(), [b"seven"]);
        }
    }

    #[test]
    fn no_more_is_read_than_all_arguments_of_a_program_can_have() {
        let mut jobs = Jobs::new(Box::new(io::repeat(b'\n')), b'\n', u64::MAX);
        assert!(
            jobs.next().is_some_and(|job| job.unreadable().is_some_and(|why| why.contains("smaller --chunk-size")))
        );
    }

    #[test]
    fn an_error_is_told_before_the_rest_of_a_line_without_end_is_read() {
        let mut jobs = Jobs::new(Box::new(io::repeat(b'x')), b'\n', 5);
        assert!(jobs.next().is_some_and(|job| job.unreadable().is_some()));
    }

    #[test]
    fn an_input_without_end_is_read_as_far_as_is_asked() {
        let input: Box<dyn Read + Send> = Box::new(io::repeat(b'\n'));
        let mut jobs = Jobs::new(input, b'\n', 2);
        assert_eq!(jobs.nth(4).unwrap().bounds(), (9, 10));
    }
}
