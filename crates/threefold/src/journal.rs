//! `Journal`: a file that keeps the outputs of finished chunks, so that a fold can be continued after its program ended.
//!
//! The journal knows nothing of tasks and sources. A fold describes itself in a [`Job`], and [`Journal::begin`] compares it
//! with what the file records. What it gives, the [`Log`], says which chunks are recorded, reads their outputs as bytes,
//! and adds the outputs of others.
//!
//! - `format` has the bytes, and `header` what is kept of a [`Job`]. `folds` finds the fold of the file that a fold is.
//! - `scan` reads a file when it is opened, and tells a torn tail from damage. `index` keeps where outputs are.
//! - `writer` writes outputs in batches. `file` opens the file and locks it.
//! - `refusal` has the errors. `unrecorded` is the type of captures that are not compared. `spelling` names types.
//!
//! The invariant: an output is read only if its checksum is right, and only for the fold with whose header it was written.
//! What is left out: failures, outputs of nested folds, and removing what is recorded.

use std::fmt;
use std::path::Path;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock};

use crate::error::{Error, Result};
use folds::Folds;
use header::Header;
use refusal::{fault, of_another_job, refusal};
use scan::{scan, scan_on};
use writer::Writer;

mod file;
pub(crate) mod fingerprint;
mod folds;
mod format;
#[cfg(any(test, fuzzing))]
mod fuzzing;
mod header;
mod index;
mod lock;
mod log;
mod refusal;
mod scan;
pub(crate) mod spelling;
#[cfg(test)]
mod tests;
mod unrecorded;
mod writer;

pub(crate) use log::Log;
pub use unrecorded::Unrecorded;

/// A file that records the outputs of finished chunks, so that a program that is run again continues where it stopped.
///
/// Give it to an executor with [`Executor::journal`](crate::Executor::journal). Each output that comes back is appended to
/// the file. If the program is run again with the same file, for instance after a crash, the same folds take the recorded
/// outputs from the file and run only the other chunks. The result is the same, bit for bit, also on another model and with
/// another number of workers.
///
/// ```
/// use std::path::Path;
/// use threefold::prelude::*;
/// use threefold::{Journal, Trace};
///
/// #[task]
/// fn count_primes(chunk: std::ops::Range<u64>) -> usize {
///     chunk.filter(|&n| n > 1 && (2..n).all(|divisor| n % divisor != 0)).count()
/// }
///
/// /// The program: the number of primes, and how many chunks were run for it.
/// fn run(model: Model, path: &Path) -> threefold::Result<(usize, usize)> {
///     let (journal, trace) = (Journal::open(path)?, Trace::new());
///     let on = Executor::new(model)?.journal(&journal).trace(&trace);
///     let primes = on.fold((0..1_000).split_into(8), count_primes, 0, |sum, part| sum + part)?;
///     Ok((primes, trace.spans().len()))
/// }
///
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("primes.journal");
/// assert_eq!(run(Model::Threads, &path)?, (168, 8));
/// assert_eq!(run(Model::Sequential, &path)?, (168, 0));
/// # Ok::<(), threefold::Error>(())
/// ```
///
/// [`Executor::journal`](crate::Executor::journal) says what is recorded, and how a fold is compared with the one in the file.
/// The version of this library is compared too, since another version may serialize outputs in another way.
///
/// If a fold failed, was cancelled or ended early, and the program calls the same fold again in the same run, the
/// second call continues the first. If the first call finished all its chunks, the second one is a new fold, and runs
/// all chunks. The next run of the program need not have the same failures: it finds its folds in the file whether or
/// not it runs them a second time.
///
/// # When outputs are written
///
/// Outputs are collected, and written together: at most a second after they came, as soon as they are 1 MiB in all, and at
/// the end of the fold. A program that is killed therefore loses the last second at most. What the operating system has
/// taken survives the end of the program, but not a power failure; [`sync`](Self::sync) is for that. The journal has a
/// thread only while outputs wait to be written.
///
/// If an output cannot be written, for instance because the disk is full, the fold ends with an error for which
/// [`Error::is_setup`](crate::Error::is_setup) is `true`, and [`check`](Self::check) gives it. What was written before is
/// kept. If the file was removed or replaced, the fold that ends next has such an error.
///
/// Some file systems accept what is written, and find out later that there is no room for it: NFS does so. Only
/// [`sync`](Self::sync) notices such an error. Without it the result of the fold is right, but the end of the file may be
/// missing in the next run, or the file may be refused as damaged.
///
/// # What is checked
///
/// [`open`](Self::open) reads the whole file, and checks the checksum of every record. Each record is checked once more when
/// its output is taken.
///
/// - A *torn tail*, which is the beginning of a record that was not written to its end, is what a killed program leaves. It
///   is cut off, and the chunk runs again. So are zeros at the end of the file, which a power failure may leave. A file that
///   has nothing but zeros is refused, since nothing shows that it was a journal.
/// - *Damage* is anything else that is wrong, such as a changed bit in any record, the last one included. It is refused
///   with an error that names the file and the byte, and says how to keep the records before it.
///
/// The file is locked while it is open, by a lock that ends with the process. Another process, or another `Journal` of this
/// one, that opens the file waits for a second and then gets an error. File systems without locks, such as some that several
/// hosts share, are refused. On MPI rank 0 alone opens and writes the file.
///
/// # The file
///
/// All numbers are little-endian. The file begins with 16 bytes that mark it as a journal (`f3`, `threefold fold` and a line
/// feed), the version of the format in 4 bytes, which is 1, and the CRC-32 of these 20 bytes in 4. Frames follow:
///
/// | bytes | content |
/// |---|---|
/// | 1 | `F`: a fold begins; `O`: the output of a chunk of that fold |
/// | 8 | the number of the fold or of the chunk, counted from 0 |
/// | 8 | the length of the body |
/// | 4 | the CRC-32 of the 17 bytes before, continued from that of the fold's body if this is an output |
/// | length | the description of the fold, or the output as `threefold-codec` serializes it |
/// | 4 | the CRC-32 of the body, continued from the one before |
/// | 1 | a line feed |
#[derive(Clone)]
pub struct Journal(Arc<Inner>);

struct Inner {
    writer: Writer,
    /// What was found to be wrong with the file since it was opened.
    broken: OnceLock<Error>,
    folds: Mutex<Folds>,
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
    /// The name of the type of the outputs, as [`spelling`] has it.
    pub(crate) output: &'a str,
}

impl Journal {
    /// Opens the journal `path`, or makes an empty one if there is no such file. It reads the whole file: a million outputs
    /// take less than a second, large ones as long as the disk needs.
    ///
    /// # Errors
    ///
    /// The file cannot be opened, written or locked, is open already, is not a journal, has another version of the
    /// format, or is damaged. The file is left as it is.
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
        let writer = Writer::new(path.to_path_buf(), file, &found)?;
        let folds = Folds { found, ..Folds::default() };
        Ok(Self(Arc::new(Inner { writer, broken: OnceLock::new(), folds: Mutex::new(folds) })))
    }

    /// Whether outputs that are written are also flushed to the disk at once (`fsync`), so that they survive a power failure
    /// or a crash of the operating system. By default they are not, since that takes milliseconds for each second of a fold,
    /// and more on slow disks. All clones share the setting.
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

    /// How many outputs are recorded: those of all folds that the file has, and those that wait to be written. Those that
    /// could not be written are not counted. The number is 0 once the journal has found that its file was changed or
    /// removed.
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
        if self.0.broken.get().is_some() { 0 } else { self.0.writer.recorded() }
    }

    /// Tells whether the file could be used so far. If it could not, the folds that follow are refused with the same error.
    ///
    /// # Errors
    ///
    /// - An output could not be written. After that nothing is recorded any more.
    /// - An output could not be read, for instance because the file has changed since it was opened.
    /// - The file was found to be removed or replaced when a fold ended.
    /// - This process is a fork of the one that has opened the journal. A fork records nothing.
    ///
    /// The first three are also the error of a fold, unless it has failed for another reason or its future was dropped.
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
        self.0.writer.check()?;
        self.0.broken.get().cloned().map_or(Ok(()), Err)
    }

    /// Begins the next fold of this run. It is compared with the fold of the same number in the file, if there is one.
    ///
    /// It may be the fold before, again: see [`Folds`].
    pub(crate) fn begin(&self, job: &Job<'_>) -> Result<Arc<Log>> {
        let Inner { writer, .. } = &*self.0;
        let header = Header::of(job);
        self.check()?;
        let mut folds = self.0.folds();
        if folds.is_running {
            return Err(refusal(
                writer.path(),
                "records another fold, which is still running: a journal records one fold at a time",
            ));
        }
        let number = folds.number(&header);
        if number < folds.next {
            // What the fold before has added is read now. This is rare, so those places were not kept.
            let known = std::mem::take(&mut folds.found);
            folds.found = scan_on(writer.file(), known).map_err(|found| self.0.broken(fault(writer.path(), found)))?;
        }
        let recorded = folds.found.folds.get(number);
        if let Some(difference) = recorded.and_then(|recorded| recorded.header.difference(&header)) {
            return Err(of_another_job(writer.path(), number, &difference));
        }
        let frame = header.frame(number as u64);
        let index = recorded.map(|recorded| Arc::clone(&recorded.index)).unwrap_or_default();
        if recorded.is_none() {
            // At once: the folds in the file are numbered without gaps, and this one may add no output.
            writer.add_header(number, &frame.bytes)?;
        }
        folds.is_running = true;
        folds.next = number + 1;
        let chunks = header.chunks;
        folds.current = Some(header);
        let journal = RwLock::new(Some(Arc::clone(&self.0)));
        let (end, added) = (folds.found.end, AtomicU64::new(0));
        Ok(Arc::new(Log { journal, number, header: frame, chunks, index, end, added }))
    }
}

impl Inner {
    /// Keeps the error of a file that cannot be used any more.
    fn broken(&self, error: Error) -> Error {
        self.broken.get_or_init(|| error.clone());
        error
    }

    /// Checks that the path still names the file, and that the file has all that was written. Otherwise it is lost.
    fn check_file(&self) -> Result<()> {
        let what = if !self.writer.is_named() {
            "was removed or replaced while it was open, so what is recorded is lost; run the program again"
        } else if !self.writer.has_all() {
            writer::CUT_OFF
        } else {
            return Ok(());
        };
        Err(self.broken(refusal(self.writer.path(), what)))
    }

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
        f.debug_struct("Inner").field("path", &self.writer.path()).finish_non_exhaustive()
    }
}
