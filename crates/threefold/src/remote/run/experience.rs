//! `Experience`: what the last fold has measured of its chunks, for a later fold that is the same.
//!
//! How long chunks take is known only from finished chunks. In a tiny fold, all chunks fit into one message for each
//! worker. Such a fold would learn the time only after more than half of its own time: it sends one chunk to each
//! worker, waits, and sends the rest. So the owner of the workers keeps this value with them from fold to fold.
//!
//! Longer folds gain less. Their first blocks need not be short, so the workers do not wait for the first answers, and
//! the expected time of the whole fold says how long blocks may be. The value is a mean over the fold: if chunk k costs
//! k, the time of the last chunks says nothing about the first. A first block that comes out too long is no great loss,
//! since the end of it can be recalled.
//!
//! It is used only for a fold of the same task with the same captures, the same source and as many chunks. The time of
//! some chunks says little about chunks of another size. The same fold may still take longer, if its task depends on
//! something else. Then its chunks are divided evenly, once.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::OnceLock;

use super::Task;
use crate::remote::carrier::Fingerprint;

/// How long the chunks of a fold took.
///
/// Only the last fold is remembered. Two folds that take turns learn nothing from each other, and run as if nothing
/// were known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Experience {
    of: Key,
    /// How long a chunk took on average, in nanoseconds, as the worker measured it.
    per_chunk: u64,
}

/// What two folds must have in common, so that measurements of one apply to the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Key {
    task: Fingerprint,
    source: u64,
    chunks: u64,
}

impl Key {
    /// `None` if chunks are sent one by one: only a look at all of them would show that they are the same.
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
    /// The chunks of the fold `of` took `per_chunk` nanoseconds each, on average.
    pub(super) fn new(of: Key, per_chunk: u64) -> Self {
        Self { of, per_chunk }
    }

    /// How long a chunk of `fold` may take, in nanoseconds. `None` if these measurements do not apply to it.
    pub(super) fn per_chunk_of(self, fold: Key) -> Option<u64> {
        (self.of == fold).then_some(self.per_chunk)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::remote::wire::Rules;
    use crate::trace::levels::Levels;

    fn task(fingerprint: Fingerprint, source: &[u8]) -> Task {
        let rules =
            Rules { stop_on_err: true, stop_on_panic: true, answer_each: false, time_each: false, levels: Levels::OFF };
        Task {
            address: Vec::new(),
            captures: Vec::new(),
            fingerprint,
            rules,
            source: source.to_vec(),
            captured: Vec::new(),
            folded: Vec::new(),
        }
    }

    #[test]
    fn only_a_fold_that_is_the_same_is_expected_to_take_as_long() {
        let key = |fingerprint, source: &[u8], chunks| Key::of(&task(fingerprint, source), chunks);
        let last = Experience::new(key([1, 2], b"0..9", 4).unwrap(), 70);
        assert_eq!(last.per_chunk_of(key([1, 2], b"0..9", 4).unwrap()), Some(70));
        for other in [key([1, 3], b"0..9", 4), key([1, 2], b"0..8", 4), key([1, 2], b"0..9", 5)] {
            assert_eq!(last.per_chunk_of(other.unwrap()), None);
        }
        assert_eq!(key([1, 2], b"", 4), None);
    }
}
