//! `Past`: how long a chunk of each task took, in the last fold of its kind on this executor.
//!
//! A guess for the next fold of the same task with the same number of chunks: whether helpers are called before the first
//! chunk was run. A wrong guess costs time and nothing else, so a slot is shared by all tasks whose keys fall on it, and the
//! latest wins.
//!
//! The number of chunks belongs to the kind, because the chunks of a source that is cut finer are cheaper. What the chunks
//! cover does not, since most programs fold sources of about the same size again and again.
//!
//! A fold that is expected to be small reads no clock: two readings cost as much as some of its chunks, and after a pause,
//! when the caches are cold, as much as all of them. It goes by the last time that was measured. So that this time does not
//! grow old, one fold out of [`FOLDS`] is timed, and a fold that others had to join is forgotten: it was not small.

use std::sync::atomic::{AtomicU64, Ordering};

/// Enough for the tasks of one program that fold in turn.
const SLOTS: usize = 64;

/// The bits of a slot that say how long a chunk took, in nanoseconds: up to a quarter of a second.
const EACH: u64 = (1 << 28) - 1;

/// One fold that went by the last time, in the bits that count these.
const ONE: u64 = EACH + 1;

/// One fold out of so many is timed. It is what the count has room for.
const FOLDS: u64 = 16;

/// The half of a slot that says of which folds it tells.
const KIND: u64 = !(FOLDS * ONE - 1);

/// What is known from earlier folds.
#[derive(Debug)]
pub(super) struct Past([AtomicU64; SLOTS]);

/// Folds of the same task with the same number of chunks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kind(u64);

impl Kind {
    /// `task` is the name of the task, whose place in memory tells it from most others.
    pub(super) fn new(task: &'static str, chunks: u64) -> Self {
        let mixed = (task.as_ptr().addr() as u64 ^ chunks.rotate_left(32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        // Never 0 in the upper half, which an empty slot has.
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

    /// How long a chunk took in the last fold of this kind, in nanoseconds.
    pub(super) fn get(&self, kind: Kind) -> Option<u64> {
        // Relaxed: a slot is one number, which guards nothing.
        let slot = self.0[kind.slot()].load(Ordering::Relaxed);
        (slot & KIND == kind.0 & KIND).then_some(slot & EACH)
    }

    /// Whether one more fold of this kind, of which something is known, may go by that and not be timed itself.
    ///
    /// After so many that did, the answer is no until one has been timed and [noted](Self::note). If that one fails, and so
    /// notes nothing, the next one is timed in its place.
    pub(super) fn suffices(&self, kind: Kind) -> bool {
        let slot = &self.0[kind.slot()];
        // Two stores and not one addition: of two folds that count at once one may be lost.
        let known = slot.load(Ordering::Relaxed);
        let has_room = (known & !KIND) / ONE < FOLDS - 1;
        if has_room {
            slot.store(known + ONE, Ordering::Relaxed);
        }
        has_room
    }

    /// Notes that a chunk took `each` nanoseconds. More than the slot has room for counts as the most that it has.
    pub(super) fn note(&self, kind: Kind, each: u64) {
        self.0[kind.slot()].store(kind.0 & KIND | each.min(EACH), Ordering::Relaxed);
    }

    /// What was known of this kind was wrong. The next fold of this kind begins as if it were the first: its first chunk is
    /// timed alone, and help is called for what that tells.
    pub(super) fn forget(&self, kind: Kind) {
        self.0[kind.slot()].store(0, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_fold_of_a_kind_is_remembered() {
        let past = Past::new();
        let (few, many) = (Kind::new("sum", 4), Kind::new("sum", 1_000));
        assert_eq!(past.get(few), None);
        past.note(few, 10);
        past.note(many, 20);
        past.note(few, u64::MAX);
        assert_eq!((past.get(few), past.get(many)), (Some(EACH), Some(20)));
    }

    #[test]
    fn one_fold_of_sixteen_is_timed() {
        let past = Past::new();
        let kind = Kind::new("sum", 4);
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
        let kind = Kind::new("sum", 4);
        past.note(kind, 10);
        past.forget(kind);
        assert_eq!(past.get(kind), None);
    }

    #[test]
    fn another_kind_is_not_taken_for_it() {
        let past = Past::new();
        (0..1_000).for_each(|chunks| past.note(Kind::new("sum", chunks), chunks));
        let known = (0..1_000).filter_map(|chunks| Some((chunks, past.get(Kind::new("sum", chunks))?)));
        let known: Vec<_> = known.collect();
        assert!(!known.is_empty() && known.len() <= SLOTS && known.iter().all(|(chunks, each)| chunks == each));
    }
}
