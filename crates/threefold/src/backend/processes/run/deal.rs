//! Chunks handed out: which one, to whom, and how many ahead.

use std::time::Duration;

use super::Run;
use crate::backend::processes::child::Worker;
use crate::fold::claims::Claim;

/// A worker is sent chunks for about this long at once: several times what a wake-up and an answer take, so that it
/// never waits for the parent ..
const AHEAD: Duration = Duration::from_micros(400);

/// .. but not more than this many bytes beyond the first chunk.
const AHEAD_BYTES: usize = 1 << 20;

impl Run<'_> {
    /// Whether there are chunks to hand out.
    pub(super) fn has_work(&self) -> bool {
        self.fold.claims().is_open() || self.returned.keys().next().is_some_and(|&chunk| self.fold.may_start(chunk))
    }

    /// Gives every worker as many chunks as it should have, one at a time in turn.
    pub(super) fn hand_out(&mut self) {
        let mut handed = true;
        while handed {
            handed = false;
            for index in 0..self.workers.len() {
                if self.wants_more(index)
                    && let Some((chunk, attempt)) = self.next_chunk(index)
                {
                    handed = true;
                    self.send_chunk(index, chunk, attempt);
                }
            }
        }
        self.workers.iter_mut().for_each(Worker::send);
    }

    fn send_chunk(&mut self, index: usize, chunk: u64, attempt: u32) {
        let job = &self.fold.job;
        if let Err(cause) = self.workers[index].run(chunk, attempt, |bytes| job.encode(chunk, bytes)) {
            self.fold.unsent(chunk, cause);
        }
    }

    fn wants_more(&self, index: usize) -> bool {
        let worker = &self.workers[index];
        if worker.is_condemned() || self.chunks_per_worker.is_some_and(|most| worker.ran() >= most) {
            return false;
        }
        match worker.unanswered() {
            0 => true,
            // It may never come to life: it holds one chunk until it does.
            _ if !worker.greeted => false,
            unanswered => unanswered < self.ahead() && worker.unsent_bytes() < AHEAD_BYTES,
        }
    }

    /// How many chunks a worker is sent at once.
    fn ahead(&self) -> usize {
        let Some(pace) = self.pace else { return 1 };
        let fitting = (AHEAD.as_nanos() as u64 / pace.max(1)).max(1) + 1;
        // No more than a fair share of half of what is left: the rest evens out whoever is late.
        let left = self.fold.claims().left() + self.returned.len() as u64;
        let fair = left / (2 * self.size as u64) + 1;
        usize::try_from(fitting.min(fair)).unwrap_or(usize::MAX)
    }

    /// The lowest chunk that this worker may be given, and which attempt at it this will be.
    fn next_chunk(&mut self, index: usize) -> Option<(u64, u32)> {
        let returned = self.returned.first_key_value().map(|(&chunk, &attempt)| (chunk, attempt));
        if let Some((chunk, attempt)) = returned.filter(|&(chunk, attempt)| self.suits(index, chunk, attempt)) {
            self.returned.remove(&chunk);
            return Some((chunk, attempt));
        }
        match self.fold.claims().claim(|_| 1) {
            Claim::Block(block) => Some((block.start, 1)),
            Claim::Later | Claim::Never => None,
        }
    }

    /// Whether a chunk that came back may go to this worker. One that was lost goes to a worker that has run nothing,
    /// where there is one or can be.
    fn suits(&self, index: usize, chunk: u64, attempt: u32) -> bool {
        let fresh = |worker: &Worker| worker.ran() == 0;
        let fresh_to_come = self.workers.len() < self.size && self.starts_left > 0;
        self.fold.may_start(chunk)
            && (attempt == 1 || fresh(&self.workers[index]) || !(fresh_to_come || self.workers.iter().any(fresh)))
    }
}
