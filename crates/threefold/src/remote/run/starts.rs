//! `Starts`: tells observers which chunks workers have started.
//!
//! When a block is sent, none of its chunks has started, and a message for each start would cost more than many a chunk.
//! So a start is told when one of three things shows it:
//!
//! - The dispatcher looks at busy workers some twenty times per second anyway. The run then asks the carrier which chunk
//!   each of them is running. A carrier that cannot see it says nothing.
//! - An answer names the chunk and when it started. If this start was not told before, it is told now, before the end.
//! - A worker is lost, and its carrier knows which chunk it was running.
//!
//! # What holds
//!
//! - *Each start is told once.* A start that was told before its answer is noted until the answer comes. A worker holds
//!   answers back, so there may be several such notes for one worker.
//! - *No start is told that was none.* A task may write over what its worker notes. Only a chunk that the worker was sent
//!   at this attempt, and has not answered, is believed.
//! - *The time is that of this chunk.* The worker notes one field after the other. Two readings that agree are those of
//!   one chunk: a chunk ends before the fields of the next one are written, and its end is read first.

use std::time::Duration;

use super::Run;
use crate::remote::carrier::Carrier;
use crate::remote::dispatch::{Progress, Sent};
use crate::trace::Start;

/// Which starts were told of chunks that are not answered. `None` if nobody wants to know.
#[derive(Debug)]
pub(super) struct Starts(Option<Vec<Sent>>);

impl Starts {
    pub(super) fn new(is_observed: bool) -> Self {
        Self(is_observed.then(Vec::new))
    }

    /// Whether this start is to be told. It is noted as told.
    fn is_news(&mut self, sent: Sent) -> bool {
        self.0.as_mut().is_some_and(|told| {
            let is_news = !told.contains(&sent);
            if is_news {
                told.push(sent);
            }
            is_news
        })
    }

    /// The chunk has ended, so its start is to be told now if that is still to be done; whether it is.
    fn ends(&mut self, sent: Sent) -> bool {
        self.0.as_mut().is_some_and(|told| match told.iter().position(|&other| other == sent) {
            Some(note) => {
                told.swap_remove(note);
                false
            }
            None => true,
        })
    }
}

impl<C: Carrier> Run<'_, C> {
    /// Tells which chunk `worker` is running.
    pub(super) fn look_for_start(&mut self, worker: usize) {
        if self.starts.0.is_none() {
            return;
        }
        let seen = self.carrier.running(worker);
        if let Some(running) = seen.filter(|_| seen == self.carrier.running(worker)) {
            let sent = Sent { chunk: running.chunk, attempt: running.attempt };
            if self.dispatch.has_sent(worker, sent) && self.starts.is_news(sent) {
                self.tell_start(worker, sent, running.since);
            }
        }
    }

    /// Tells that a chunk, of which `worker` has just answered, had started at time `started`.
    pub(super) fn start_of_answered(&mut self, worker: usize, sent: Sent, started: u64) {
        if self.starts.ends(sent) && self.port.counts_results() {
            self.tell_start(worker, sent, started);
        }
    }

    /// Tells that the chunk had started that `worker` was running when it was lost.
    pub(super) fn start_of_lost(&mut self, worker: usize, progress: Progress, ran_for: Option<Duration>) {
        let Progress::Known { running: Some(sent), .. } = progress else { return };
        if self.dispatch.has_sent(worker, sent) && self.starts.ends(sent) {
            let ran_for = ran_for.map_or(0, |ran_for| u64::try_from(ran_for.as_nanos()).unwrap_or(u64::MAX));
            self.tell_start(worker, sent, self.carrier.now().saturating_sub(ran_for));
        }
    }

    fn tell_start(&self, worker: usize, sent: Sent, started: u64) {
        let Sent { chunk, attempt } = sent;
        self.port.start(|| Start { chunk, worker, started: self.carrier.instant(worker, started), attempt });
    }
}

#[cfg(test)]
mod tests {
    use super::{Sent, Starts};

    #[test]
    fn each_start_is_told_once_whichever_shows_it_first() {
        let mut starts = Starts::new(true);
        let [one, again, other] = [(1, 1), (1, 2), (2, 1)].map(|(chunk, attempt)| Sent { chunk, attempt });
        assert!(starts.is_news(one) && !starts.is_news(one), "two looks");
        assert!(!starts.ends(one), "a look and then the answer");
        assert!(starts.ends(other), "the answer alone");
        assert!(starts.is_news(other) && starts.is_news(again), "another attempt is another start");
        assert!(!starts.ends(again) && !starts.ends(other));
    }

    #[test]
    fn nothing_is_told_or_noted_if_nobody_observes() {
        let mut starts = Starts::new(false);
        let sent = Sent { chunk: 1, attempt: 1 };
        assert!(!starts.is_news(sent) && !starts.ends(sent));
        assert!(starts.0.is_none());
    }
}
