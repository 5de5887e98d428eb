//! `Cause`: what happened, and all that is known of a lost worker.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use super::end::End;
use super::place::{Attempt, Place};
use super::text;

/// What happened.
#[cfg_attr(
    not(all(feature = "async", feature = "processes")),
    allow(dead_code, reason = "not every model can fail like this")
)]
#[derive(Clone, Debug)]
pub(crate) enum Cause {
    /// The task panicked with this message; `at` is the file, line and column.
    Panic { message: String, at: Option<String> },
    /// The worker that ran the chunk was lost, or the chunk ran out of time.
    Lost(Box<Lost>),
    /// The task returned an `Err`, and is run again. It is told to observers only.
    Returned,
    /// The fold was cancelled.
    Cancelled,
    /// The task, a chunk or an output cannot be serialized, or is not the same after it was restored.
    Unportable { what: &'static str, reason: String },
    /// Nothing could be started, because the options, the source or the machine do not allow it.
    Setup { reason: String, source: Option<Arc<io::Error>> },
}

impl Cause {
    /// The source cannot make a chunk, for this reason.
    pub(crate) fn unreadable(reason: String) -> Self {
        Self::Setup { reason: format!("cannot be read: {reason}"), source: None }
    }
}

/// What is known about the loss of a worker, or of one chunk on it.
#[derive(Clone, Debug)]
pub(crate) struct Lost {
    pub(crate) end: End,
    /// Chunks that were finished, but whose outputs were lost with the worker.
    pub(crate) also: Vec<u64>,
    /// How long the chunk had been running.
    pub(crate) ran_for: Option<Duration>,
    /// The largest resident memory that was seen, in bytes: a lower bound.
    pub(crate) memory: Option<u64>,
    /// The last lines that the worker wrote to its standard error.
    pub(crate) stderr_tail: Vec<String>,
    /// The smallest range of the chunk that is lost too when it is run alone.
    pub(crate) smallest_range: Option<String>,
}

#[cfg_attr(
    not(all(feature = "async", feature = "processes")),
    allow(dead_code, reason = "not every model can fail like this")
)]
impl Lost {
    pub(crate) fn new(end: End) -> Self {
        Self { end, also: Vec::new(), ran_for: None, memory: None, stderr_tail: Vec::new(), smallest_range: None }
    }
}

impl Lost {
    pub(super) fn write(&self, place: &Place, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if matches!(self.end, End::Deadline(_)) { "ran out of time" } else { "was lost" })?;
        place.write_model(f)?;
        f.write_str(": ")?;
        place.write_worker(f)?;
        write!(f, "{}", self.end)?;
        if let Some(Attempt { number, of }) = place.attempt {
            write!(f, ", attempt {number} of {of}")?;
        }
        if let Some(smallest_range) = &self.smallest_range {
            write!(f, "; the smallest range that is lost too is {smallest_range}")?;
        }
        if !self.also.is_empty() {
            let what = match self.end {
                #[cfg(feature = "mpi")]
                End::RankGone | End::RankSilent(_) => "it also had the chunks",
                _ => "the outputs of these finished chunks were lost with the worker:",
            };
            write!(f, "; {what} {}", text::numbers(&self.also))?;
        }
        if f.alternate() {
            self.write_details(f)?;
        }
        Ok(())
    }

    fn write_details(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(ran_for) = self.ran_for {
            write!(f, "\n  the chunk had been running for {}", text::duration(ran_for))?;
        }
        if let Some(memory) = self.memory {
            write!(f, "\n  the worker used at least {} of memory", text::size(memory))?;
        }
        if !self.stderr_tail.is_empty() {
            f.write_str("\n  the last lines of its stderr:")?;
            self.stderr_tail.iter().try_for_each(|line| write!(f, "\n    {}", text::printable(line)))?;
        }
        Ok(())
    }
}
