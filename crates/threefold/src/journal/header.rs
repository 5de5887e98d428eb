//! `Header`: which fold a journal records, and how one fold differs from another in words.

use std::fmt;

use super::Job;
use super::fingerprint::Fingerprint;
use super::format::{Head, Kind, ROOT, checksum, tail};

/// What is recorded of a fold. Two folds with equal headers have the same outputs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// The version of this library. Another version may serialize outputs in another way.
    version: String,
    task: String,
    output: String,
    source: String,
    captures: Captures,
    /// The fingerprint of the source.
    source_print: u64,
    pub(super) chunks: u64,
}

/// The captures of a task, which may be large, by their length in bytes and their fingerprint.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Captures {
    length: u64,
    print: u64,
}

/// The frame of a fold.
#[derive(Debug)]
pub(super) struct HeaderFrame {
    pub(super) bytes: Vec<u8>,
    /// Its checksum, with which those of the fold's outputs begin.
    pub(super) root: u32,
}

impl Header {
    pub(super) fn of(job: &Job<'_>) -> Self {
        Self {
            version: env!("CARGO_PKG_VERSION").to_string(),
            task: job.task.to_string(),
            output: job.output.to_string(),
            source: job.source.to_string(),
            captures: Captures { length: job.captures.len() as u64, print: Fingerprint::of(job.captures) },
            source_print: job.source_print,
            chunks: job.chunks,
        }
    }

    /// The header as bytes: four texts, each with its length in eight bytes before it, and four numbers.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for text in [&self.version, &self.task, &self.output, &self.source] {
            bytes.extend((text.len() as u64).to_le_bytes());
            bytes.extend(text.as_bytes());
        }
        for number in [self.captures.length, self.captures.print, self.source_print, self.chunks] {
            bytes.extend(number.to_le_bytes());
        }
        bytes
    }

    /// The frame that begins the fold of this number.
    pub(super) fn frame(&self, number: u64) -> HeaderFrame {
        let body = self.bytes();
        let head = Head::new(Kind::Fold, number, body.len() as u64, ROOT);
        let root = checksum(head.checksum, &body);
        HeaderFrame { bytes: [&head.bytes(), &*body, &tail(root)].concat(), root }
    }

    /// The header with these bytes, if they are one.
    pub(super) fn read(mut bytes: &[u8]) -> Option<Self> {
        let version = text(&mut bytes)?;
        let task = text(&mut bytes)?;
        let output = text(&mut bytes)?;
        let source = text(&mut bytes)?;
        let captures = Captures { length: number(&mut bytes)?, print: number(&mut bytes)? };
        let source_print = number(&mut bytes)?;
        let chunks = number(&mut bytes)?;
        bytes.is_empty().then_some(Self { version, task, output, source, captures, source_print, chunks })
    }

    /// How the fold `now` differs from this one, which is recorded. `None` if it is the same.
    pub(super) fn difference<'a>(&'a self, now: &'a Self) -> Option<Difference<'a>> {
        (self != now).then_some(Difference { recorded: self, now })
    }
}

fn text(bytes: &mut &[u8]) -> Option<String> {
    let length = usize::try_from(number(bytes)?).ok()?;
    let (text, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    String::from_utf8(text.to_vec()).ok()
}

fn number(bytes: &mut &[u8]) -> Option<u64> {
    let (number, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(u64::from_le_bytes(*number))
}

/// The first difference between two folds, as a clause: "it records the task `a`, and this fold runs the task `b`".
pub(super) struct Difference<'a> {
    recorded: &'a Header,
    now: &'a Header,
}

impl fmt::Display for Difference<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { recorded, now } = self;
        if recorded.task != now.task {
            return write!(f, "it records the task `{}`, and this fold runs the task `{}`", recorded.task, now.task);
        }
        if recorded.output != now.output {
            let (before, now) = (&recorded.output, &now.output);
            return write!(
                f,
                "it records outputs of the type `{before}`, and this fold has outputs of the type `{now}`"
            );
        }
        if recorded.version != now.version {
            let (before, now) = (&recorded.version, &now.version);
            return write!(f, "it was written by version {before} of threefold, and this is version {now}");
        }
        if recorded.captures != now.captures {
            return write!(f, "the task `{}` has other captures now than when it was recorded", now.task);
        }
        if recorded.source != now.source {
            return write!(f, "it records the source {}, and this fold has the source {}", recorded.source, now.source);
        }
        if recorded.chunks != now.chunks {
            let (before, now) = (recorded.chunks, now.chunks);
            return write!(f, "it records a source of {before} chunks, and the source of this fold has {now}");
        }
        f.write_str("the source has other contents now, or is cut in another way, than when it was recorded")
    }
}
