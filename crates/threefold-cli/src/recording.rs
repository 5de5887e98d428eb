//! `Recording`: the journal of a run, and what the user is told of it.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use threefold::{Event, Executor, Journal};

use crate::failure::Failure;
use crate::messages;

/// The journal of a run.
#[derive(Clone, Debug)]
pub(crate) struct Recording {
    journal: Journal,
    /// How many chunks the run has.
    chunks: u64,
    /// How many of them were in the journal before the run.
    resumed: Arc<AtomicU64>,
}

impl Recording {
    /// # Errors
    ///
    /// The file cannot be a journal: nothing was started.
    pub(crate) fn open(path: &Path, chunks: u64) -> Result<Self, Failure> {
        let journal = Journal::open(path).map_err(|error| Failure::Unavailable(error.to_string()))?;
        Ok(Self { journal, chunks, resumed: Arc::default() })
    }

    /// The executor that records its fold here. The user is told which chunks are not run again.
    pub(crate) fn on(&self, on: &Executor) -> Executor {
        let recording = self.clone();
        on.journal(&self.journal).observe(move |event| {
            if let Event::Resumed { chunks } = event {
                let count = chunks.iter().map(|range| range.end - range.start).sum();
                recording.resumed.store(count, Ordering::Relaxed);
                let are = if count == 1 { "is" } else { "are" };
                messages::note(format_args!("{recording}, and {are} not run again"));
            }
        })
    }

    /// How many chunks were in the journal before the run.
    pub(crate) fn resumed(&self) -> u64 {
        self.resumed.load(Ordering::Relaxed)
    }

    /// The failure of a run that has failed with `failure`: of the journal, if that could not be written or read, or was
    /// removed. Then chunks may have run, while a `setup` failure says that nothing was started.
    pub(crate) fn failure(&self, failure: Failure) -> Failure {
        match failure {
            Failure::Fold(error) if error.is_setup() && self.journal.check().is_err() => Failure::Unrecorded(error),
            failure => failure,
        }
    }

    /// What a user may do who wants to go on after a failure. `None` if nothing is recorded.
    pub(crate) fn advice(&self) -> Option<String> {
        (self.journal.recorded() > 0).then(|| format!("{self}; the same command runs only the others"))
    }
}

/// "3 of 4 chunks are in the journal `FILE`", as it is now.
impl fmt::Display for Recording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (count, path) = (self.journal.recorded(), self.journal.path().display());
        let noun = if self.chunks == 1 { "chunk" } else { "chunks" };
        let are = if count == 1 { "is" } else { "are" };
        write!(f, "{count} of {} {noun} {are} in the journal `{path}`", self.chunks)
    }
}
