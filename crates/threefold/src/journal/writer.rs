//! `Writer`: collects frames and writes them to the file in batches, at most a second after they came.
//!
//! A frame is added to a batch in memory, by whichever thread has it. The batch is written
//!
//! - when it is [`LARGE`], by the thread that made it so;
//! - a second after its first frame came, by a thread that is started with the first frame of a batch, and that ends when
//!   there is nothing to write;
//! - at the end of a fold and of the journal, which waits for the thread's end.
//!
//! There are two locks. `batch` is held to add a frame or to take all of them, for as long as a copy takes. `place` is held
//! while a batch is written, and is taken before `batch`. So threads go on adding while the disk is busy, batches are
//! written in the order in which they were taken, and who waits for the end of a fold waits for a batch that another
//! thread writes.
//!
//! An output belongs to the fold of the last header before it, so the header of a fold is added once more if that of another
//! fold is the last. This is decided under `batch`. So the first output of a fold brings its header, and a fold that adds
//! nothing leaves the file as it is.
//!
//! An error of a write is kept. Everything after it is refused with the same error, since the file may lack a batch. The
//! outputs of that batch, and of the one that was begun since, are not counted any more.
//!
//! Only with `sync` is the file flushed. Without it nobody learns of an error that the system reports later than at the write,
//! as NFS reports that a disk is full. The documentation of [`Journal`](super::Journal) says so.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::file;
use super::format::preamble;
use super::refusal::{cannot, refusal};
use super::scan::Scan;
use crate::error::{Error, Result};

/// A batch of so many bytes is written at once.
const LARGE: usize = 1 << 20;

/// How long a frame waits at most.
const AGE: Duration = Duration::from_secs(1);

/// What is said if the file is shorter than what was written to it.
pub(super) const CUT_OFF: &str =
    "was cut off while it was open, so what is recorded is lost; delete it, and run the program again";

/// The writing side of a journal.
pub(super) struct Writer(Arc<Shared>);

/// What the threads share.
struct Shared {
    path: PathBuf,
    /// The same for any working folder: the program may change its own.
    absolute: PathBuf,
    file: File,
    /// The process that opened the journal. Its forks have copies of its batches, and must not write them.
    process: u32,
    /// Whether each batch goes to the disk before the next one.
    sync: AtomicBool,
    /// How many outputs the file and the batch have.
    recorded: AtomicU64,
    place: Mutex<Place>,
    batch: Mutex<Batch>,
    /// The thread is told to look again.
    changed: Condvar,
}

/// Where the next batch is written.
struct Place {
    at: u64,
    /// Whether the file has bytes behind that, which are cut off first.
    is_torn: bool,
    /// Whether the name of the file is on the disk, which an earlier run need not have waited for.
    has_name: bool,
    /// The memory of the batch that was written last.
    spare: Vec<u8>,
}

#[derive(Default)]
struct Batch {
    bytes: Vec<u8>,
    /// How many outputs are in it.
    outputs: u64,
    /// The number of the fold whose header is the last one, in the batch or else in the file.
    fold: Option<usize>,
    /// When the first of the bytes came.
    since: Option<Instant>,
    thread: Option<JoinHandle<()>>,
    /// Whether the thread runs, and has not decided to end.
    has_thread: bool,
    /// The first error of a write.
    failed: Option<Error>,
}

impl Writer {
    /// Writes behind the whole frames that the file has. If it has no preamble, it is made a journal.
    pub(super) fn new(path: PathBuf, file: File, found: &Scan) -> Result<Self> {
        let place = Place { at: found.end, is_torn: found.is_torn, has_name: false, spare: Vec::new() };
        let shared = Shared {
            absolute: std::path::absolute(&path).unwrap_or_else(|_| path.clone()),
            path,
            file,
            process: process::id(),
            sync: AtomicBool::new(false),
            recorded: AtomicU64::new(found.folds.iter().map(|fold| fold.index.len()).sum()),
            place: Mutex::new(place),
            batch: Mutex::new(Batch { fold: found.last, ..Batch::default() }),
            changed: Condvar::new(),
        };
        if found.end == 0 {
            lock(&shared.batch).bytes.extend(preamble());
            shared.write()?;
        }
        Ok(Self(Arc::new(shared)))
    }

    pub(super) fn sync(&self, each_batch: bool) {
        self.0.sync.store(each_batch, Ordering::Relaxed);
    }

    pub(super) fn path(&self) -> &Path {
        &self.0.path
    }

    pub(super) fn file(&self) -> &File {
        &self.0.file
    }

    /// Whether the path still names the file, as far as the system tells.
    pub(super) fn is_named(&self) -> bool {
        file::is_still_named(&self.0.file, &self.0.absolute).unwrap_or(true)
    }

    /// Whether the file has all that was written to it, as far as its length tells.
    pub(super) fn has_all(&self) -> bool {
        // In a fork, the lock may be held by a thread that does not exist there.
        !self.0.is_ours() || self.0.has_all(&lock(&self.0.place))
    }

    /// How many outputs are in the file or wait to be written.
    pub(super) fn recorded(&self) -> u64 {
        self.0.recorded.load(Ordering::Relaxed)
    }

    /// An error, if nothing can be written: because of an earlier write that has failed, or in a fork.
    pub(super) fn check(&self) -> Result<()> {
        if !self.0.is_ours() {
            // Before the lock, which a thread may have held that does not exist here.
            let what = "was opened by the process of which this one is a fork; open another file here";
            return Err(refusal(&self.0.path, what));
        }
        lock(&self.0.batch).failed.clone().map_or(Ok(()), Err)
    }

    /// Adds the `header` of the fold with this number, if the last one is that of another fold.
    pub(super) fn add_header(&self, fold: usize, header: &[u8]) -> Result<()> {
        self.add(fold, header, &[])
    }

    /// The same, and then an output of this fold, whose frame is given in pieces.
    pub(super) fn add_output(&self, fold: usize, header: &[u8], output: &[&[u8]; 3]) -> Result<()> {
        self.add(fold, header, output)
    }

    fn add(&self, fold: usize, header: &[u8], output: &[&[u8]]) -> Result<()> {
        let mut batch = lock(&self.0.batch);
        if let Some(error) = &batch.failed {
            return Err(error.clone());
        }
        if batch.fold.replace(fold) != Some(fold) {
            batch.bytes.extend_from_slice(header);
        }
        output.iter().for_each(|piece| batch.bytes.extend_from_slice(piece));
        if !output.is_empty() {
            batch.outputs += 1;
            self.0.recorded.fetch_add(1, Ordering::Relaxed);
        }
        batch.since.get_or_insert_with(Instant::now);
        if batch.bytes.len() < LARGE && (batch.has_thread || self.start_thread(&mut batch)) {
            return Ok(());
        }
        drop(batch);
        self.0.write()
    }

    /// Starts the thread, if the system allows it.
    fn start_thread(&self, batch: &mut Batch) -> bool {
        if let Some(before) = batch.thread.take() {
            // It has decided to end, under the lock that is held here, and takes no lock any more.
            let _ = before.join();
        }
        let shared = Arc::clone(&self.0);
        let thread = thread::Builder::new().name("threefold-journal".to_string()).spawn(move || shared.write_in_time());
        batch.thread = thread.ok();
        batch.has_thread = batch.thread.is_some();
        batch.has_thread
    }

    #[cfg(test)]
    pub(super) fn has_thread(&self) -> bool {
        lock(&self.0.batch).has_thread
    }

    /// What the threads share, as long as one of them is there.
    #[cfg(test)]
    pub(super) fn watch(&self) -> std::sync::Weak<impl Sized + use<>> {
        Arc::downgrade(&self.0)
    }

    /// Writes all frames, and waits until the thread has ended.
    pub(super) fn finish(&self) -> Result<()> {
        if !self.0.is_ours() {
            // A thread that does not exist in this fork may have held the locks.
            return Ok(());
        }
        let written = self.0.write();
        let thread = lock(&self.0.batch).thread.take();
        if let Some(thread) = thread {
            self.0.changed.notify_all();
            // It cannot panic.
            let _ = thread.join();
        }
        written
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // The folds had their errors. What is left after the last of them is nothing.
        let _ = self.finish();
        if self.0.is_ours() {
            super::lock::release(&self.0.file);
        }
    }
}

impl Shared {
    /// What the thread does.
    fn write_in_time(&self) {
        let mut batch = lock(&self.batch);
        while let Some(since) = batch.since {
            let age = since.elapsed();
            if age < AGE {
                batch = self.changed.wait_timeout(batch, AGE - age).unwrap_or_else(PoisonError::into_inner).0;
                continue;
            }
            drop(batch);
            // The error is kept for those who add frames.
            let _ = self.write();
            batch = lock(&self.batch);
        }
        batch.has_thread = false;
    }

    /// Writes all frames that were added.
    fn write(&self) -> Result<()> {
        let mut place = lock(&self.place);
        let mut batch = lock(&self.batch);
        if let Some(error) = &batch.failed {
            return Err(error.clone());
        }
        batch.since = None;
        if batch.bytes.is_empty() {
            return Ok(());
        }
        let spare = std::mem::take(&mut place.spare);
        let mut bytes = std::mem::replace(&mut batch.bytes, spare);
        let outputs = std::mem::take(&mut batch.outputs);
        drop(batch);
        // A write behind the end would hide that somebody has cut the file.
        let written = if self.has_all(&place) {
            self.write_at(&mut place, &bytes).map_err(|error| cannot("be written", &self.path, error))
        } else {
            Err(refusal(&self.path, CUT_OFF))
        };
        bytes.clear();
        // A batch that was much larger than others does not keep its memory.
        bytes.shrink_to(2 * LARGE);
        place.spare = bytes;
        written.inspect_err(|error| {
            let mut batch = lock(&self.batch);
            self.recorded.fetch_sub(outputs + std::mem::take(&mut batch.outputs), Ordering::Relaxed);
            batch.bytes = Vec::new();
            batch.since = None;
            batch.failed = Some(error.clone());
        })
    }

    fn write_at(&self, place: &mut Place, bytes: &[u8]) -> io::Result<()> {
        if !self.is_ours() {
            return Err(io::Error::other("it was opened by the process of which this one is a fork"));
        }
        if place.is_torn {
            self.file.set_len(place.at)?;
            place.is_torn = false;
        }
        let end = place.at + bytes.len() as u64;
        file::check_length(end)?;
        if let Err(error) = file::write_all(&self.file, bytes, place.at) {
            // Half a batch is a torn tail, which is harmless. So it does not matter whether it can be cut off.
            let _ = self.file.set_len(place.at);
            return Err(error);
        }
        place.at = end;
        if self.sync.load(Ordering::Relaxed) {
            self.file.sync_data()?;
            if !place.has_name {
                file::sync_folder(&self.absolute)?;
                place.has_name = true;
            }
        }
        Ok(())
    }

    fn has_all(&self, place: &Place) -> bool {
        self.file.metadata().map_or(true, |metadata| metadata.len() >= place.at)
    }

    fn is_ours(&self) -> bool {
        self.process == process::id()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// A regression would wait for ever.
    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn a_fork_waits_for_no_lock() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut writer = Writer::new(file.path().into(), file.reopen().unwrap(), &Scan::default()).unwrap();
        // As if another process had opened it, of which a thread held both locks when this one was forked.
        Arc::get_mut(&mut writer.0).expect("no thread has begun").process = 0;
        let shared = Arc::clone(&writer.0);
        let (_place, _batch) = (lock(&shared.place), lock(&shared.batch));
        let (told, answer) = mpsc::channel();
        thread::spawn(move || {
            let answers = (writer.has_all(), writer.finish().is_ok(), writer.check().is_err());
            drop(writer);
            let _ = told.send(answers);
        });
        assert_eq!(answer.recv_timeout(LONG), Ok((true, true, true)));
    }
}
