//! `StatusPage`: what a worker process is doing right now, in memory that its parent can read after the worker's death.
//!
//! Before a chunk starts the worker notes here which chunk that is, at which attempt, and when; afterwards that it is
//! done. Chunks are counted over the worker's life, so that its parent can tell which of those that it sent were done,
//! which one was running, and which were not started. The parent notes up to which chunk anything may still start. A
//! note costs a few stores.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::backend::processes::shared_memory::SharedWords;

const WORDS: usize = 7;

/// One worker's status page, as the parent or the worker sees it.
#[derive(Debug)]
pub(crate) struct StatusPage(SharedWords);

/// A chunk that is running.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Running {
    /// Its number among all chunks that the worker was sent, from 1.
    pub(crate) serial: u64,
    pub(crate) chunk: u64,
    pub(crate) attempt: u32,
    /// When it was started, in nanoseconds of the machine's monotonic clock.
    pub(crate) since: u64,
}

impl StatusPage {
    /// A new page, and the descriptor to send to the worker.
    pub(crate) fn create() -> io::Result<(Self, OwnedFd)> {
        let (words, descriptor) = SharedWords::create(WORDS)?;
        Ok((Self(words), descriptor))
    }

    /// The page that a parent sent.
    pub(crate) fn open(descriptor: impl AsFd) -> io::Result<Self> {
        SharedWords::open(descriptor, WORDS).map(Self)
    }

    /// One past the last chunk that may start: set by the parent.
    fn limit(&self) -> &AtomicU64 {
        &self.0.words()[0]
    }

    /// The serial number of the last chunk that was started.
    fn started(&self) -> &AtomicU64 {
        &self.0.words()[1]
    }

    /// The serial number of the last chunk that is done.
    fn done(&self) -> &AtomicU64 {
        &self.0.words()[2]
    }

    /// When the last chunk was started.
    fn since(&self) -> &AtomicU64 {
        &self.0.words()[3]
    }

    /// The chunk that was started last.
    fn chunk(&self) -> &AtomicU64 {
        &self.0.words()[4]
    }

    /// Which attempt at it that was.
    fn attempt(&self) -> &AtomicU64 {
        &self.0.words()[5]
    }

    /// 1 while a task is being read.
    fn reading(&self) -> &AtomicU64 {
        &self.0.words()[6]
    }

    /// The parent: nothing from `chunk` on may start.
    pub(crate) fn set_limit(&self, chunk: u64) {
        // Relaxed: advice, like the limit of the claims; it stands by itself.
        self.limit().store(chunk, Ordering::Relaxed);
    }

    /// The worker: whether `chunk` may start.
    pub(crate) fn may_start(&self, chunk: u64) -> bool {
        chunk < self.limit().load(Ordering::Relaxed)
    }

    /// The worker: this chunk starts now.
    pub(crate) fn note_start(&self, running: Running) {
        self.since().store(running.since, Ordering::Relaxed);
        self.chunk().store(running.chunk, Ordering::Relaxed);
        self.attempt().store(running.attempt.into(), Ordering::Relaxed);
        // Release: who reads this number reads what belongs to it, or to a later chunk.
        self.started().store(running.serial, Ordering::Release);
    }

    /// The worker: chunk `serial` is done.
    pub(crate) fn note_done(&self, serial: u64) {
        // Release: as above.
        self.done().store(serial, Ordering::Release);
    }

    /// The worker: it begins or ends to read a task, which takes as long as the user's code does.
    pub(crate) fn note_reading(&self, reads: bool) {
        self.reading().store(reads.into(), Ordering::Relaxed);
    }

    /// The parent: whether the worker is reading a task.
    pub(crate) fn is_reading(&self) -> bool {
        self.reading().load(Ordering::Relaxed) != 0
    }

    /// The parent: the serial number of the last chunk that is done.
    pub(crate) fn last_done(&self) -> u64 {
        self.done().load(Ordering::Acquire)
    }

    /// The parent: the chunk that is running.
    pub(crate) fn running(&self) -> Option<Running> {
        // Acquire: pairs with the stores above. After the worker's death nothing changes any more. Before, the fields
        // may be those of a later chunk, which a second look at the serial number would tell, and which is later only.
        let done = self.last_done();
        let serial = self.started().load(Ordering::Acquire);
        (serial > done).then(|| Running {
            serial,
            chunk: self.chunk().load(Ordering::Acquire),
            // Whoever wrote something else than an attempt is not to be believed about the rest: see `Progress`.
            attempt: u32::try_from(self.attempt().load(Ordering::Acquire)).unwrap_or(0),
            since: self.since().load(Ordering::Acquire),
        })
    }
}
