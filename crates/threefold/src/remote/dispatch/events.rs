//! What a dispatcher is told: what has happened to workers and their chunks.

use super::worker::Worker;
use super::{Block, Command, Dispatch, Loss, NOTICE, PATIENCE, Progress, Sent};

/// What a busy worker is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Activity {
    /// It has been running a chunk since then.
    Runs { since: u64 },
    /// It has been seen to do something else since the last look.
    Moves,
    /// It has done nothing since the last look.
    Rests,
}

impl Dispatch {
    /// `worker` is ready; `false` where it was before, or is not there.
    pub(crate) fn ready(&mut self, worker: usize) -> bool {
        let now = self.now;
        let became = self.change(worker, |it| it.becomes_ready(now)) == Some(true);
        self.hungers(worker);
        became
    }

    /// `worker` has sent the outputs of `count` chunks of one block, beginning with the chunk that is due. Each chunk
    /// took `took` nanoseconds on average.
    pub(crate) fn done(&mut self, worker: usize, count: u64, took: u64) {
        // A moving average of the last eight: chunks may grow more expensive as the fold goes on.
        self.done += count;
        self.busy = self.busy.saturating_add(took.saturating_mul(count));
        let weight = count.min(8);
        self.per_chunk =
            Some(self.per_chunk.map_or(took, |per_chunk| per_chunk - per_chunk / 8 * weight + took / 8 * weight));
        self.answered(worker, count);
    }

    /// The chunk that is due from `worker` has failed for good.
    pub(crate) fn failed(&mut self, worker: usize) {
        if let Some(answered) = self.answered(worker, 1) {
            self.fails(answered.first);
        }
    }

    /// The chunk that is due from `worker` panicked; whether it runs again, `not_before` the moment that is given
    /// for its attempt.
    pub(crate) fn panicked(&mut self, worker: usize, not_before: &dyn Fn(u32) -> u64) -> bool {
        self.tries_again(worker, self.terms.attempts_at_panics, not_before)
    }

    /// The chunk that is due from `worker` ended after its deadline; whether it runs again, `not_before` the moment
    /// that is given for its attempt.
    pub(crate) fn late(&mut self, worker: usize, not_before: &dyn Fn(u32) -> u64) -> bool {
        self.tries_again(worker, self.terms.attempts, not_before)
    }

    /// The output of the chunk that is due from `worker` is an `Err`, and this is not the last of its attempts. The chunk
    /// runs again, `not_before` the moment that is given for its attempt.
    pub(crate) fn erred(&mut self, worker: usize, not_before: &dyn Fn(u32) -> u64) {
        self.tries_again(worker, u32::MAX, not_before);
    }

    /// The chunk that is due from `worker` runs again, unless this was the last of its attempts.
    fn tries_again(&mut self, worker: usize, attempts: u32, not_before: &dyn Fn(u32) -> u64) -> bool {
        let Some(Block { first: chunk, attempt, .. }) = self.answered(worker, 1) else { return false };
        let sent = Sent { chunk, attempt };
        let again = sent.attempt < attempts;
        if again {
            self.run_again(sent, not_before);
        } else {
            self.fails(sent.chunk);
        }
        again
    }

    fn run_again(&mut self, sent: Sent, not_before: &dyn Fn(u32) -> u64) {
        self.pending.run_again(sent, not_before(sent.attempt));
        self.pending.time(self.now);
    }

    /// `worker` has started none of the `count` chunks from `first` on, and does not start them. They are the end of the
    /// block that is due from it; `false` where they are not.
    pub(crate) fn skipped(&mut self, worker: usize, first: u64, count: u64) -> bool {
        let limit = self.limit();
        let Some(block) = self.change(worker, |it| it.skips(first, count)).flatten() else { return false };
        self.open -= block.below(limit);
        self.pending.give_back(block);
        self.after_answer(worker);
        true
    }

    /// Of the block that `worker` was to be sent last, only the chunks below `end` were sent. It is sent no more until it
    /// answers, or until [`drained`](Self::drained).
    pub(crate) fn cut(&mut self, worker: usize, end: u64) {
        let limit = self.limit();
        let cut = self.change(worker, |it| (it.was_fresh_before_last(), it.cuts(end)));
        let Some((was_fresh, Some(rest))) = cut else { return };
        self.fresh += usize::from(was_fresh && self.get(worker).is_some_and(Worker::is_fresh));
        self.open -= rest.below(limit);
        self.pending.give_back(rest);
        self.after_answer(worker);
    }

    /// Of the block that `worker` was to be sent last, only the chunks below `chunk` were sent, since `chunk` cannot be
    /// sent to anyone: it has failed for good.
    pub(crate) fn unsendable(&mut self, worker: usize, chunk: u64) {
        self.cut(worker, chunk);
        self.pending.take(chunk);
        self.fails(chunk);
    }

    /// `worker` is gone, and had come so far. Chunks that run again do so `not_before` the moments
    /// that are given for their attempts.
    pub(crate) fn lost(&mut self, worker: usize, progress: Progress, not_before: &dyn Fn(u32) -> u64) -> Loss {
        let Some(gone) = self.remove(worker) else {
            // It was to be retired, and had answered everything.
            self.commands.retain(|&command| command != Command::Retire { worker });
            return Loss::default();
        };
        let limit = self.limit();
        self.open -= gone.owes_below(limit);
        let unfinished = gone.unfinished(progress);
        if gone.has_answered() || !unfinished.started.is_empty() {
            // It did something. Another may take its place without counting: no chunk is lost for ever.
            self.starts_left += 1;
        }
        unfinished.waiting.into_iter().for_each(|block| self.pending.give_back(block));
        let wanted = unfinished.started.into_iter().filter(|sent| sent.chunk < limit);
        let (mut again, given_up): (Vec<_>, Vec<_>) = wanted.partition(|sent| sent.attempt < self.terms.attempts);
        again.iter().for_each(|&sent| self.run_again(sent, not_before));
        if let Some(lowest) = given_up.iter().map(|sent| sent.chunk).min() {
            self.fails(lowest);
        }
        again.retain(|sent| sent.chunk < self.limit());
        Loss { again, given_up }
    }

    /// A worker that was never ready says nothing about those that are started from now on: it does not count.
    pub(crate) fn forgive_start(&mut self) {
        self.starts_left += 1;
    }

    /// `worker` is doing this: the answer to [`Command::Look`].
    pub(crate) fn saw(&mut self, worker: usize, activity: Activity) {
        let (now, timeout) = (self.now, self.terms.timeout);
        let Some(it) = self.get(worker).filter(|it| !it.is_stopping()) else { return };
        match (activity, timeout) {
            (Activity::Runs { since }, Some(timeout)) if since.saturating_add(timeout) <= now => {
                self.change(worker, Worker::stop);
                self.notices.push_back((now + NOTICE, worker));
                self.commands.push_back(Command::Terminate { worker });
            }
            (Activity::Runs { since }, Some(timeout)) => {
                self.change(worker, |it| it.moves(now));
                self.look_at = self.look_at.min(since.saturating_add(timeout));
            }
            (Activity::Rests, _) if it.owes() => {
                if it.rests_since() + PATIENCE <= now {
                    self.commands.push_back(Command::Discard { worker });
                }
            }
            _ => {
                self.change(worker, |it| it.moves(now));
            }
        }
    }

    /// The chunk for which `worker` was to be told to terminate has just ended: it goes on.
    pub(crate) fn spare(&mut self, worker: usize) {
        self.notices.retain(|&(_, other)| other != worker);
        let now = self.now;
        self.change(worker, |it| it.goes_on(now));
        self.hungers(worker);
    }

    /// Everything that was sent to `worker` has left: after a [`cut`](Self::cut) it may be sent more.
    pub(crate) fn drained(&mut self, worker: usize) {
        if self.change(worker, Worker::becomes_free) == Some(true) {
            self.hungers(worker);
        }
    }

    fn fails(&mut self, chunk: u64) {
        if !self.terms.keeps_going {
            self.limit_fell(chunk);
        }
    }

    fn answered(&mut self, worker: usize, count: u64) -> Option<Block> {
        let now = self.now;
        let answered = self.change(worker, |it| it.answers(count, now))??;
        self.open -= answered.below(self.limit());
        self.after_answer(worker);
        Some(answered)
    }

    /// `worker` has less to do than before.
    fn after_answer(&mut self, worker: usize) {
        let Some(it) = self.get(worker) else { return };
        if it.is_idle() && self.terms.chunks_per_worker.is_some_and(|most| it.sent() >= most) {
            self.retire(worker);
        } else {
            self.hungers(worker);
        }
    }
}
