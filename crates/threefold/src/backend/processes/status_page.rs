//! `Cell`: what a worker process is doing right now, in memory that its parent can read after the worker's death.
//!
//! Before a chunk starts the worker notes here which `Run` frame it is, which attempt, and when; afterwards that the
//! frame is done. The parent notes up to which chunk anything may still start. A note costs a few stores.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::backend::processes::shared_memory::SharedWords;

const WORDS: usize = 4;

/// One worker's cell, as the parent or the worker sees it.
#[derive(Debug)]
pub(crate) struct Cell(SharedWords);

impl Cell {
    /// A new cell, and the descriptor to send to the worker.
    pub(crate) fn create() -> io::Result<(Self, OwnedFd)> {
        let (words, descriptor) = SharedWords::create(WORDS)?;
        Ok((Self(words), descriptor))
    }

    /// The cell that a parent sent.
    pub(crate) fn open(descriptor: impl AsFd) -> io::Result<Self> {
        SharedWords::open(descriptor, WORDS).map(Self)
    }

    /// One past the last chunk that may start: set by the parent.
    fn limit(&self) -> &AtomicU64 {
        &self.0.words()[0]
    }

    /// The number of the last `Run` frame whose chunk was started, counted from 1 over the worker's life.
    fn started(&self) -> &AtomicU64 {
        &self.0.words()[1]
    }

    /// The number of the last `Run` frame whose chunk is done.
    fn done(&self) -> &AtomicU64 {
        &self.0.words()[2]
    }

    /// When the last chunk was started, in nanoseconds of the machine's monotonic clock.
    fn since(&self) -> &AtomicU64 {
        &self.0.words()[3]
    }

    /// The parent: nothing from `chunk` on may start.
    pub(crate) fn set_limit(&self, chunk: u64) {
        // Relaxed: advice, like the limit of the claims; it travels alone.
        self.limit().store(chunk, Ordering::Relaxed);
    }

    /// The worker: whether `chunk` may start.
    pub(crate) fn may_start(&self, chunk: u64) -> bool {
        chunk < self.limit().load(Ordering::Relaxed)
    }

    /// The worker: the chunk of frame `number` starts now.
    pub(crate) fn note_start(&self, number: u64, now: u64) {
        self.since().store(now, Ordering::Relaxed);
        // Release: who reads this number reads the time that belongs to it, or a later one.
        self.started().store(number, Ordering::Release);
    }

    /// The worker: the chunk of frame `number` is done.
    pub(crate) fn note_done(&self, number: u64) {
        // Release: as above.
        self.done().store(number, Ordering::Release);
    }

    /// The parent: how far the worker has come.
    pub(crate) fn progress(&self) -> Progress {
        // Acquire: pairs with the stores above. After the worker's death nothing changes any more; before, `since` may
        // be that of a later frame, which a second look at `started` would tell, and which is later only.
        let done = self.done().load(Ordering::Acquire);
        let started = self.started().load(Ordering::Acquire);
        Progress { started, done, since: self.since().load(Ordering::Acquire) }
    }
}

/// How far a worker has come, by the numbers of its `Run` frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Progress {
    /// The last frame whose chunk was started.
    pub(crate) started: u64,
    /// The last frame whose chunk is done.
    pub(crate) done: u64,
    /// When the last chunk was started, in nanoseconds of the machine's clock.
    pub(crate) since: u64,
}

impl Progress {
    /// The frame whose chunk is running, and since when.
    pub(crate) fn running(&self) -> Option<(u64, u64)> {
        (self.started > self.done).then_some((self.started, self.since))
    }
}
