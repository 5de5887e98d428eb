//! `Ledger`: which chunk each worker of a session owes, for another thread than the fold's caller.
//!
//! The dispatcher knows these chunks, but the dispatcher is on the stack of the caller. If a rank is killed while the
//! caller reduces, the launcher kills rank 0 before the caller returns to the dispatcher. So the caller notes each change
//! here, and the thread that SIGTERM wakes reads the notes.
//!
//! A worker may owe several chunks. Only the one that it runs, or begins with, is noted. The caller makes a note for every
//! block, so a note must be cheap: it is one store.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use crate::error::{Cause, End, Error, Lost, Place, Rank};
use crate::fold::Fold;

/// What the workers of one session owe.
pub(super) struct Ledger {
    /// The fold that the session has, or has had last.
    fold: Mutex<Option<Weak<Fold>>>,
    /// For each worker, one more than the chunk that it owes; 0 if it owes none.
    due: Vec<AtomicU64>,
}

impl Ledger {
    /// The ledger of a session with this many workers, which has no fold yet.
    pub(super) fn new(workers: usize) -> Self {
        Self { fold: Mutex::default(), due: (0..workers).map(|_| AtomicU64::new(0)).collect() }
    }

    /// The session has this fold from now on.
    pub(super) fn begin(&self, fold: &Arc<Fold>) {
        *self.fold.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::downgrade(fold));
    }

    /// The worker owes this chunk.
    pub(super) fn note(&self, worker: usize, due: Option<u64>) {
        // Relaxed: whoever reads it says what was so a moment ago.
        self.due[worker].store(due.map_or(0, |chunk| chunk.saturating_add(1)), Ordering::Relaxed);
    }

    /// The errors of the running fold for a rank that has ended: one for each chunk that a worker of the rank owes. `is_in`
    /// says whether a worker is in the rank.
    pub(super) fn losses(&self, rank: &Rank, is_in: impl Fn(usize) -> bool) -> Vec<Error> {
        let fold = self.fold.lock().unwrap_or_else(PoisonError::into_inner).as_ref().and_then(Weak::upgrade);
        let Some(fold) = fold else { return Vec::new() };
        let due = self.due.iter().enumerate().filter(|&(worker, _)| is_in(worker));
        let due = due.filter_map(|(worker, due)| Some((worker, due.load(Ordering::Relaxed).checked_sub(1)?)));
        let lost = |(worker, chunk)| {
            let at = Place { worker: Some(worker), pid: Some(rank.pid), rank: Some(rank.clone()), ..Place::default() };
            Error::new(Cause::Lost(Box::new(Lost::new(End::RankGone))), fold.place(chunk).at(at))
        };
        due.map(lost).collect()
    }
}
