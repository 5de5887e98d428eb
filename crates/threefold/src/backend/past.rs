//! `Past`: how long a chunk of each task took, in the last fold of its kind on this executor.
//!
//! A guess for the next fold of the same task with the same number of chunks: whether helpers are called before the first
//! chunk was run. A wrong guess costs time and nothing else, so a slot is shared by all tasks whose keys fall on it, and the
//! latest wins.
//!
//! The number of chunks belongs to the kind, because the chunks of a source that is cut finer are cheaper. What the chunks
//! cover does not, since most programs fold sources of about the same size again and again.

use std::sync::atomic::{AtomicU64, Ordering};

/// Enough for the tasks of one program that fold in turn.
const SLOTS: usize = 64;

/// The half of a slot that says how long a chunk took, in nanoseconds. The other half says of which folds.
const EACH: u64 = u32::MAX as u64;

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
        (slot & !EACH == kind.0 & !EACH).then_some(slot & EACH)
    }

    /// Notes that a chunk took `each` nanoseconds. More than 4 s count as 4 s.
    pub(super) fn note(&self, kind: Kind, each: u64) {
        self.0[kind.slot()].store(kind.0 & !EACH | each.min(EACH), Ordering::Relaxed);
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
    fn another_kind_is_not_taken_for_it() {
        let past = Past::new();
        (0..1_000).for_each(|chunks| past.note(Kind::new("sum", chunks), chunks));
        let known = (0..1_000).filter_map(|chunks| Some((chunks, past.get(Kind::new("sum", chunks))?)));
        let known: Vec<_> = known.collect();
        assert!(!known.is_empty() && known.len() <= SLOTS && known.iter().all(|(chunks, each)| chunks == each));
    }
}
