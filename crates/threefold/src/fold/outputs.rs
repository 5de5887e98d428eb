//! `Outputs`: the results of the chunks, values and failures, until the caller takes them in chunk order.
//!
//! Values are kept by block: one `Vec` for each run of consecutive chunks of one worker. A failure is kept alone. The
//! caller takes the lowest result that it has not taken, as soon as it is there. The window of
//! [`claims`](super::claims) bounds how many results wait.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::error::Error;

/// The results of the chunks of one fold.
#[derive(Debug)]
pub(crate) struct Outputs<O>(Mutex<State<O>>);

#[derive(Debug)]
struct State<O> {
    /// The lowest chunk that the caller has not taken.
    next: u64,
    /// The results that wait, by the number of their first chunk.
    kept: BTreeMap<u64, Kept<O>>,
}

/// The results of one chunk, or of several consecutive ones.
#[derive(Debug)]
pub(crate) enum Kept<O> {
    /// The values of consecutive chunks, at least one.
    Values(Vec<O>),
    /// The failure of one chunk.
    Failure(Error),
}

impl<O> Outputs<O> {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(State { next: 0, kept: BTreeMap::new() }))
    }

    /// Keeps the values of the chunks from `first` on. Returns whether the caller can take the first of them at once.
    pub(crate) fn keep(&self, first: u64, values: Vec<O>) -> bool {
        !values.is_empty() && self.insert(first, Kept::Values(values))
    }

    /// Keeps the failure of `chunk`; if there are several, the first. Returns whether the caller can take it at once.
    pub(crate) fn fail(&self, chunk: u64, error: Error) -> bool {
        self.insert(chunk, Kept::Failure(error))
    }

    fn insert(&self, first: u64, kept: Kept<O>) -> bool {
        let mut state = self.lock();
        if first < state.next {
            // The caller has already taken a result at this position. Only a failure that was kept at the position of
            // another lost chunk (see `Fold::fail`) can come so late.
            return false;
        }
        state.kept.entry(first).or_insert(kept);
        first == state.next
    }

    /// Takes the result of the lowest chunk that was not taken, together with the values that follow it in its block.
    /// `None` if it has not come yet.
    pub(crate) fn take(&self) -> Option<(u64, Kept<O>)> {
        let mut state = self.lock();
        let next = state.next;
        let kept = state.kept.remove(&next)?;
        state.next += match &kept {
            Kept::Values(values) => values.len() as u64,
            Kept::Failure(_) => 1,
        };
        Some((next, kept))
    }

    fn lock(&self) -> MutexGuard<'_, State<O>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(kept: Option<(u64, Kept<u8>)>) -> Option<(u64, Vec<u8>)> {
        match kept {
            Some((first, Kept::Values(values))) => Some((first, values)),
            _ => None,
        }
    }

    #[test]
    fn blocks_are_taken_in_chunk_order_whatever_the_order_they_come_in() {
        let outputs = Outputs::new();
        assert!(!outputs.keep(2, vec![2, 3]));
        assert!(outputs.take().is_none());
        assert!(outputs.keep(0, vec![0, 1]));
        assert_eq!(values(outputs.take()), Some((0, vec![0, 1])));
        assert_eq!(values(outputs.take()), Some((2, vec![2, 3])));
        assert!(outputs.take().is_none());
    }

    #[test]
    fn a_failure_stands_in_the_place_of_its_chunk() {
        let outputs = Outputs::new();
        outputs.keep(1, vec![1]);
        assert!(outputs.fail(0, Error::setup(None, "no")));
        assert!(matches!(outputs.take(), Some((0, Kept::Failure(_)))));
        assert_eq!(values(outputs.take()), Some((1, vec![1])));
    }

    #[test]
    fn no_values_are_nothing() {
        assert!(!Outputs::<u8>::new().keep(0, Vec::new()));
    }
}
