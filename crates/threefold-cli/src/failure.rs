//! `Failure`: why there is no result.
//!
//! Each has a `kind`, one word in the JSON:
//!
//! | kind | what happened | exit code |
//! |---|---|---|
//! | `panic` | the task panicked on a chunk | 1 |
//! | `lost` | a worker process, or the process of `--exec`, ended while it ran a chunk | 1 |
//! | `memory` | a worker process ran out of memory | 1 |
//! | `timeout` | a chunk took longer than `--timeout` | 1 |
//! | `failed` | a chunk has no value, or another failure, for example a chunk that could not be serialized | 1 |
//! | `overflow` | the total does not fit in 128 bits | 1 |
//! | `mismatch` | the total differs from the formula | 1 |
//! | `journal` | a finished chunk could not be written to the journal or read from it, or the journal was removed | 1 |
//! | `setup` | the model cannot do what was asked for, or the journal is refused, and nothing was started | 2 |
//! | `cancelled` | INT or TERM cancelled the run | 130, 143 |

mod of_program;

use std::fmt;

use threefold::Model;

use self::of_program::OfProgram;
use crate::chunk_error::FailedChunk;
use crate::escape;

/// Why there is no result.
#[derive(Clone, Debug)]
pub(crate) enum Failure {
    /// The model does not have an option that was given.
    Unavailable(String),
    /// The fold or its executor failed.
    Fold(threefold::Error),
    /// The same of a work that starts a program, or that reduces a term.
    OfProgram(Box<OfProgram>),
    /// A chunk failed on its own account.
    Chunk(Box<FailedChunk>),
    /// Chunks failed with `--keep-going`, after which the others were finished.
    Chunks {
        /// The failure of the lowest failing chunk.
        first: Box<Failure>,
        /// The number of chunks that failed.
        failed: u64,
        /// The number of chunks that were finished.
        finished: u64,
    },
    /// A finished chunk could not be written to the journal or read from it, or the journal was removed during the run.
    Unrecorded(threefold::Error),
    /// The outputs have no value, or it could not be passed on.
    NoValue(String),
    /// A run that was cancelled did not end in time.
    Overdue {
        /// What was run.
        task: String,
        model: Model,
        what: Unended,
    },
    /// The total does not fit in 128 bits.
    Overflow,
    /// The hardware or this program added wrongly: the total is not given out.
    Mismatch {
        /// The total of the fold.
        total: i128,
        /// The total by the formula n(a+b)/2.
        expected: i128,
    },
}

/// What did not end in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unended {
    /// The input is found out: for example a folder is listed.
    Input,
    /// A chunk that has begun.
    Chunk,
    /// What it is, is not known: for example very many chunks are being cleared away.
    Run,
}

impl Failure {
    /// The word for it in the JSON.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Unavailable(_) => "setup",
            Self::Fold(error) => kind_of(error),
            Self::OfProgram(failed) => kind_of(&failed.error),
            Self::Chunk(failed) => failed.error.kind.name(),
            Self::Chunks { first, .. } => first.kind(),
            Self::Unrecorded(_) => "journal",
            Self::NoValue(_) => "failed",
            Self::Overdue { .. } => "cancelled",
            Self::Overflow => "overflow",
            Self::Mismatch { .. } => "mismatch",
        }
    }

    /// The chunk that has failed on its own account.
    pub(crate) fn failed_chunk(&self) -> Option<&FailedChunk> {
        match self {
            Self::Chunk(failed) => Some(failed),
            Self::Chunks { first, .. } => first.failed_chunk(),
            _ => None,
        }
    }

    /// The same failure of a work that starts the program `command`, or that reduces a term of that name. Its chunks cover
    /// what `describe` says.
    pub(crate) fn of_program(self, command: &str, describe: &dyn Fn(u64) -> String) -> Self {
        match self {
            Self::Fold(error) => {
                let range = error.chunk().map(describe);
                Self::OfProgram(Box::new(OfProgram { error, command: command.to_string(), range }))
            }
            Self::Chunks { first, failed, finished } => {
                Self::Chunks { first: Box::new(first.of_program(command, describe)), failed, finished }
            }
            other => other,
        }
    }

    /// What was run, as the user calls it.
    pub(crate) fn task(&self) -> Option<&str> {
        match self {
            Self::Chunk(failed) => Some(&failed.work),
            Self::Overdue { task, .. } => Some(task),
            Self::OfProgram(failed) => failed.error.task().map(|_| failed.command.as_str()),
            Self::Chunks { first, .. } => first.task(),
            other => other.error().and_then(threefold::Error::task),
        }
    }

    /// The number of the chunk.
    pub(crate) fn chunk(&self) -> Option<u64> {
        match self.failed_chunk() {
            Some(failed) => Some(failed.chunk),
            None => self.error().and_then(threefold::Error::chunk),
        }
    }

    /// What the chunk covers, as text.
    pub(crate) fn range(&self) -> Option<&str> {
        match self {
            Self::Chunk(failed) => Some(&failed.range),
            Self::OfProgram(failed) => failed.range.as_deref(),
            Self::Chunks { first, .. } => first.range(),
            other => other.error().and_then(threefold::Error::range),
        }
    }

    /// The error of the fold, which says where it happened.
    pub(crate) fn error(&self) -> Option<&threefold::Error> {
        match self {
            Self::Fold(error) | Self::Unrecorded(error) => Some(error),
            Self::OfProgram(failed) => Some(&failed.error),
            Self::Chunks { first, .. } => first.error(),
            Self::Unavailable(_) | Self::Chunk(_) | Self::NoValue(_) => None,
            Self::Overdue { .. } | Self::Overflow | Self::Mismatch { .. } => None,
        }
    }
}

/// The word for the failure of a fold.
fn kind_of(error: &threefold::Error) -> &'static str {
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
            Self::Unavailable(reason) | Self::NoValue(reason) => f.write_str(reason),
            Self::Fold(error) if error.is_setup() => f.write_str(&of_program::in_a_users_words(&error.to_string())),
            Self::Fold(error) | Self::Unrecorded(error) => error.fmt(f),
            Self::OfProgram(failed) => failed.fmt(f),
            Self::Chunk(failed) => failed.fmt(f),
            Self::Chunks { failed, finished, .. } => {
                let (of, were) = (failed + finished, if *finished == 1 { "was" } else { "were" });
                let chunks = if of == 1 { "chunk" } else { "chunks" };
                write!(f, "{failed} of {of} {chunks} failed, {finished} {were} finished")
            }
            Self::Overdue { task, model, what } => {
                let what = match what {
                    Unended::Input => "preparing the input",
                    Unended::Chunk => "a chunk in progress",
                    Unended::Run => "the run",
                };
                let task = escape::line(task);
                write!(
                    f,
                    "{task}: cancelled on {model}; {what} was still running after 0.4 s, and the program exits without \
                     waiting for it"
                )
            }
            Self::Overflow => f.write_str("the total does not fit in 128 bits: use fewer or shorter ranges"),
            Self::Mismatch { total, expected } => write!(
                f,
                "the total is {total}, but the formula n(a+b)/2 gives {expected}: \
                 the hardware or this program is faulty"
            ),
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
    use threefold::{Executor, Model};

    use super::{Failure, Unended};

    #[test]
    fn what_did_not_end_is_named() {
        let overdue = |what| Failure::Overdue { task: "calculate_sum".to_string(), model: Model::Threads, what };
        let texts = [Unended::Input, Unended::Chunk, Unended::Run].map(|what| format!("{}\n", overdue(what)));
        insta::assert_snapshot!(texts.concat());
    }

    #[test]
    fn a_failure_without_an_error_of_the_fold_says_what_is_wrong() {
        let texts = [Failure::Overflow, Failure::Mismatch { total: 4, expected: 5 }]
            .map(|failure| format!("{}: {failure}\n", failure.kind()));
        insta::assert_snapshot!(texts.concat());
    }

    #[test]
    fn chunks_are_counted_in_grammatical_sentences() {
        let error = Executor::builder(Model::Sequential).workers(2).build().unwrap_err();
        let first = Box::new(Failure::from(error));
        let texts = [(1, 0), (59, 1), (1, 59), (2, 0)]
            .map(|(failed, finished)| format!("{}\n", Failure::Chunks { first: first.clone(), failed, finished }));
        insta::assert_snapshot!(texts.concat());
    }
}
