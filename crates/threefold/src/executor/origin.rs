//! `Origin`: who has chosen the model and the number of workers of an executor.

use std::fmt;

use super::Executor;

/// Who has chosen them. Both are `None` for the executor of a task.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Origin {
    pub(super) model: Option<By>,
    pub(super) workers: Option<By>,
}

/// Who has chosen a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    /// Nobody.
    Default,
    /// The code of the program.
    Program,
    /// The person who has set this variable.
    Variable(&'static str),
}

impl Origin {
    /// That of a builder, whose model the program has named.
    pub(super) fn of_program() -> Self {
        Self { model: Some(By::Program), workers: None }
    }

    /// The same for an executor, whose number of workers was given or not.
    pub(super) fn of_workers(self, were_given: bool) -> Self {
        let by = if were_given { By::Program } else { By::Default };
        Self { workers: self.workers.or(Some(by)), ..self }
    }
}

/// What stands behind a value: nothing if the program has chosen it.
struct Note(Option<By>);

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(By::Default) => f.write_str(" (default)"),
            Some(By::Variable(name)) => write!(f, " (from {name})"),
            Some(By::Program) | None => Ok(()),
        }
    }
}

/// The model and the number of workers, and where each comes from if the program has not chosen it.
///
/// ```
/// use threefold::prelude::*;
///
/// let on = Executor::builder(Model::Threads).workers(4).build()?;
/// assert_eq!(on.to_string(), "threads, 4 workers");
/// assert_eq!(Executor::new(Model::Sequential)?.to_string(), "sequential, 1 worker (default)");
/// # Ok::<(), threefold::Error>(())
/// ```
impl fmt::Display for Executor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Origin { model, workers } = self.origin;
        let (count, s) = (self.workers(), if self.workers() == 1 { "" } else { "s" });
        write!(f, "{}{}, {count} worker{s}{}", self.model, Note(model), Note(workers))
    }
}
