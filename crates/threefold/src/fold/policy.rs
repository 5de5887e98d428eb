//! `Policy`: what a fold does about failures, on every model.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// What a fold does about chunks that fail.
#[derive(Clone, Debug, Default)]
pub(crate) struct Policy {
    /// How many times a lost chunk is run again.
    pub(crate) retries: u32,
    /// Whether a chunk that panicked is run again too.
    pub(crate) retry_panics: bool,
    /// Whether a chunk whose output is an `Err` is run again too.
    pub(crate) retry_errors: bool,
    /// How long a chunk waits before it is run again, if it waits.
    pub(crate) backoff: Option<Backoff>,
    /// How long one attempt at a chunk may take.
    pub(crate) timeout: Option<Duration>,
    /// Whether the other chunks still run after a failure.
    pub(crate) keeps_going: bool,
    /// Whether somebody waits for each output, so that none may wait for that of another chunk.
    pub(crate) streams: bool,
    /// Whether a chunk that is lost at its last attempt is bisected to the smallest range that is lost too.
    pub(crate) bisect: bool,
}

/// What a verb asks for, beside what the executor does.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Aim {
    /// See [`Policy::keeps_going`].
    pub(crate) keeps_going: bool,
    /// See [`Policy::streams`].
    pub(crate) streams: bool,
}

impl Policy {
    /// The same for a verb that asks for this.
    pub(crate) fn aimed(&self, Aim { keeps_going, streams }: Aim) -> Self {
        Self { keeps_going, streams, ..self.clone() }
    }

    /// How many attempts at a chunk are made before it counts as lost.
    pub(crate) fn attempts(&self) -> u32 {
        self.retries.saturating_add(1)
    }

    /// How many attempts at a chunk are made before its panic counts.
    pub(crate) fn attempts_at_panics(&self) -> u32 {
        if self.retry_panics { self.attempts() } else { 1 }
    }

    /// How many attempts at a chunk are made before its `Err` counts.
    pub(crate) fn attempts_at_errors(&self) -> u32 {
        if self.retry_errors { self.attempts() } else { 1 }
    }
}

/// A function of the user's: from the number of the attempt that failed, counted from 1, to the time that the chunk waits.
#[derive(Clone)]
pub(crate) struct Backoff(pub(crate) Arc<dyn Fn(u32) -> Duration + Send + Sync>);

impl fmt::Debug for Backoff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Backoff(..)")
    }
}
