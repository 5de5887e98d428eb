//! `Ledger`: which chunk each worker of a session owes, for another thread than the fold's caller.
//!
//! The dispatcher knows it, and it is on the stack of the caller. If a rank is killed while the caller reduces, rank 0 is
//! killed before the caller comes to it. So the caller writes it down here whenever it changes, and the thread that
//! is woken by SIGTERM reads it.
//!
//! A worker may owe more chunks. Only the one is noted that it runs, or begins with: a note costs the caller two
//! nanoseconds, and is made for every block.

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
    /// That of a session with so many workers, which has no fold yet.
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

    /// The errors of the fold that runs, for the chunks that the workers of a rank owe that has ended. `is_in` says
    /// whether a worker is in the rank.
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
