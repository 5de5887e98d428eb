//! `Failure`: why there is no value.
//!
//! Each has a `kind`, one word in the JSON:
//!
//! | kind | what happened | exit code |
//! |---|---|---|
//! | `panic` | the task panicked on a chunk | 1 |
//! | `lost` | a worker process ended while it had a chunk | 1 |
//! | `memory` | a worker process ended for want of memory | 1 |
//! | `timeout` | a chunk took longer than it was given | 1 |
//! | `failed` | the fold failed otherwise: a chunk or an output could not be sent | 1 |
//! | `overflow` | the total does not fit 128 bits | 1 |
//! | `mismatch` | the total is not what the formula says | 1 |
//! | `setup` | the model cannot do what was asked for: nothing was started | 2 |
//! | `cancelled` | INT or TERM ended it | 130, 143 |

use std::{fmt, io};

/// Why there is no value.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The fold or its executor failed.
    Fold(threefold::Error),
    /// Chunks failed, and others were finished all the same.
    Chunks {
        /// The failure of the lowest failing chunk.
        first: threefold::Error,
        /// How many chunks were finished.
        done: usize,
        /// How many there were.
        of: u64,
    },
    /// The total passes 128 bits.
    Overflow,
    /// The machine has added wrongly, or this program has: the value is not given away.
    Mismatch {
        /// What the fold came to.
        total: i128,
        /// What n(a+b)/2 says.
        expected: i128,
    },
    /// Signals could not be watched.
    Signals(io::Error),
}

impl Failure {
    /// The one word for it.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Fold(error) | Self::Chunks { first: error, .. } => kind_of(error),
            Self::Overflow => "overflow",
            Self::Mismatch { .. } => "mismatch",
            Self::Signals(_) => "setup",
        }
    }

    /// Where it happened, as far as a fold knows.
    pub(crate) fn error(&self) -> Option<&threefold::Error> {
        match self {
            Self::Fold(error) | Self::Chunks { first: error, .. } => Some(error),
            _ => None,
        }
    }
}

/// The one word for the failure of a fold.
pub(crate) fn kind_of(error: &threefold::Error) -> &'static str {
    match error {
        error if error.is_panic() => "panic",
        error if error.is_out_of_memory() => "memory",
        error if error.is_worker_lost() => "lost",
        error if error.is_timeout() => "timeout",
        error if error.is_cancelled() => "cancelled",
        error if error.is_setup() => "setup",
        _ => "failed",
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fold(error) => error.fmt(f),
            Self::Chunks { done, of, .. } => {
                write!(f, "{} of {of} chunks failed, {done} were finished", of - *done as u64)
            }
            Self::Overflow => write!(f, "the total does not fit 128 bits: name fewer ranges"),
            Self::Mismatch { total, expected } => {
                write!(f, "the total came to {total}, but n(a+b)/2 is {expected}: it is not to be trusted")
            }
            Self::Signals(error) => write!(f, "INT and TERM cannot be watched for: {error}"),
        }
    }
}

impl From<threefold::Error> for Failure {
    fn from(error: threefold::Error) -> Self {
        Self::Fold(error)
    }
}

#[cfg(test)]
mod tests {
    use super::Failure;

    #[test]
    fn a_total_that_cannot_be_trusted_says_so() {
        let texts = [Failure::Overflow, Failure::Mismatch { total: 4, expected: 5 }]
            .map(|failure| format!("{}: {failure}\n", failure.kind()));
        insta::assert_snapshot!(texts.concat());
    }
}
