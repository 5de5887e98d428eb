//! `Past`: the time per chunk in the last fold of each kind on this executor. A kind is a task and a number of chunks.
//!
//! It is the guess for the next fold of the same kind. From the guess the caller decides whether to call helpers before
//! the first chunk. A wrong guess costs time and nothing else. So all tasks whose keys map to the same slot share that
//! slot, and the last one to write it wins.
//!
//! The number of chunks belongs to the kind, because a source that is cut more finely has cheaper chunks. The length of
//! the source does not, since most programs fold sources of about the same length again and again.
//!
//! A fold that is expected to be small reads no clock. Two readings cost as much as some of its chunks; after a pause,
//! when the caches are cold, they cost as much as all of them. Such a fold uses the time that was measured last. To
//! keep this time up to date, one fold out of [`FOLDS`] is timed. If a helper had to join such a fold, the fold was not
//! small, and its kind is forgotten.

use std::sync::atomic::{AtomicU64, Ordering};

/// Enough slots for the tasks that one program folds in turn.
const SLOTS: usize = 64;

/// The bits of a slot that hold the time per chunk, in nanoseconds: up to a quarter of a second.
const EACH: u64 = (1 << 28) - 1;

/// The unit of the bits that count the folds which used the measured time and were not timed themselves.
const ONE: u64 = EACH + 1;

/// One fold out of this many is timed. The count has four bits.
const FOLDS: u64 = 16;

/// The upper half of a slot, which identifies the kind of fold.
const KIND: u64 = !(FOLDS * ONE - 1);

/// The times per chunk that earlier folds have measured.
#[derive(Debug)]
pub(super) struct Past([AtomicU64; SLOTS]);

/// Folds of the same task with the same number of chunks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kind(u64);

impl Kind {
    /// `task` is the name of the task. Its address in memory distinguishes it from most other tasks.
    pub(super) fn new(task: &'static str, chunks: u64) -> Self {
        let mixed = (task.as_ptr().addr() as u64 ^ chunks.rotate_left(32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        // The upper half is never 0: that marks an empty slot.
        Self(mixed | 1 << 63)
    }

    fn slot(self) -> usize {
        (self.0 >> 32) as usize % SLOTS
    }
}

impl Past {
    pub(super) fn new() -> Self {
        Self([const { AtomicU64::new(0) }; SLOTS])
    }

    /// The time per chunk in the last timed fold of this kind, in nanoseconds.
    pub(super) fn get(&self, kind: Kind) -> Option<u64> {
        // Relaxed: a slot is a single number, and no other data depends on it.
        let slot = self.0[kind.slot()].load(Ordering::Relaxed);
        (slot & KIND == kind.0 & KIND).then_some(slot & EACH)
    }

    /// Whether the next fold of this kind may use the known time and read no clock. A time for this kind must be known.
    ///
    /// After `FOLDS - 1` such folds the answer is no until a fold has been timed and [noted](Self::note). If that fold
    /// fails and so notes nothing, the next fold is timed in its place.
    pub(super) fn suffices(&self, kind: Kind) -> bool {
        let slot = &self.0[kind.slot()];
        // A load and a store, not an atomic addition: if two folds count at the same time, one count may be lost.
        let known = slot.load(Ordering::Relaxed);
        let has_room = (known & !KIND) / ONE < FOLDS - 1;
        if has_room {
            slot.store(known + ONE, Ordering::Relaxed);
        }
        has_room
    }

    /// Notes that a chunk took `each` nanoseconds. Times above [`EACH`] are stored as [`EACH`].
    pub(super) fn note(&self, kind: Kind, each: u64) {
        self.0[kind.slot()].store(kind.0 & KIND | each.min(EACH), Ordering::Relaxed);
    }

    /// Forgets this kind, because the known time was wrong. The next fold of this kind begins as if it were the first:
    /// its first chunk is timed alone, and that time decides whether helpers are called.
    pub(super) fn forget(&self, kind: Kind) {
        self.0[kind.slot()].store(0, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A name with one address: two literals with the same text may have two.
    static SUM: &str = "sum";

    #[test]
    fn the_last_fold_of_a_kind_is_remembered() {
        let past = Past::new();
        let (few, many) = (Kind::new(SUM, 4), Kind::new(SUM, 1_000));
        assert_eq!(past.get(few), None);
        past.note(few, 10);
        past.note(many, 20);
        past.note(few, u64::MAX);
        assert_eq!((past.get(few), past.get(many)), (Some(EACH), Some(20)));
    }

    #[test]
    fn one_fold_of_sixteen_is_timed() {
        let past = Past::new();
        let kind = Kind::new(SUM, 4);
        past.note(kind, 10);
        for _ in 0..3 {
            assert!((1..FOLDS).all(|_| past.suffices(kind)));
            assert!(!past.suffices(kind) && !past.suffices(kind), "until one was timed");
            assert_eq!(past.get(kind), Some(10));
            past.note(kind, 10);
        }
    }

    #[test]
    fn what_was_wrong_is_forgotten() {
        let past = Past::new();
        let kind = Kind::new(SUM, 4);
        past.note(kind, 10);
        past.forget(kind);
        assert_eq!(past.get(kind), None);
    }

    #[test]
    fn another_kind_is_not_taken_for_it() {
        let past = Past::new();
        (0..1_000).for_each(|chunks| past.note(Kind::new(SUM, chunks), chunks));
        let known = (0..1_000).filter_map(|chunks| Some((chunks, past.get(Kind::new(SUM, chunks))?)));
        let known: Vec<_> = known.collect();
        assert!(!known.is_empty() && known.len() <= SLOTS && known.iter().all(|(chunks, each)| chunks == each));
    }
}
