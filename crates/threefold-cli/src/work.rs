//! `Work`: what is run on every chunk. Only this file knows which kinds of work there are.
//!
//! Everything else asks a work for its name and its items, and gives a [`Visitor`], which takes any types.

use crate::computation::Visitor;
use crate::escape;
use crate::exec::Exec;
use crate::exec_options::Limits;
use crate::failure::Failure;
use crate::plan::Input;
use crate::reduced_term::ReducedTerm;
use crate::workloads::Workload;

/// What is run on every chunk.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Work {
    /// A computation that is built in.
    Workload(Workload),
    /// A term of the user's own.
    Term(ReducedTerm),
    /// A program that is started for every chunk.
    Exec(Box<Exec>),
}

impl Default for Work {
    fn default() -> Self {
        Self::Workload(Workload::default())
    }
}

impl Work {
    /// What the user calls it.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Workload(workload) => workload.description().name,
            Self::Term(term) => term.name(),
            Self::Exec(exec) => exec.name(),
        }
    }

    /// The word for its items.
    pub(crate) fn items(&self) -> &str {
        match self {
            Self::Workload(workload) => workload.description().items,
            Self::Term(_) => ReducedTerm::ITEMS,
            Self::Exec(exec) => exec.items(),
        }
    }

    /// The formula that gives the same value without running a chunk, if there is one.
    pub(crate) fn formula(&self) -> Option<&'static str> {
        match self {
            Self::Workload(Workload::Sum) => Some("n(a+b)/2 (n integers from a to b)"),
            Self::Workload(_) | Self::Term(_) | Self::Exec(_) => None,
        }
    }

    /// Whether its chunks wait without computing: its task is an `async fn`.
    pub(crate) fn waits(&self) -> bool {
        match self {
            Self::Workload(workload) => workload.description().waits,
            Self::Term(_) => false,
            Self::Exec(_) => true,
        }
    }

    /// Whether it takes at most a few milliseconds for this input.
    pub(crate) fn is_brief(&self, input: &Input) -> bool {
        match self {
            Self::Workload(workload) => input.is_brief(workload.description()),
            // How long a term takes is not known.
            Self::Term(_) => false,
            Self::Exec(_) => false,
        }
    }

    /// Whether it starts a program.
    pub(crate) fn is_program(&self) -> bool {
        matches!(self, Self::Exec(_))
    }

    /// Whether the user has written it: a term or a program. Errors then have its text in place of a task.
    pub(crate) fn is_the_users(&self) -> bool {
        matches!(self, Self::Term(_) | Self::Exec(_))
    }

    /// The same failure in the words of whoever has written this work, if that is the user. Its chunks cover what `describe`
    /// says.
    pub(crate) fn failure(&self, failure: Failure, describe: &dyn Fn(u64) -> String) -> Failure {
        match (self, failure) {
            (Self::Workload(_), failure) => failure,
            (Self::Term(term), Failure::NoValue(reason)) => {
                Failure::NoValue(format!("{}: {reason}", escape::line(term.name())))
            }
            (Self::Term(_) | Self::Exec(_), failure) => failure.of_program(self.name(), describe),
        }
    }

    /// Whether the work itself applies `--retries`, `--timeout` and `--memory-limit`, on every model.
    pub(crate) fn has_limits(&self) -> bool {
        self.is_program()
    }

    /// The same work within these limits, if it applies them itself.
    pub(crate) fn within(self, limits: Limits) -> Self {
        match self {
            Self::Exec(exec) => Self::Exec(Box::new(exec.within(limits))),
            other => other,
        }
    }

    /// Whether its outputs are written as they come, so that there is no value to show at the end.
    pub(crate) fn passes_on(&self) -> bool {
        match self {
            Self::Workload(_) | Self::Term(_) => false,
            Self::Exec(exec) => exec.passes_on(),
        }
    }

    /// How many chunks are in progress at once on async with so many `workers`, if the user does not say.
    pub(crate) fn in_flight(&self, workers: Option<usize>) -> Option<usize> {
        match self {
            Self::Workload(_) | Self::Term(_) => None,
            // No worker is to be idle that the user has asked for.
            Self::Exec(_) => Some(Exec::in_flight().max(workers.unwrap_or(1))),
        }
    }

    /// Refuses a comparison if the chunks can be had only once.
    ///
    /// # Errors
    ///
    /// Why this work cannot be run again.
    pub(crate) fn check_repeatable(&self) -> Result<(), String> {
        match self {
            Self::Exec(exec) if exec.reads_stdin() => {
                Err("the lines of stdin cannot be read again for every model; use a file".to_string())
            }
            _ => Ok(()),
        }
    }

    /// Refuses a journal if the chunks cannot be had again, or if it would record failures.
    ///
    /// # Errors
    ///
    /// Why this work cannot be continued.
    pub(crate) fn check_journal(&self, keeps_going: bool) -> Result<(), String> {
        match self {
            Self::Exec(exec) if exec.reads_stdin() => {
                Err("--journal is not available for the lines of stdin, which cannot be read again; use a file"
                    .to_string())
            }
            Self::Exec(_) | Self::Term(_) if keeps_going => {
                let work = if self.is_program() { "--exec" } else { "--term" };
                Err(format!(
                    "--journal and --keep-going cannot be given together with {work}: a chunk that has failed would be \
                     recorded, and not be run again"
                ))
            }
            _ => Ok(()),
        }
    }

    /// Prepares this work for `input`, then gives it to `visitor`.
    ///
    /// # Errors
    ///
    /// Why this work cannot have this input, and what it can have. `visitor` was not called.
    pub(crate) fn visit<V: Visitor>(&self, input: &Input, visitor: V) -> Result<V::Result, String> {
        match self {
            Self::Workload(workload) => workload.visit(input, visitor),
            Self::Term(term) => term.visit(input, visitor),
            Self::Exec(exec) => exec.visit(input, visitor),
        }
    }
}
