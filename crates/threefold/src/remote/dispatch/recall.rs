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
//! Chunks may take longer than expected. A worker reports the end of its block at once. So if the block should have
//! ended and no report comes, nobody knows how much of it is left. Then the worker is asked for half of its block. With
//! its answer, everything becomes known that it has not reported until then.
//!
//! For the same reason a worker may be believed to be in its second block, and be asked for chunks of that one. It
//! answers only when it comes there. If it turns out to be in its first block, it is asked for chunks of this one, too.
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
//! Suppose chunk 100 takes much longer than expected, and nothing comes for 40.16 ms: the 40 ms of the whole block, and
//! four messages. Then nobody knows how long the rest takes. Worker 0 is asked for 20 chunks, half of its block: those
//! from 120 on.
//!
//! How long to wait for such a report was measured in the simulator. Chunks seemed to be cheap, so eight workers were
//! sent their shares at once, and the first half took three times as long as the second. With a wait of twice the
//! expected time, 10 of 4,000 folds took more than 0.48 ms longer than the ideal, and the worst took 0.86 ms longer. With
//! a wait of the expected time, no fold took more than 0.39 ms longer, with as many messages.

use super::{Command, Dispatch, MESSAGE};

/// A worker needs more chunks when it has this much left to do, in nanoseconds. That is about the time from a worker's
/// report, by way of a recall, to its next block. A worker reports in time, see `remote/serve/told.rs`.
pub(super) const SOON: u64 = 3 * MESSAGE;

/// So long after its expected end, in nanoseconds, the end of a block would have been reported. A worker that has
/// another block holds its last answers for 0.1 ms at most (`HOLD` in `backend/processes/worker/serve.rs`), and then its
/// message is on its way.
const SILENCE: u64 = 4 * MESSAGE;

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
        let per_chunk = self.per_chunk?.max(1);
        let (mut needy, mut least, mut most) = (0, u64::MAX, None::<Longest>);
        // How many workers have been asked and will answer, and when one of them can be asked again at the earliest.
        let (mut asked, mut again_at) = (0, u64::MAX);
        for (worker, it) in self.workers.iter().enumerate() {
            let Some(it) = it else { continue };
            let since = self.now.saturating_sub(it.since());
            if self.is_short(it) && !it.is_stopping() {
                needy += 1;
                least = least.min(it.unanswered().saturating_mul(per_chunk).saturating_sub(since));
            }
            let Some(front) = it.divisible() else {
                asked += usize::from(it.is_recalled());
                continue;
            };
            let expected = front.len().saturating_mul(per_chunk);
            let overdue = expected.saturating_add(SILENCE);
            let longest = if since >= overdue {
                Longest { worker, rest: since, waiting: front.len() / 2, end: front.end }
            } else {
                self.recall_at = self.recall_at.min(it.since().saturating_add(overdue));
                let started = since / per_chunk + 1;
                let (block, behind) = it.runs_after(started);
                let rest = (block.len() + behind).saturating_mul(per_chunk);
                Longest { worker, rest, waiting: block.len(), end: block.end }
            };
            if it.is_recalled() && longest.end != front.end {
                // It was asked for chunks of this later block.
                asked += 1;
                again_at = again_at.min(it.since().saturating_add(overdue));
                continue;
            }
            if longest.waiting > 0 && most.as_ref().is_none_or(|most| longest.rest > most.rest) {
                most = Some(longest);
            }
        }
        if needy <= asked {
            self.recall_at = if needy > 0 { again_at } else { u64::MAX };
            return None;
        }
        let Longest { worker, rest, waiting, end } = most?;
        let count = (rest.saturating_sub(least + MESSAGE) / 2 / per_chunk).min(waiting);
        if count == 0 {
            return None;
        }
        let from = end - count;
        self.change(worker, |it| it.recall(from));
        Some(Command::Recall { worker, from })
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Block, Command, Dispatch, MESSAGE, Terms, Worker};

    fn dispatch(chunks: u64) -> Dispatch {
        let terms = Terms {
            chunks,
            workers: 2,
            attempts: 1,
            attempts_at_panics: 1,
            keeps_going: false,
            chunks_per_worker: None,
            timeout: None,
            window: u64::MAX,
        };
        let mut it = Dispatch::new(terms, 0);
        it.expect(1);
        it.admit(0, 1);
        it.admit(1, 1);
        it
    }

    fn commands(it: &mut Dispatch) -> Vec<Command> {
        std::iter::from_fn(|| it.next()).collect()
    }

    #[test]
    fn the_rest_of_a_share_that_was_cut_does_not_wait_behind_another_share() {
        let mut it = dispatch(100);
        assert!(matches!(it.next(), Some(Command::Send { worker: 0, block: Block { first: 0, end: 50, .. } })));
        it.cut(0, 10);
        assert!(matches!(it.next(), Some(Command::Send { worker: 1, block: Block { first: 10, end: 50, .. } })));
        assert_eq!(it.next(), None);
        it.time(10_000_000);
        it.done(0, 10, 1_000_000);
        let next = it.next();
        assert!(matches!(next, Some(Command::Send { worker: 0, block: Block { first: 50, .. } })), "{next:?}");
    }

    #[test]
    fn a_worker_that_should_have_ended_its_block_is_asked_for_half_of_it() {
        let mut it = dispatch(100);
        assert_eq!(commands(&mut it).len(), 2);
        it.time(5_000_000);
        it.done(1, 50, 100_000);
        // Worker 0 was sent as many chunks at the same time, so it should have ended, too.
        assert_eq!(it.next(), None);
        assert_eq!(it.due(), 5_000_000 + 4 * MESSAGE);
        it.time(5_000_000 + 4 * MESSAGE);
        assert_eq!(it.next(), Some(Command::Recall { worker: 0, from: 25 }));
        assert_eq!(it.next(), None);
        assert!(it.skipped(0, 25, 25));
        assert!(matches!(it.next(), Some(Command::Send { worker: 1, .. })));
    }

    #[test]
    fn a_worker_that_was_sent_more_since_its_recall_may_be_asked_again() {
        let first = Block { first: 0, end: 25, attempt: 1 };
        let mut worker = Worker::ready(0, 0);
        worker.receives(first, 0);
        assert_eq!(worker.divisible(), Some(first));
        worker.recall(12);
        assert_eq!(worker.divisible(), None);
        worker.receives(Block { first: 56, end: 58, attempt: 1 }, 1);
        assert_eq!(worker.divisible(), Some(first));
        // So may one that was asked for chunks of its second block.
        worker.recall(57);
        assert_eq!(worker.divisible(), Some(first));
    }
}
