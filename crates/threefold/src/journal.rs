//! `Journal`: a file that keeps the outputs of finished chunks, so that a fold can be continued after its program ended.
//!
//! The journal knows nothing of tasks and sources. A fold describes itself in a [`Job`], and [`Journal::begin`] compares it
//! with what the file records. What it gives, the [`Log`], says which chunks are recorded, reads their outputs as bytes,
//! and adds the outputs of others.
//!
//! - `format` has the bytes, and `header` what is kept of a [`Job`].
//! - `scan` reads a file when it is opened, and tells a torn tail from damage. `index` keeps where outputs are.
//! - `writer` writes outputs in batches. `file` opens the file and locks it.
//! - `refusal` has the errors.
//!
//! The invariant: an output is read only if its checksum is right, and only for the fold with whose header it was written.
//! What is left out: failures, outputs of nested folds, and removing what is recorded.

use std::fmt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::error::Result;
use header::Header;
use refusal::{fault, refusal};
use scan::{Recorded, scan};
use writer::Writer;

mod file;
pub(crate) mod fingerprint;
mod format;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
mod header;
mod index;
mod log;
mod refusal;
mod scan;
#[cfg(test)]
mod tests;
mod writer;

pub(crate) use log::Log;

/// A file that records the outputs of finished chunks, so that a program that is run again continues where it stopped.
///
/// ```
/// use threefold::Journal;
///
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("run.journal");
/// let journal = Journal::open(&path)?;
/// assert_eq!(journal.recorded(), 0);
/// # Ok::<(), threefold::Error>(())
/// ```
#[derive(Clone)]
pub struct Journal(Arc<Inner>);

struct Inner {
    writer: Writer,
    /// How many outputs the file had when it was opened.
    recorded: u64,
    folds: Mutex<Folds>,
}

/// The folds of this run, and of earlier ones.
#[derive(Default)]
struct Folds {
    /// What earlier runs recorded, in the order of the folds.
    recorded: Vec<Recorded>,
    /// The number of the fold that begins next.
    next: usize,
    /// The number of the fold to which the last frame of the file belongs.
    last_frame: Option<usize>,
    /// The header of the fold that runs, or that ran last.
    current: Option<Header>,
    is_running: bool,
    /// Whether all outputs of the fold that ran last are recorded.
    is_complete: bool,
}

/// A fold, as a journal compares it with another one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Job<'a> {
    /// The name of the task.
    pub(crate) task: &'a str,
    /// The task with its captures, serialized.
    pub(crate) captures: &'a [u8],
    /// What the source is, in words: `0..1000 in 4 chunks`.
    pub(crate) source: &'a str,
    /// The fingerprint of what the chunks contain: of the places where a source is cut, and of an array's data.
    pub(crate) source_print: u64,
    /// How many chunks the source has.
    pub(crate) chunks: u64,
    /// The name of the type of the outputs.
    pub(crate) output: &'a str,
}

impl Journal {
    /// Opens the journal `path`, or makes an empty one if there is no such file.
    ///
    /// ```
    /// use threefold::Journal;
    ///
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let path = folder.path().join("run.journal");
    /// assert_eq!(Journal::open(&path)?.path(), path);
    /// # Ok::<(), threefold::Error>(())
    /// ```
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let file = file::open(path)?;
        let found = scan(&file).map_err(|found| fault(path, found))?;
        let recorded = found.folds.iter().map(|fold| fold.index.len()).sum();
        let writer = Writer::new(path.to_path_buf(), file, found.end, found.is_torn)?;
        let folds = Folds { recorded: found.folds, last_frame: found.last, ..Folds::default() };
        Ok(Self(Arc::new(Inner { writer, recorded, folds: Mutex::new(folds) })))
    }

    /// Whether each batch is written to the disk before the next one (`fsync`).
    ///
    /// ```
    /// use threefold::Journal;
    ///
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let path = folder.path().join("run.journal");
    /// let journal = Journal::open(&path)?.sync(true);
    /// # Ok::<(), threefold::Error>(())
    /// ```
    pub fn sync(self, each_batch: bool) -> Self {
        self.0.writer.sync(each_batch);
        self
    }

    /// The path that was given to [`open`](Self::open).
    ///
    /// ```
    /// use threefold::Journal;
    ///
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let path = folder.path().join("run.journal");
    /// assert_eq!(Journal::open(&path)?.path(), path);
    /// # Ok::<(), threefold::Error>(())
    /// ```
    pub fn path(&self) -> &Path {
        self.0.writer.path()
    }

    /// How many outputs the file had when it was opened.
    ///
    /// ```
    /// use threefold::Journal;
    ///
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let path = folder.path().join("run.journal");
    /// assert_eq!(Journal::open(&path)?.recorded(), 0);
    /// # Ok::<(), threefold::Error>(())
    /// ```
    pub fn recorded(&self) -> u64 {
        self.0.recorded
    }

    /// The error of a write that has failed, if one has. Nothing is recorded after it.
    ///
    /// ```
    /// use threefold::Journal;
    ///
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let path = folder.path().join("run.journal");
    /// assert!(Journal::open(&path)?.check().is_ok());
    /// # Ok::<(), threefold::Error>(())
    /// ```
    pub fn check(&self) -> Result<()> {
        self.0.writer.check()
    }

    /// Begins the next fold of this run. It is compared with the fold of the same number in the file, if there is one.
    ///
    /// If the fold before was ended before all its outputs were recorded, and `job` is the same, then this is that fold
    /// again: a program may try a fold again that has failed.
    pub(crate) fn begin(&self, job: &Job<'_>) -> Result<Arc<Log>> {
        let Inner { writer, .. } = &*self.0;
        let header = Header::of(job);
        writer.check()?;
        let mut folds = self.0.folds();
        if folds.is_running {
            return Err(refusal(
                writer.path(),
                "records another fold, which is still running: a journal records one fold at a time",
            ));
        }
        let is_again = !folds.is_complete && folds.current.as_ref() == Some(&header);
        let number = if is_again { folds.next - 1 } else { folds.next };
        if is_again {
            // The fold before has added to it. This is rare, so those places were not kept.
            let found = scan(writer.file()).map_err(|found| fault(writer.path(), found))?;
            folds.recorded = found.folds;
        }
        let recorded = folds.recorded.get_mut(number);
        if let Some(difference) = recorded.as_ref().and_then(|recorded| recorded.header.difference(&header)) {
            let what = format!(
                "is of another job: in fold {number}, {difference}; use another file, or delete this one to start from the \
                 beginning"
            );
            return Err(refusal(writer.path(), what));
        }
        let frame = header.frame(number as u64);
        let index = recorded.map(|recorded| std::mem::take(&mut recorded.index)).unwrap_or_default();
        if folds.last_frame != Some(number) {
            writer.add(&[&frame.bytes])?;
            folds.last_frame = Some(number);
        }
        folds.is_running = true;
        folds.next = number + 1;
        let chunks = header.chunks;
        folds.current = Some(header);
        let (added, is_over) = (AtomicU64::new(0), AtomicBool::new(false));
        Ok(Arc::new(Log { journal: Arc::clone(&self.0), root: frame.root, chunks, index, added, is_over }))
    }
}

impl Inner {
    fn end_fold(&self, is_complete: bool) {
        let mut folds = self.folds();
        folds.is_running = false;
        folds.is_complete = is_complete;
    }

    fn folds(&self) -> MutexGuard<'_, Folds> {
        self.folds.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journal").field("path", &self.path()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inner").field("path", self.writer.path()).finish_non_exhaustive()
    }
}
