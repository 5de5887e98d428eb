//! `Log`: what one fold reads from a journal and adds to it.
//!
//! The end of a fold does not wait for its workers if its caller was a future that was dropped. Their outputs may come at
//! any time. So an output is added under a lock that is held for reading, and the end takes the journal away under the
//! lock for writing. An output that comes at the same time is in the file before the end, or not at all. It is never behind
//! the header of the next fold, whose output it would seem to be. What is left of the log keeps nothing open.

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use super::Inner;
use super::format::{Head, Kind, checksum, tail};
use super::header::HeaderFrame;
use super::index::Index;
use super::refusal::{fault, unrestored};
use super::scan;
use crate::error::{Cause, Result};

/// The part of a journal that belongs to the fold that runs. When it is ended or dropped, another fold may begin.
#[derive(Debug)]
pub(crate) struct Log {
    /// The journal, until the fold is ended.
    pub(super) journal: RwLock<Option<Arc<Inner>>>,
    /// The number of the fold in the file.
    pub(super) number: usize,
    /// The header of the fold, as a frame.
    pub(super) header: HeaderFrame,
    pub(super) chunks: u64,
    /// What was recorded when the fold began.
    pub(super) index: Arc<Index>,
    /// Where these records end in the file.
    pub(super) end: u64,
    /// How many outputs were added since.
    pub(super) added: AtomicU64,
}

impl Log {
    /// Whether the output of `chunk` was recorded when the fold began.
    pub(crate) fn is_finished(&self, chunk: u64) -> bool {
        self.index.offset(chunk).is_some()
    }

    /// The chunks whose outputs were recorded when the fold began: ascending and disjoint.
    pub(crate) fn finished(&self) -> &[Range<u64>] {
        self.index.ranges()
    }

    /// The output of `chunk`, which was recorded when the fold began. Its checksum is computed again.
    ///
    /// # Panics
    ///
    /// If the output was not recorded then, or if the fold is ended.
    pub(crate) fn read(&self, chunk: u64) -> Result<Vec<u8>> {
        let at = self.index.offset(chunk).expect("only recorded outputs are read");
        let journal = self.journal();
        let journal = journal.as_ref().expect("who reads outputs ends the fold");
        let writer = &journal.writer;
        let output = scan::output(writer.file(), at, self.end, chunk, self.header.root);
        output
            .map_err(|found| journal.check_file().err().unwrap_or_else(|| journal.broken(fault(writer.path(), found))))
    }

    /// The cause of an output that was read and cannot be restored, with the name of the file and what to do.
    pub(crate) fn explain(&self, cause: Cause) -> Cause {
        match &*self.journal() {
            Some(journal) => unrestored(journal.writer.path(), cause),
            None => cause,
        }
    }

    /// Records the output of `chunk`. It is in the file at most a second later, or when the fold ends.
    ///
    /// The error may be that of an earlier output, which was written later. After the end of the fold nothing is
    /// recorded.
    pub(crate) fn append(&self, chunk: u64, output: &[u8]) -> Result<()> {
        debug_assert!(chunk < self.chunks && !self.is_finished(chunk), "chunk {chunk} is recorded once");
        let journal = self.journal();
        let Some(journal) = &*journal else { return Ok(()) };
        // Computed before the lock of the batch is taken: an output may be large.
        let head = Head::new(Kind::Output, chunk, output.len() as u64, self.header.root);
        let tail = tail(checksum(head.checksum, output));
        journal.writer.add_output(self.number, &self.header.bytes, &[&head.bytes(), output, &tail])?;
        self.added.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    /// Writes what has not been written, and lets another fold begin. The error may be that of an earlier write, or says
    /// that the file is not there any more.
    pub(crate) fn end(&self) -> Result<()> {
        // Waits for those who add outputs now.
        let journal = self.journal.write().unwrap_or_else(PoisonError::into_inner).take();
        let Some(journal) = journal else { return Ok(()) };
        let written = journal.writer.finish().and_then(|()| journal.check_file());
        let is_complete = self.index.len() + self.added.load(Ordering::Relaxed) == self.chunks;
        journal.end_fold(is_complete);
        written
    }

    fn journal(&self) -> RwLockReadGuard<'_, Option<Arc<Inner>>> {
        self.journal.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        // Whoever wants to know the error has called `end`.
        let _ = self.end();
    }
}
