//! `Experience`: what the last fold has learnt of its chunks, for another that is the same.
//!
//! How long chunks take is only known from those that are done. A fold whose chunks all go into one message for each worker
//! would learn it when more than half of its time is over: it sends one chunk to each, waits, and sends the rest. So whoever
//! keeps workers from fold to fold keeps this with them.
//!
//! It is used for a fold of the same task with the same captures, the same source and as many chunks, and for no other: what
//! is known of some chunks says little of chunks of another size. Such a fold may take longer nevertheless, where its task
//! depends on something else. Then its chunks are divided evenly, once.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::OnceLock;

use super::Task;
use crate::remote::carrier::Fingerprint;

/// How long the chunks of a fold took.
///
/// One fold is remembered, the last. Two folds that take turns learn nothing from each other, and run as if nothing were known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Experience {
    of: Key,
    /// How long a chunk took in the end, in nanoseconds, as the worker measured it.
    pace: u64,
}

/// What two folds have in common of which the one says something of the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Key {
    task: Fingerprint,
    source: u64,
    chunks: u64,
}

impl Key {
    /// `None` where chunks are sent one by one: that they are the same cannot be seen without looking at all of them.
    pub(super) fn of(task: &Task, chunks: u64) -> Option<Self> {
        /// A mistake here costs time, and nothing else.
        static KEYS: OnceLock<RandomState> = OnceLock::new();
        if task.source.is_empty() {
            return None;
        }
        let mut hasher = KEYS.get_or_init(RandomState::new).build_hasher();
        hasher.write(&task.source);
        Some(Self { task: task.fingerprint, source: hasher.finish(), chunks })
    }
}

impl Experience {
    /// The chunks of that fold took so many nanoseconds each.
    pub(super) fn new(of: Key, pace: u64) -> Self {
        Self { of, pace }
    }

    /// How long a chunk of that fold may take, in nanoseconds, where this says anything of it.
    pub(super) fn pace_of(self, fold: Key) -> Option<u64> {
        (self.of == fold).then_some(self.pace)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::remote::wire::Rules;

    fn task(fingerprint: Fingerprint, source: &[u8]) -> Task {
        let rules = Rules { stop_on_err: true, stop_on_panic: true, answer_each: false, time_each: false };
        Task { address: Vec::new(), captures: Vec::new(), fingerprint, rules, source: source.to_vec() }
    }

    #[test]
    fn only_a_fold_that_is_the_same_is_expected_to_take_as_long() {
        let key = |fingerprint, source: &[u8], chunks| Key::of(&task(fingerprint, source), chunks);
        let last = Experience::new(key([1, 2], b"0..9", 4).unwrap(), 70);
        assert_eq!(last.pace_of(key([1, 2], b"0..9", 4).unwrap()), Some(70));
        for other in [key([1, 3], b"0..9", 4), key([1, 2], b"0..8", 4), key([1, 2], b"0..9", 5)] {
            assert_eq!(last.pace_of(other.unwrap()), None);
        }
        assert_eq!(key([1, 2], b"", 4), None);
    }
}
