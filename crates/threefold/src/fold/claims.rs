//! `Claims`: who runs which chunk.
//!
//! Chunks are claimed in ascending order, each exactly once. `limit` is one past the last chunk that may still start;
//! it begins at the number of chunks and only falls: to k when chunk k fails, so that chunks below k are still run
//! (one of them may fail, and would then be the failure that a sequential fold had met), and to 0 on a cancel.
//!
//! Three counters are all the state that workers share about the grid, which is what makes the proofs short. The
//! model checker (`tests/loom.rs`) compiles this file with atomics of its own.

use std::ops::Range;

use super::sync::{AtomicU64, AtomicUsize, Ordering};

/// The chunks of one fold: claimed, allowed, and being run.
#[derive(Debug)]
pub(crate) struct Claims {
    /// The lowest chunk that nobody has claimed.
    next: AtomicU64,
    /// Chunks from here on must not start any more.
    limit: AtomicU64,
    /// Workers that are between `enter` and `leave`.
    inside: AtomicUsize,
}

impl Claims {
    pub(crate) fn new(chunks: u64) -> Self {
        Self { next: AtomicU64::new(0), limit: AtomicU64::new(chunks), inside: AtomicUsize::new(0) }
    }

    /// Takes at most `most` of the lowest unclaimed chunks; `None` when none is left that may start.
    ///
    /// `size` is told how many chunks are left, and says how many to take.
    pub(crate) fn claim(&self, size: impl Fn(u64) -> u64) -> Option<Range<u64>> {
        // Relaxed: a claim hands out numbers only, and the one modification order of `next` makes each unique. The
        // outputs are published by `leave`.
        let mut next = self.next.load(Ordering::Relaxed);
        loop {
            let left = self.limit().checked_sub(next).filter(|&left| left > 0)?;
            let end = next + size(left).clamp(1, left);
            match self.next.compare_exchange_weak(next, end, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return Some(next..end),
                Err(now) => next = now,
            }
        }
    }

    /// Whether a chunk that was claimed may still start. Asked again before every chunk of a block.
    pub(crate) fn may_start(&self, chunk: u64) -> bool {
        chunk < self.limit()
    }

    /// One past the last chunk that may start.
    pub(crate) fn limit(&self) -> u64 {
        // Relaxed: the limit is advice to stop early. That no *wrong* output is used is not its task: the reduction
        // stops at the first chunk without an output.
        self.limit.load(Ordering::Relaxed)
    }

    /// The lowest chunk that nobody has claimed.
    #[cfg(feature = "processes")]
    pub(crate) fn next(&self) -> u64 {
        self.next.load(Ordering::Relaxed)
    }

    /// Forbids `chunk` and all above it to start. The limit only falls.
    pub(crate) fn stop_at(&self, chunk: u64) {
        self.limit.fetch_min(chunk, Ordering::Relaxed);
    }

    /// Whether there is anything left to claim.
    pub(crate) fn is_open(&self) -> bool {
        self.next.load(Ordering::Relaxed) < self.limit()
    }

    /// A worker announces itself before its first claim.
    pub(crate) fn enter(&self) {
        // Acquire: pairs with `is_idle`, see there.
        self.inside.fetch_add(1, Ordering::AcqRel);
    }

    /// A worker has nothing claimed any more, and its outputs are in place. Returns whether it was the last inside.
    pub(crate) fn leave(&self) -> bool {
        // Release: whoever sees the count fall also sees the outputs written before.
        self.inside.fetch_sub(1, Ordering::AcqRel) == 1
    }

    /// Whether no worker is inside.
    ///
    /// Once a caller has seen `claim` return `None` and then this, every chunk below the limit has been run, its
    /// output is visible, and nothing will start any more. A worker whose `enter` comes before this in the order of
    /// `inside` is counted until it leaves. One that comes after it reads this very write, so it sees `next` and
    /// `limit` at least as the caller saw them, and finds nothing to claim.
    pub(crate) fn is_idle(&self) -> bool {
        // A read-modify-write, not a load: a later `enter` must synchronise with it.
        self.inside.fetch_add(0, Ordering::AcqRel) == 0
    }
}
