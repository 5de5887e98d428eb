//! Recall: a worker that has nothing to do gets chunks that another worker has not started.
//!
//! How long chunks will take is a guess. So at the end of a fold one worker may come to the end of its last block while
//! another has a large part of a block left. Then the other worker is asked to give back the end of that block. It
//! answers at its next chunk, with the chunks that it does not start, and goes on with those that it keeps. The chunks
//! that came back are pending again, and the first worker is sent them like any others.
//!
//! A recall is a request, and nothing depends on its effect. Chunks belong to the worker that they were sent to until
//! it says that it does not start them. So a recall may come too late, or never, or be obeyed in part. No chunk can run
//! twice or be lost by it.
//!
//! The worker with the most work left is asked for half of the difference, less what the messages take: both should end
//! together. There is at most one recall for each worker that needs chunks.
//!
//! Chunks may take longer than expected. Then their worker seems to be almost done for a long time. After twice the
//! expected time it is asked for half of its block, whatever that is.
//!
//! # An example in numbers
//!
//! A chunk takes 1 ms, a message and its answer take 0.04 ms, and nothing is pending.
//!
//! - Worker 0 has chunks 100 to 139, and began chunk 100 some 10.5 ms ago. It has reported nothing since. So it should
//!   be in the eleventh chunk, and has 29 chunks left to start, which take 29 ms.
//! - Worker 1 has answered everything, so it needs chunks.
//!
//! The difference is 29 ms, less 0.04 ms for the messages. Half of it is 14.48 ms, which are 14 chunks. Worker 0 is
//! asked to give back the chunks from 126 on. It keeps 111 to 125, which take 15 ms. Worker 1 needs 14 ms and a
//! message, so both end at about the same time.
//!
//! If worker 0 had only one chunk left to start, half of the difference would be less than a chunk, and nothing would
//! be recalled. If the chunks took 10 us, and eight of them were left, the recall would be for two.
//!
//! Suppose chunk 100 takes much longer than expected, and nothing comes for 80.16 ms: twice the 40 ms of the whole
//! block, and four messages. Then nobody knows how long the rest takes. Worker 0 is asked for 20 chunks, half of its
//! block: those from 120 on.

use super::{Command, Dispatch, MESSAGE};

/// A worker needs more chunks when it has this much left to do, in nanoseconds. That is about the time from a worker's
/// report, by way of a recall, to its next block. A worker reports in time, see `remote/serve/told.rs`.
pub(super) const SOON: u64 = 3 * MESSAGE;

/// Workers are compared at most once in this time for each of them, in nanoseconds. To look at one takes some ten
/// nanoseconds, so a fold on ten thousand workers spends no more than a tenth of its time on it.
const REST: u64 = 100;

/// The worker that has the most left to do.
struct Longest {
    worker: usize,
    /// How long the rest should take.
    rest: u64,
    /// How many chunks it has not started of the block that it should be running.
    waiting: u64,
    /// One past the last chunk of this block.
    end: u64,
}

impl Dispatch {
    /// The next request to give chunks back.
    pub(super) fn recall(&mut self) -> Option<Command> {
        self.recall_at = u64::MAX;
        // Chunks that wait for the window to open will be sent to those who need chunks.
        if self.divisible == 0 || self.pending.left() > 0 {
            return None;
        }
        if self.now < self.no_recall_before {
            self.recall_at = self.no_recall_before;
            return None;
        }
        self.no_recall_before = self.now + self.workers.len() as u64 * REST;
        let pace = self.pace?.max(1);
        let (mut needy, mut least, mut most) = (0, u64::MAX, None::<Longest>);
        for (worker, it) in self.workers.iter().enumerate() {
            let Some(it) = it else { continue };
            let since = self.now.saturating_sub(it.since());
            if self.is_short(it) && !it.is_stopping() {
                needy += 1;
                least = least.min(it.unanswered().saturating_mul(pace).saturating_sub(since));
            }
            let Some(front) = it.divisible() else { continue };
            let expected = front.len().saturating_mul(pace);
            let overdue = expected.saturating_mul(2).saturating_add(4 * MESSAGE);
            let longest = if since >= overdue {
                Longest { worker, rest: since, waiting: front.len() / 2, end: front.end }
            } else {
                self.recall_at = self.recall_at.min(it.since().saturating_add(overdue));
                let started = since / pace + 1;
                let (block, behind) = it.runs_after(started);
                Longest {
                    worker,
                    rest: (block.len() + behind).saturating_mul(pace),
                    waiting: block.len(),
                    end: block.end,
                }
            };
            if longest.waiting > 0 && most.as_ref().is_none_or(|most| longest.rest > most.rest) {
                most = Some(longest);
            }
        }
        if needy <= self.recalled {
            self.recall_at = u64::MAX;
            return None;
        }
        let Longest { worker, rest, waiting, end } = most?;
        let count = (rest.saturating_sub(least + MESSAGE) / 2 / pace).min(waiting);
        if count == 0 {
            return None;
        }
        self.change(worker, super::Worker::recall);
        Some(Command::Recall { worker, from: end - count })
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Block, Worker};

    #[test]
    fn a_worker_that_was_sent_more_since_its_recall_may_be_asked_again() {
        let first = Block { first: 0, end: 25, attempt: 1 };
        let mut worker = Worker::ready(0, 0);
        worker.is_sent(first, 0);
        assert_eq!(worker.divisible(), Some(first));
        worker.recall();
        assert_eq!(worker.divisible(), None);
        worker.is_sent(Block { first: 56, end: 57, attempt: 1 }, 1);
        assert_eq!(worker.divisible(), Some(first));
    }
}
