//! `Log`: what one fold reads from a journal and adds to it.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::Inner;
use super::format::{HEAD, Head, Kind, TAIL, checksum, tail};
use super::index::Index;
use super::refusal::{cannot, fault};
use super::scan::Fault;
use crate::error::Result;

/// The part of a journal that belongs to the fold that runs. When it is ended or dropped, another fold may begin.
#[derive(Debug)]
pub(crate) struct Log {
    pub(super) journal: Arc<Inner>,
    /// The checksum of the fold's header.
    pub(super) root: u32,
    pub(super) chunks: u64,
    /// What was recorded when the fold began.
    pub(super) index: Index,
    /// How many outputs were added since.
    pub(super) added: AtomicU64,
    pub(super) is_over: AtomicBool,
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
    /// If the output was not recorded then.
    pub(crate) fn read(&self, chunk: u64) -> Result<Vec<u8>> {
        let at = self.index.offset(chunk).expect("only recorded outputs are read");
        let writer = &self.journal.writer;
        let unreadable = |error| cannot("be read", writer.path(), error);
        let mut bytes = [0; HEAD];
        super::file::read_exact(writer.file(), &mut bytes, at).map_err(unreadable)?;
        let damaged = || {
            let what = format!("the output of chunk {chunk} has changed since the journal was opened");
            fault(writer.path(), Fault::Damage { at, what })
        };
        let head = Head::read(&bytes, self.root).filter(|head| (head.kind, head.number) == (Kind::Output, chunk));
        let head = head.ok_or_else(damaged)?;
        let mut body = vec![0; head.length as usize + TAIL];
        super::file::read_exact(writer.file(), &mut body, at + HEAD as u64).map_err(unreadable)?;
        let end = body.split_off(head.length as usize);
        if end != tail(checksum(head.checksum, &body)) {
            return Err(damaged());
        }
        Ok(body)
    }

    /// Records the output of `chunk`. It is in the file at most a second later, or when the fold ends.
    ///
    /// The error may be that of an earlier output, which was written later. After the end of the fold nothing is
    /// recorded.
    pub(crate) fn append(&self, chunk: u64, output: &[u8]) -> Result<()> {
        debug_assert!(chunk < self.chunks && !self.is_finished(chunk), "chunk {chunk} is recorded once");
        if self.is_over.load(Ordering::Acquire) {
            return Ok(());
        }
        // Computed before the lock of the batch is taken: an output may be large.
        let head = Head::new(Kind::Output, chunk, output.len() as u64, self.root);
        let tail = tail(checksum(head.checksum, output));
        self.journal.writer.add(&[&head.bytes(), output, &tail])?;
        self.added.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    /// Writes what has not been written, and lets another fold begin. The error may be that of an earlier write.
    pub(crate) fn end(&self) -> Result<()> {
        if self.is_over.swap(true, Ordering::AcqRel) {
            return Ok(());
        }
        let written = self.journal.writer.finish();
        let is_complete = self.index.len() + self.added.load(Ordering::Relaxed) == self.chunks;
        self.journal.end_fold(is_complete);
        written
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        // Whoever wants to know the error has called `end`.
        let _ = self.end();
    }
}
