//! `Claims`: who runs which chunk.
//!
//! Chunks are claimed in ascending order, each exactly once. Two bounds say how far claims may go:
//!
//! - `limit` is one past the last chunk that may still start. It begins at the number of chunks and only falls: to k when
//!   chunk k fails, so that chunks below k are still run (one of them may fail, and would then be the failure that a
//!   sequential fold had met), and to 0 on a cancel.
//! - `taken` is the lowest chunk that the caller has not taken yet, and only rises. Nothing is claimed [`WINDOW`] or more
//!   above it, which bounds the outputs that wait: behind one slow chunk, and before a slow reduction.
//!
//! Five atomics are all the state that workers share about the grid, which keeps the proofs short. The model checker
//! (`tests/loom.rs`) compiles this file with atomics of its own.

use std::ops::Range;

use super::sync::{AtomicBool, AtomicU64, AtomicUsize, Ordering, fence};

/// So many chunks may be claimed beyond the lowest that the caller has not taken. Their outputs are what a fold keeps in
/// memory at most. More than any number of workers begins in the time that a wake-up takes, when chunks are as cheap as
/// they can be; few enough that outputs of a few words fill no cache.
pub(crate) const WINDOW: u64 = 1 << 16;

/// The chunks of one fold: claimed, allowed, and being run.
#[derive(Debug)]
pub(crate) struct Claims {
    /// The lowest chunk that nobody has claimed.
    next: AtomicU64,
    /// Chunks from here on must not start any more.
    limit: AtomicU64,
    /// The lowest chunk that the caller has not taken.
    taken: AtomicU64,
    /// How far above `taken` claims may go.
    window: u64,
    /// Whether somebody was turned away by the window since it was last moved.
    turned_away: AtomicBool,
    /// Workers that are between `enter` and `leave`.
    inside: AtomicUsize,
}

/// What became of a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Claim {
    /// These chunks are the claimer's to run.
    Block(Range<u64>),
    /// The window is closed: later, when the caller has taken more.
    Later,
    /// No chunk is left that may start.
    Never,
}

impl Claims {
    pub(crate) fn new(chunks: u64, window: u64) -> Self {
        Self {
            next: AtomicU64::new(0),
            limit: AtomicU64::new(chunks),
            taken: AtomicU64::new(0),
            window,
            turned_away: AtomicBool::new(false),
            inside: AtomicUsize::new(0),
        }
    }

    /// Takes the lowest unclaimed chunks. `size` is told how many chunks are left, and says how many to take at most.
    pub(crate) fn claim(&self, size: impl Fn(u64) -> u64) -> Claim {
        // Relaxed: a claim hands out numbers only, and the one modification order of `next` makes each unique. The
        // outputs are published by `leave`.
        let mut next = self.next.load(Ordering::Relaxed);
        loop {
            let Some(left) = self.limit().checked_sub(next).filter(|&left| left > 0) else { return Claim::Never };
            let open = match self.open_from(next) {
                0 => {
                    // Dekker's pattern with `take`: either the flag is seen there, or the new window is seen here.
                    self.turned_away.store(true, Ordering::Relaxed);
                    fence(Ordering::SeqCst);
                    match self.open_from(next) {
                        0 => return Claim::Later,
                        open => open,
                    }
                }
                open => open,
            };
            let end = next + size(left).clamp(1, left).min(open);
            match self.next.compare_exchange_weak(next, end, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return Claim::Block(next..end),
                Err(now) => next = now,
            }
        }
    }

    /// How many chunks from `next` on lie within the window.
    fn open_from(&self, next: u64) -> u64 {
        // Relaxed: the window bounds memory; what it guards is published by `leave`.
        self.taken.load(Ordering::Relaxed).saturating_add(self.window).saturating_sub(next)
    }

    /// The caller has taken all chunks below `chunk`: the window moves. Returns whether somebody was turned away before,
    /// and should be told. Only the caller calls this.
    pub(crate) fn take(&self, chunk: u64) -> bool {
        self.taken.store(chunk, Ordering::Relaxed);
        fence(Ordering::SeqCst);
        // A load first: the flag is rarely set, and a swap would take the cache line from the claimers each time.
        self.turned_away.load(Ordering::Relaxed) && self.turned_away.swap(false, Ordering::Relaxed)
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

    /// Forbids `chunk` and all above it to start. The limit only falls.
    pub(crate) fn stop_at(&self, chunk: u64) {
        self.limit.fetch_min(chunk, Ordering::Relaxed);
    }

    /// One past the last chunk that the window lets anyone claim now.
    #[cfg(feature = "processes")]
    pub(crate) fn window_end(&self) -> u64 {
        self.taken.load(Ordering::Relaxed).saturating_add(self.window)
    }

    /// All chunks below `chunk` were claimed, or need not be: for a backend that keeps count of them by itself.
    #[cfg(feature = "processes")]
    pub(crate) fn claimed_up_to(&self, chunk: u64) {
        self.next.fetch_max(chunk, Ordering::Relaxed);
    }

    /// Whether there is anything to claim now.
    pub(crate) fn is_open(&self) -> bool {
        let next = self.next.load(Ordering::Relaxed);
        next < self.limit() && self.open_from(next) > 0
    }

    /// Whether there will never be anything to claim again.
    pub(crate) fn is_over(&self) -> bool {
        self.next.load(Ordering::Relaxed) >= self.limit()
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
    /// Once a caller has seen [`is_over`](Self::is_over) and then this, every chunk below the limit has been run, its
    /// output is visible, and nothing will start any more. A worker whose `enter` comes before this in the order of
    /// `inside` is counted until it leaves. One that comes after it reads this very write, so it sees `next` and
    /// `limit` at least as the caller saw them, and finds nothing to claim.
    pub(crate) fn is_idle(&self) -> bool {
        // A read-modify-write, not a load: a later `enter` must synchronise with it.
        self.inside.fetch_add(0, Ordering::AcqRel) == 0
    }
}
