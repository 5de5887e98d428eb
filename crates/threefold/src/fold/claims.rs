//! `Claims`: which worker runs which chunk.
//!
//! Chunks are claimed in ascending order, each exactly once. Two bounds limit the claims:
//!
//! - `limit` is one past the last chunk that may still start. It begins at the number of chunks and only falls: to k
//!   when chunk k fails, and to 0 on a cancel. Chunks below k are still run, because one of them may fail too, and
//!   would then be the failure that a sequential fold meets first.
//! - `taken` is the lowest chunk that the caller has not taken yet, and only rises. No chunk that is [`WINDOW`] or more
//!   above it is claimed. This bounds the outputs that wait in memory, behind one slow chunk or before a slow
//!   reduction.
//!
//! A third bound applies if chunks come from an iterator: `supplied` is one past the last chunk that has come, and only
//! rises. It closes and opens the window as `taken` does.
//!
//! A fold may go on from its journal. Then some chunks are [`Finished`], and are never claimed: `next` is always an open
//! chunk, or one past the last chunk. The step from one open chunk to the next is part of the one exchange that claims a
//! block, so no worker ever sees a `next` that is finished. `taken` passes over finished chunks too: their outputs are in
//! the file and not in memory, so they need no room in the window.
//!
//! # How the end is found
//!
//! A worker other than the caller enters the [gate](super::gate), claims and runs blocks until a claim gives nothing,
//! puts every output in its place, and leaves the gate. The caller runs its own part, and then waits until it has seen
//! `is_over` (nothing is left to claim) and *then* that nobody is inside the gate. No list of finished chunks is
//! needed: every claimed chunk belongs to the caller or to a worker that is inside. The proof is at
//! [`Gate::is_idle`](super::gate::Gate::is_idle).
//!
//! # Why these orderings
//!
//! `next`, `limit` and `taken` hold numbers and publish no data, so their operations are relaxed. The gate publishes
//! the outputs. In one place two relaxed variables must be seen in a certain order: at the closed window, between
//! `claim` and `take`. Two fences order them there.
//!
//! Workers share only these four atomics and the gate to know the state of the chunks, which keeps the proofs short.
//! The model checker (crate threefold-loom) compiles this file with atomics of its own.

use std::ops::Range;
use std::sync::Arc;

use super::finished::Finished;
use super::sync::{AtomicBool, AtomicU64, Ordering, fence};

/// How many chunks, counted from the lowest one that the caller has not taken, may be claimed. A fold keeps at most
/// this many outputs in memory.
///
/// It is large enough that workers do not run out of chunks during the time of one wake-up, even if the chunks are as
/// cheap as they can be. It is small enough that outputs of a few words fit in the processor's cache.
pub(crate) const WINDOW: u64 = 1 << 16;

/// Which chunks of one fold are claimed, and which may start.
#[derive(Debug)]
pub(crate) struct Claims {
    /// The lowest chunk that nobody has claimed, and that is not finished.
    next: AtomicU64,
    /// Chunks from this one on must not start any more.
    limit: AtomicU64,
    /// The lowest chunk that the caller has not taken.
    taken: AtomicU64,
    /// How far above `taken` claims may go.
    window: u64,
    /// One past the last chunk that is there to be claimed.
    supplied: AtomicU64,
    /// Whether somebody was turned away since `taken` last rose, because of it or of `supplied`.
    turned_away: AtomicBool,
    /// The same, since `supplied` last rose. Each of the two has a flag of its own, which only its own writer clears.
    hungry: AtomicBool,
    /// The chunks that nobody is to run, if there are any.
    finished: Option<Arc<Finished>>,
}

/// The answer to a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Claim {
    /// The claimer runs these chunks.
    Block(Range<u64>),
    /// The window is closed. Claim again when the caller has taken more.
    Later,
    /// No chunk is left that may start, and none will be.
    Never,
}

impl Claims {
    pub(crate) fn new(chunks: u64, window: u64) -> Self {
        Self {
            next: AtomicU64::new(0),
            limit: AtomicU64::new(chunks),
            taken: AtomicU64::new(0),
            window,
            supplied: AtomicU64::new(u64::MAX),
            turned_away: AtomicBool::new(false),
            hungry: AtomicBool::new(false),
            finished: None,
        }
    }

    /// The same without the chunks that are finished already.
    pub(crate) fn without(self, finished: Option<Arc<Finished>>) -> Self {
        let first = finished.as_ref().map_or(0, |finished| finished.open_from(0));
        Self { next: AtomicU64::new(first), taken: AtomicU64::new(first), finished, ..self }
    }

    /// The same for chunks of which none is there yet.
    pub(crate) fn unsupplied(chunks: u64, window: u64) -> Self {
        Self { supplied: AtomicU64::new(0), ..Self::new(chunks, window) }
    }

    /// The number of all chunks, before any has failed. `None` if they are [not there yet](Self::unsupplied).
    pub(crate) fn count(&self) -> Option<u64> {
        (self.supplied.load(Ordering::Relaxed) == u64::MAX).then(|| self.limit())
    }

    /// How far above the lowest chunk that the caller has not taken claims may go.
    pub(crate) fn window(&self) -> u64 {
        self.window
    }

    /// Claims the lowest chunks that are not claimed yet. `size` is given the number of chunks that are left, and says
    /// how many to claim at most.
    pub(crate) fn claim(&self, size: impl Fn(u64) -> u64) -> Claim {
        // Relaxed: a claim only gives numbers, and the single modification order of `next` makes each number
        // unique. The outputs are published by the gate.
        let mut next = self.next.load(Ordering::Relaxed);
        loop {
            let Some(left) = self.limit().checked_sub(next).filter(|&left| left > 0) else { return Claim::Never };
            let open = self.look(next);
            if open == 0 {
                return Claim::Later;
            }
            let (end, after) = match &self.finished {
                None => {
                    let end = next + size(left).clamp(1, left).min(open);
                    (end, end)
                }
                Some(finished) => {
                    let (left, here) = (finished.open_between(next, next + left), finished.open_until(next) - next);
                    let end = next + size(left).clamp(1, left).min(open).min(here);
                    (end, finished.open_from(end))
                }
            };
            match self.next.compare_exchange_weak(next, after, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return Claim::Block(next..end),
                Err(now) => next = now,
            }
        }
    }

    /// How many chunks from `next` on are inside the window. If there is none, the workers are told when it opens.
    fn look(&self, next: u64) -> u64 {
        self.look_at(|| self.open_from(next))
    }

    /// How many chunks are `open`. If there is none, the workers are told when the window moves.
    fn look_at(&self, open: impl Fn() -> u64) -> u64 {
        match open() {
            0 => {
                // The window is closed. The caller may open it at this moment, and must then know that somebody waits.
                // This is Dekker's pattern: here the flag is set and then `taken` is read again; `take` stores `taken`
                // and then reads the flag. The same holds for the other flag, `supplied` and `supply`. With a SeqCst
                // fence between the two steps on both sides, at least one side sees the other: either `take` finds the
                // flag and the caller wakes the workers, or the window is found open here. If both happen, somebody is
                // woken for nothing, which is harmless.
                self.turned_away.store(true, Ordering::Relaxed);
                self.hungry.store(true, Ordering::Relaxed);
                fence(Ordering::SeqCst);
                open()
            }
            open => open,
        }
    }

    /// How many chunks from `next` on are there and inside the window.
    fn open_from(&self, next: u64) -> u64 {
        // Relaxed: the window bounds memory and guards no data. A chunk that came is behind a lock, which whoever
        // supplied it has released before.
        self.within(next).min(self.supplied.load(Ordering::Relaxed).saturating_sub(next))
    }

    /// How many chunks from `next` on are inside the window.
    fn within(&self, next: u64) -> u64 {
        self.taken.load(Ordering::Relaxed).saturating_add(self.window).saturating_sub(next)
    }

    /// Whether chunk `next` is inside the window, so that it may be supplied. If not, the workers are told when the
    /// window moves.
    pub(crate) fn has_room(&self, next: u64) -> bool {
        self.look_at(|| self.within(next)) > 0
    }

    /// Moves the window: the caller has taken all chunks below `chunk`. Returns whether a claim was refused before, so
    /// that the workers must be told. Only the caller calls this.
    ///
    /// Finished chunks that follow do not hold the window up, since their outputs are not in memory.
    pub(crate) fn take(&self, chunk: u64) -> bool {
        let chunk = self.finished.as_ref().map_or(chunk, |finished| finished.open_from(chunk));
        self.taken.store(chunk, Ordering::Relaxed);
        is_awaited(&self.turned_away)
    }

    /// All chunks below `chunk` have come. Returns whether a claim was refused before, so that the workers must be told.
    /// Only whoever supplies them calls this.
    pub(crate) fn supply(&self, chunk: u64) -> bool {
        self.supplied.store(chunk, Ordering::Relaxed);
        is_awaited(&self.hungry)
    }

    /// Whether a claimed chunk may still start. Workers ask this before every chunk of a block.
    pub(crate) fn may_start(&self, chunk: u64) -> bool {
        chunk < self.limit()
    }

    /// One past the last chunk that may start.
    pub(crate) fn limit(&self) -> u64 {
        // Relaxed: the limit says when to stop early, and may be seen late. A chunk that was run in vain does no harm,
        // because the reduction stops at the first chunk that failed or has no output.
        self.limit.load(Ordering::Relaxed)
    }

    /// Lets no chunk from `chunk` on start any more. The limit only falls.
    pub(crate) fn stop_at(&self, chunk: u64) {
        // Release: publishes the reason, which was written before. See `Fold::why`.
        self.limit.fetch_min(chunk, Ordering::Release);
    }

    /// One past the last chunk that the window lets anyone claim now. If that is no more than `next`, the workers are
    /// told when the window moves.
    #[cfg(feature = "processes")]
    pub(crate) fn window_end(&self, next: u64) -> u64 {
        next.saturating_add(self.look(next))
    }

    /// All chunks below `chunk` were claimed, or need not be: for a backend that keeps count of them by itself.
    #[cfg(feature = "processes")]
    pub(crate) fn claimed_up_to(&self, chunk: u64) {
        self.next.fetch_max(chunk, Ordering::Relaxed);
    }

    /// Whether a claim would give chunks now. If the window is closed, the workers are told when it opens.
    pub(crate) fn is_open(&self) -> bool {
        let next = self.next.load(Ordering::Relaxed);
        next < self.limit() && self.look(next) > 0
    }

    /// How many chunks are not claimed yet, and are to be run.
    pub(crate) fn left(&self) -> u64 {
        let (next, limit) = (self.next.load(Ordering::Relaxed), self.limit());
        match &self.finished {
            None => limit.saturating_sub(next),
            Some(finished) => finished.open_between(next, limit),
        }
    }

    /// The chunks that nobody is to run, if there are any.
    pub(crate) fn finished(&self) -> Option<&Arc<Finished>> {
        self.finished.as_ref()
    }

    /// Whether no claim will give chunks any more: `next` only rises and `limit` only falls.
    pub(crate) fn is_over(&self) -> bool {
        self.next.load(Ordering::Relaxed) >= self.limit()
    }
}

/// The window may have opened. Returns whether somebody waits for that, and clears the flag that says so.
fn is_awaited(flag: &AtomicBool) -> bool {
    fence(Ordering::SeqCst);
    // Read first: the flag is rarely set, and a swap at every call would take the cache line away from the claimers.
    flag.load(Ordering::Relaxed) && flag.swap(false, Ordering::Relaxed)
}
