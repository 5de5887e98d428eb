//! `Limit`: up to which chunk anything may start, as one thread tells another in the same process.
//!
//! The thread that takes in a limit is usually not the one that runs chunks. That one asks before each chunk, and its
//! task may ask in the middle of one. Both cost two loads.
//!
//! A limit arrives ahead of the messages before it, which may still wait for the worker. So it may be the limit of a
//! fold that the worker has not begun. That is why the limit has the number of its fold, and the worker asks with the
//! number of the fold that it is in.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// One past the last chunk that may start, in one fold after the other.
///
/// A fold begins without a limit. Only one fold at a time is limited: whoever sets a limit has seen all earlier folds
/// of this worker end.
#[derive(Debug)]
pub(crate) struct Limit {
    /// The fold that the limit is for.
    fold: AtomicU64,
    /// One past the last chunk of this fold that may start. It only falls.
    limit: AtomicU64,
}

/// No fold has this number.
const NONE: u64 = u64::MAX;

impl Default for Limit {
    fn default() -> Self {
        Self { fold: AtomicU64::new(NONE), limit: AtomicU64::new(u64::MAX) }
    }
}

impl Limit {
    /// Sets the limit of `fold`. One thread at a time may do this.
    pub(crate) fn set(&self, fold: u32, limit: u64) {
        if self.fold.load(Ordering::Relaxed) != u64::from(fold) {
            // A reader that sees the new limit with the old fold would skip chunks of the old one, which is over.
            self.fold.store(NONE, Ordering::Relaxed);
        }
        self.limit.store(limit, Ordering::Relaxed);
        // Release: whoever reads that the limit is that of this fold also reads the limit, or a lower one.
        self.fold.store(fold.into(), Ordering::Release);
    }

    /// One past the last chunk of `fold` that may start.
    pub(crate) fn of(&self, fold: u32) -> u64 {
        if self.fold.load(Ordering::Acquire) == u64::from(fold) { self.limit.load(Ordering::Relaxed) } else { u64::MAX }
    }
}

/// The limit of one fold, for a task that asks whether it is cancelled. And with how many workers it shares its process.
#[derive(Clone, Debug)]
pub(crate) struct Limited {
    limit: Arc<Limit>,
    fold: u32,
    threads: usize,
}

impl Limited {
    pub(crate) fn new(limit: &Arc<Limit>, fold: u32, threads: usize) -> Self {
        Self { limit: Arc::clone(limit), fold, threads }
    }

    /// How many workers share this process.
    pub(crate) fn threads(&self) -> usize {
        self.threads
    }

    /// Whether the output of `chunk` is wanted.
    pub(crate) fn may_start(&self, chunk: u64) -> bool {
        chunk < self.limit.of(self.fold)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_of_a_fold_is_no_limit_of_the_next() {
        let limit = Limit::default();
        assert_eq!(limit.of(1), u64::MAX);
        limit.set(1, 5);
        assert_eq!((limit.of(1), limit.of(2)), (5, u64::MAX));
        limit.set(2, 0);
        assert_eq!(limit.of(2), 0);
    }
}
