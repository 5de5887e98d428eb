//! `ChunkError`: why a chunk has failed on its own account, and `FailedChunk`: which one it was.
//!
//! A task that can fail gives a `ChunkError` instead of an output. Chunks that fail because their worker was lost, or
//! because the task panicked, have errors of the library instead.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::escape;

/// Why a chunk has failed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ChunkError {
    pub(crate) kind: Kind,
    /// What happened, in a few words that go on after "chunk 3 (7..=9) ".
    pub(crate) message: String,
    /// What is rarely needed, so that an output that might have been an error stays small.
    pub(crate) about: Box<About>,
    /// Whether another attempt would fail in the same way.
    pub(crate) is_final: bool,
    /// The process that ran the chunk, if it had one of its own, and how that ended.
    pub(crate) pid: Option<u32>,
    pub(crate) signal: Option<i32>,
    pub(crate) exit_code: Option<i32>,
    /// Which attempt this was, counted from 1, and how many there were to be.
    pub(crate) attempt: Option<u32>,
    pub(crate) attempts: Option<u32>,
    /// The failures of the attempts before, in their order, if the task itself has made them.
    pub(crate) earlier: Box<[ChunkError]>,
}

/// What else is known of a chunk that has failed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct About {
    /// Lines of their own below the message; often empty.
    pub(crate) details: String,
    /// What the chunk covers, as text, if it knows that better than the plan does.
    pub(crate) covers: Option<String>,
}

/// The word for it in the JSON.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Kind {
    /// The chunk has no value.
    #[default]
    Failed,
    /// Its process did not end well.
    Lost,
    /// It took longer than `--timeout`.
    Timeout,
    /// Nobody wants its output any more.
    Cancelled,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Lost => "lost",
            Self::Timeout => "timeout",
            Self::Cancelled => "cancelled",
        }
    }
}

/// A chunk that has failed on its own account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FailedChunk {
    /// What was run.
    pub(crate) work: String,
    pub(crate) chunk: u64,
    /// What the chunk covers, as text.
    pub(crate) range: String,
    pub(crate) error: ChunkError,
}

impl FailedChunk {
    /// Chunk number `chunk` of `work`. `describe` says what it covers if the error does not.
    pub(crate) fn new(work: &str, chunk: u64, describe: impl FnOnce() -> String, error: ChunkError) -> Self {
        let range = error.about.covers.clone().unwrap_or_else(describe);
        Self { work: work.to_string(), chunk, range, error }
    }
}

/// "WORK: chunk 3 (7..=9) MESSAGE", and with `{:#}` the details below it.
impl fmt::Display for FailedChunk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { work, chunk, range, error } = self;
        write!(f, "{}: chunk {chunk} ({range}) {}", escape::line(work), error.message)?;
        if f.alternate() && !error.about.details.is_empty() {
            for line in error.about.details.lines() {
                write!(f, "\n  {}", escape::line(line))?;
            }
        }
        Ok(())
    }
}
