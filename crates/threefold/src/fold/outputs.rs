//! `Outputs`: the results of the chunks, values and failures, until the caller takes them in chunk order.
//!
//! Values are kept by block: one `Vec` for each run of consecutive chunks of one worker. A failure is kept alone. The
//! caller takes the lowest result that it has not taken, as soon as it is there. The window of
//! [`claims`](super::claims) bounds how many results wait.
//!
//! The outputs of chunks that are [`Finished`] are in the journal of the fold and not here. When the caller comes to such a
//! chunk, it is told to read the output there, one chunk at a time. So they take no memory.
//!
//! A caller that runs the next chunks itself keeps nothing. It reduces their outputs at once, and only
//! [advances](Outputs::advance) `next`. So a fold that its caller runs alone keeps only failures here.
//!
//! # Why the caller misses no result
//!
//! A worker keeps a result and compares it with `next`, both under the lock. If it is the next one, the worker wakes
//! the caller. The caller advances `next` without the lock. But before it waits, it looks for results once more, under
//! the lock, after it has advanced `next` for the last time. If the worker has the lock first, the caller finds the
//! result. If the caller has the lock first, the worker sees the last value of `next`. `next` is therefore relaxed.

mod left;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::finished::Finished;
use crate::error::Error;
use crate::panics;

pub(crate) use left::{Left, Outcome};

/// The most single values that are taken together. The lock is held meanwhile.
///
/// Chunks that wait end one by one and are kept one by one, often thousands within a millisecond. Taking each value
/// alone would cost a lock, a guard against panics and a move of the window for each value.
const MOST: u64 = 1024;

/// The results of the chunks of one fold.
#[derive(Debug)]
pub(crate) struct Outputs<O> {
    /// Whether the caller takes values as they come, in any order.
    in_any_order: bool,
    /// The lowest chunk that the caller has not taken. Only the caller changes it.
    next: AtomicU64,
    /// Whether results waited when the lock was last released.
    is_waiting: AtomicBool,
    /// The results that wait to be taken, by the number of their first chunk.
    kept: Mutex<BTreeMap<u64, Kept<O>>>,
    /// The chunks whose outputs are in the journal, if there are any.
    finished: Option<Arc<Finished>>,
    /// How many of those were taken, if the caller takes results in any order. Only the caller changes it.
    recorded: AtomicU64,
}

/// The results of one chunk, or of several consecutive ones.
#[derive(Debug)]
pub(crate) enum Kept<O> {
    /// The value of one chunk.
    Value(O),
    /// The values of consecutive chunks, at least one.
    Values(Vec<O>),
    /// This many consecutive chunks were run, at least one, and their values are in the [tree](super::tree).
    Merged(u64),
    /// The failure of one chunk.
    Failure(Error),
    /// The value of one chunk is in the journal.
    Recorded,
}

impl<O> Outputs<O> {
    /// Of a fold of which these chunks are in the journal.
    pub(crate) fn new(finished: Option<Arc<Finished>>) -> Self {
        Self {
            in_any_order: false,
            next: AtomicU64::new(0),
            is_waiting: AtomicBool::new(false),
            kept: Mutex::new(BTreeMap::new()),
            finished,
            recorded: AtomicU64::new(0),
        }
    }

    /// The same for a caller that takes results as they come.
    pub(crate) fn in_any_order(self) -> Self {
        Self { in_any_order: true, ..self }
    }

    /// Keeps the values of the chunks from `first` on. Returns whether the caller can take the first of them at once.
    pub(crate) fn keep(&self, first: u64, values: Vec<O>) -> bool {
        !values.is_empty() && self.insert(first, Kept::Values(values))
    }

    /// Keeps that `count` chunks from `first` on were run, and their values given to the tree. Returns whether the
    /// caller can take this at once.
    pub(crate) fn keep_merged(&self, first: u64, count: u64) -> bool {
        count > 0 && self.insert(first, Kept::Merged(count))
    }

    /// Keeps the value of `chunk`. Returns whether the caller can take it at once.
    #[cfg(feature = "async")]
    pub(crate) fn keep_one(&self, chunk: u64, value: O) -> bool {
        self.insert(chunk, Kept::Value(value))
    }

    /// Keeps the failure of `chunk`; if there are several, the first. Returns whether the caller can take it at once.
    pub(crate) fn fail(&self, chunk: u64, error: Error) -> bool {
        self.insert(chunk, Kept::Failure(error))
    }

    fn insert(&self, first: u64, result: Kept<O>) -> bool {
        let mut kept = self.lock();
        let next = self.next.load(Ordering::Relaxed);
        if first < next {
            // The caller has already taken a result at this position. Only a failure that was kept at the position of
            // another lost chunk (see `Fold::fail`) can come so late.
            return false;
        }
        kept.entry(first).or_insert(result);
        self.is_waiting.store(true, Ordering::Relaxed);
        first == next || self.in_any_order
    }

    /// Takes the result that the caller may have next: that of the lowest chunk that was not taken, or any.
    pub(crate) fn take_next(&self, is_over: bool) -> Option<(u64, Kept<O>)> {
        if self.in_any_order { self.take_any(is_over) } else { self.take() }
    }

    /// Takes the lowest values that wait, with the number of the first. Failures wait until `is_over`: then every chunk
    /// below them has ended. What the journal has comes first, since it was there first.
    fn take_any(&self, is_over: bool) -> Option<(u64, Kept<O>)> {
        if let Some(finished) = &self.finished
            && let Some(chunk) = finished.nth(self.recorded.load(Ordering::Relaxed))
        {
            self.recorded.fetch_add(1, Ordering::Relaxed);
            return Some((chunk, Kept::Recorded));
        }
        let mut kept = self.lock();
        let first =
            kept.iter().find(|(_, result)| is_over || !matches!(result, Kept::Failure(_))).map(|(&first, _)| first)?;
        kept.remove_entry(&first)
    }

    /// Takes the result of the lowest chunk that was not taken, together with the values that follow it in its block.
    /// `None` if it has not come yet. Only the caller does this.
    pub(crate) fn take(&self) -> Option<(u64, Kept<O>)> {
        let mut kept = self.lock();
        let next = self.next.load(Ordering::Relaxed);
        if self.finished.as_ref().is_some_and(|finished| finished.has(next)) {
            self.next.store(next + 1, Ordering::Relaxed);
            return Some((next, Kept::Recorded));
        }
        let result = match kept.remove(&next)? {
            Kept::Value(value) => run_of_values(&mut kept, next, value),
            result => result,
        };
        self.is_waiting.store(!kept.is_empty(), Ordering::Relaxed);
        let count = match &result {
            Kept::Values(values) => values.len() as u64,
            Kept::Merged(count) => *count,
            Kept::Value(_) | Kept::Failure(_) | Kept::Recorded => 1,
        };
        self.next.store(next + count, Ordering::Relaxed);
        Some((next, result))
    }

    /// Every result that is left of a fold that keeps going and was cancelled: see [`Left`].
    pub(crate) fn left(&self, chunks: Range<u64>, cancelled: Error) -> Left<O> {
        Left::new(std::mem::take(&mut *self.lock()), chunks, self.finished.clone(), cancelled)
    }

    /// Drops every result that is left, before a panic unwinds: a destructor that panics while it does would end the
    /// program.
    pub(crate) fn clear(&self) {
        let left = std::mem::take(&mut *self.lock());
        for kept in left.into_values() {
            match kept {
                Kept::Values(values) => values.into_iter().for_each(panics::drop_caught),
                kept => panics::drop_caught(kept),
            }
        }
    }

    /// The caller has taken all chunks below `next` itself, without keeping them.
    pub(crate) fn advance(&self, next: u64) {
        self.next.store(next, Ordering::Relaxed);
    }

    /// Whether results wait. This is read without the lock, so a change may be seen late.
    pub(crate) fn is_waiting(&self) -> bool {
        self.is_waiting.load(Ordering::Relaxed)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<u64, Kept<O>>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The value of chunk `first`, together with the values of the chunks that follow it, if they wait too.
fn run_of_values<O>(kept: &mut BTreeMap<u64, Kept<O>>, first: u64, value: O) -> Kept<O> {
    let mut next = first + 1;
    let mut follows = || {
        let entry = kept.first_entry().filter(|entry| *entry.key() == next && next - first < MOST)?;
        let Kept::Value(_) = entry.get() else { return None };
        next += 1;
        match entry.remove() {
            Kept::Value(value) => Some(value),
            _ => None,
        }
    };
    match follows() {
        None => Kept::Value(value),
        Some(second) => {
            let mut values = vec![value, second];
            values.extend(std::iter::from_fn(follows));
            Kept::Values(values)
        }
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
        let outputs = Outputs::new(None);
        assert!(!outputs.keep(2, vec![2, 3]));
        assert!(outputs.take().is_none());
        assert!(outputs.keep(0, vec![0, 1]));
        assert_eq!(values(outputs.take()), Some((0, vec![0, 1])));
        assert_eq!(values(outputs.take()), Some((2, vec![2, 3])));
        assert!(outputs.take().is_none());
    }

    #[test]
    fn a_failure_stands_in_the_place_of_its_chunk() {
        let outputs = Outputs::new(None);
        outputs.keep(1, vec![1]);
        assert!(outputs.fail(0, Error::setup(None, "no")));
        assert!(matches!(outputs.take(), Some((0, Kept::Failure(_)))));
        assert_eq!(values(outputs.take()), Some((1, vec![1])));
    }

    #[test]
    fn what_the_caller_has_taken_itself_is_passed_over() {
        let outputs = Outputs::new(None);
        assert!(!outputs.keep(2, vec![2]));
        assert!(outputs.is_waiting());
        outputs.advance(2);
        assert_eq!(values(outputs.take()), Some((2, vec![2])));
        assert!(!outputs.is_waiting());
        outputs.advance(4);
        assert!(!outputs.fail(3, Error::setup(None, "late")), "it was taken already");
        assert!(outputs.keep(4, vec![4]));
    }

    fn chunk<O>(taken: Option<(u64, Kept<O>)>) -> Option<(u64, bool)> {
        taken.map(|(chunk, kept)| (chunk, matches!(kept, Kept::Recorded)))
    }

    #[test]
    fn what_the_journal_has_is_taken_in_its_place() {
        let outputs = Outputs::<u8>::new(Finished::new(&[0..1, 2..4]).map(Arc::new));
        assert_eq!(chunk(outputs.take()), Some((0, true)));
        assert_eq!(chunk(outputs.take()), None);
        assert!(outputs.keep(1, vec![1]));
        let taken: Vec<_> = std::iter::from_fn(|| chunk(outputs.take())).collect();
        assert_eq!(taken, [(1, false), (2, true), (3, true)]);
    }

    #[test]
    fn what_the_journal_has_comes_first_if_any_order_will_do() {
        let outputs = Outputs::<u8>::new(Finished::new(&[0..1, 2..4]).map(Arc::new)).in_any_order();
        outputs.keep(1, vec![1]);
        let taken: Vec<_> = std::iter::from_fn(|| chunk(outputs.take_next(false))).collect();
        assert_eq!(taken, [(0, true), (2, true), (3, true), (1, false)]);
    }

    #[test]
    #[cfg(feature = "async")]
    fn single_values_that_follow_each_other_are_taken_at_once() {
        let outputs = Outputs::new(None);
        for chunk in [3, 1, 0, 5, 2] {
            outputs.keep_one(chunk, chunk as u8);
        }
        outputs.fail(4, Error::setup(None, "no"));
        assert_eq!(values(outputs.take()), Some((0, vec![0, 1, 2, 3])));
        assert!(matches!(outputs.take(), Some((4, Kept::Failure(_)))));
        assert!(matches!(outputs.take(), Some((5, Kept::Value(5)))));
        assert!(outputs.take().is_none());
    }

    #[test]
    fn no_values_are_nothing() {
        assert!(!Outputs::<u8>::new(None).keep(0, Vec::new()));
    }
}
