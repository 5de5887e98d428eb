//! `Pending`: the chunks that no worker has, in ascending order.
//!
//! # An example
//!
//! Of 100 chunks, 0 to 9 were sent. Chunk 2 was lost and is tried again. Chunks 6 and 7 came back without having been
//! started. A worker that may have four chunks is sent, one block after the other:
//!
//! 1. chunk 2, alone, as attempt 2;
//! 2. chunks 6 and 7, which are one range;
//! 3. chunks 10 to 13, which were never sent.
//!
//! A worker that may not retry is sent chunks 6 and 7 first. If the limit falls to 7, chunk 7 and all chunks from 10 on
//! are dropped, and 2 and 6 are left.
//!
//! If a journal has chunks of the fold, they are passed over: `next` is always a chunk that is to be run, or one past the
//! last chunk, and a block ends where finished chunks begin.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Block, Sent};
use crate::fold::finished::Finished;

/// The chunks below the limit that are neither with a worker nor answered.
#[derive(Debug)]
pub(super) struct Pending {
    /// The lowest chunk that was never sent, and is to be.
    next: u64,
    /// The chunks that nobody is to run, if there are any.
    finished: Option<Arc<Finished>>,
    /// Chunks from here on must not start any more.
    limit: u64,
    /// Chunks from here on must not be sent for now.
    window: u64,
    /// Ranges that came back without having been started, by their first chunk.
    returned: BTreeMap<u64, u64>,
    /// How many chunks these are.
    returned_count: u64,
    /// Chunks that are tried again, with the attempt that comes next.
    again: BTreeMap<u64, u32>,
    /// Chunks that are tried again later: from when on, and the attempt that comes next.
    later: BTreeMap<(u64, u64), u32>,
}

impl Pending {
    pub(super) fn new(chunks: u64, finished: Option<Arc<Finished>>) -> Self {
        Self {
            next: finished.as_ref().map_or(0, |finished| finished.open_from(0)),
            finished,
            limit: chunks,
            window: u64::MAX,
            returned: BTreeMap::new(),
            returned_count: 0,
            again: BTreeMap::new(),
            later: BTreeMap::new(),
        }
    }

    pub(super) fn limit(&self) -> u64 {
        self.limit
    }

    pub(super) fn limit_fell(&mut self, limit: u64) {
        self.limit = limit;
        self.again.split_off(&limit);
        self.later.retain(|&(_, chunk), _| chunk < limit);
        let above = self.returned.split_off(&limit);
        self.returned_count -= above.iter().map(|(first, end)| end - first).sum::<u64>();
        if let Some((_, end)) = self.returned.iter_mut().next_back()
            && *end > limit
        {
            self.returned_count -= *end - limit;
            *end = limit;
        }
    }

    /// Returns whether the window has moved.
    pub(super) fn window_reaches(&mut self, end: u64) -> bool {
        std::mem::replace(&mut self.window, end) < end
    }

    /// The lowest chunk that was never sent.
    pub(super) fn reached(&self) -> u64 {
        self.next
    }

    /// One past the last chunk that may be sent.
    fn bound(&self) -> u64 {
        self.limit.min(self.window)
    }

    /// Whether nothing is left to send, now or later.
    pub(super) fn is_empty(&self) -> bool {
        self.next >= self.limit && self.returned.is_empty() && self.again.is_empty() && self.later.is_empty()
    }

    /// Whether something may be sent now.
    pub(super) fn has_some(&self) -> bool {
        let bound = self.bound();
        let below = |first: Option<&u64>| first.is_some_and(|&first| first < bound);
        self.next < bound || below(self.returned.keys().next()) || below(self.again.keys().next())
    }

    /// How many chunks are left to send, now or later.
    pub(super) fn left(&self) -> u64 {
        let never_sent = match &self.finished {
            None => self.limit.saturating_sub(self.next),
            Some(finished) => finished.open_between(self.next, self.limit),
        };
        never_sent + self.returned_count + (self.again.len() + self.later.len()) as u64
    }

    /// These chunks were not started.
    pub(super) fn give_back(&mut self, block: Block) {
        let end = block.end.min(self.limit);
        if block.first >= end {
            return;
        }
        if block.attempt > 1 {
            self.again.extend((block.first..end).map(|chunk| (chunk, block.attempt)));
            return;
        }
        self.returned_count += end - block.first;
        self.returned.insert(block.first, end);
    }

    /// This chunk is tried once more, but not before this moment.
    pub(super) fn run_again(&mut self, sent: Sent, not_before: u64) {
        if sent.chunk < self.limit {
            self.later.insert((not_before, sent.chunk), sent.attempt + 1);
        }
    }

    /// The time is `now`: chunks may be tried again that had to wait until then.
    pub(super) fn time(&mut self, now: u64) {
        while let Some(entry) = self.later.first_entry().filter(|entry| entry.key().0 <= now) {
            let ((_, chunk), attempt) = entry.remove_entry();
            self.again.insert(chunk, attempt);
        }
    }

    /// When the next chunk may be tried again that has to wait.
    pub(super) fn due(&self) -> u64 {
        self.later.first_key_value().map_or(u64::MAX, |(&(not_before, _), _)| not_before)
    }

    /// Takes `chunk`, which came back, out for good.
    pub(super) fn take(&mut self, chunk: u64) {
        if self.again.remove(&chunk).is_some() {
            return;
        }
        if let Some((&first, &end)) = self.returned.range(..=chunk).next_back()
            && chunk < end
        {
            self.returned.remove(&first);
            self.returned_count -= 1;
            for (first, end) in [(first, chunk), (chunk + 1, end)] {
                if first < end {
                    self.returned.insert(first, end);
                }
            }
        }
    }

    /// The lowest chunks, at most `most` and in one range. Chunks that are tried again go one by one, and only where
    /// they `may_retry` on this worker.
    pub(super) fn next(&mut self, most: u64, may_retry: bool) -> Option<Block> {
        let bound = self.bound();
        let below = |first: Option<u64>| first.filter(|&first| first < bound);
        let again = below(self.again.keys().next().copied()).filter(|_| may_retry);
        let returned = below(self.returned.keys().next().copied());
        let fresh = below(Some(self.next));
        let first = [again, returned, fresh].into_iter().flatten().min()?;
        if again == Some(first) {
            let attempt = self.again.remove(&first)?;
            return Some(Block { first, end: first + 1, attempt });
        }
        let end = bound.min(first.saturating_add(most));
        if returned == Some(first) {
            let last = self.returned.remove(&first)?;
            let end = end.min(last);
            self.returned_count -= end - first;
            if end < last {
                self.returned.insert(end, last);
            }
            return Some(Block { first, end, attempt: 1 });
        }
        let end = end.min(self.finished.as_ref().map_or(u64::MAX, |finished| finished.open_until(first)));
        self.next = self.finished.as_ref().map_or(end, |finished| finished.open_from(end));
        Some(Block { first, end, attempt: 1 })
    }
}
