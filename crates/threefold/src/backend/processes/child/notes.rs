//! `Notes`: what a worker had noted of its progress when it ended, and what that says of the chunks that it was sent.
//!
//! The notes count the chunks of the worker's whole life. The caller knows how many it had sent and how many of them have
//! no answer. The worker answers in order, so the difference is the serial number of the last chunk that is answered. A
//! chunk that the worker had noted as running must come after it. Anything else was written by a task that has damaged
//! the page, and then nothing is known: every chunk without an answer counts as started.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Worker;
use crate::remote::clock;
use crate::remote::dispatch::{Progress, Sent};
use crate::remote::wire::Running;

impl Worker {
    /// The chunk that it is running, as it has noted.
    pub(in crate::backend::processes) fn running(&self) -> Option<Running> {
        self.page.running()
    }

    /// The last state of a worker that is dead or was killed: its notes, how long its chunk had run, and the timeout
    /// that the chunk exceeded.
    pub(in crate::backend::processes) fn last_state(&self) -> LastState {
        let running = self.page.running();
        let notes = Notes { done: self.page.last_done(), running };
        let ran_for = running.map(|running| Duration::from_nanos(clock::now().saturating_sub(running.since)));
        let missed = self.timed_out.filter(|timed_out| Some(timed_out.serial) == running.map(|running| running.serial));
        LastState { notes, ran_for, missed: missed.map(|timed_out| timed_out.timeout) }
    }
}

/// A worker of which all is known but how its process ended.
#[derive(Debug)]
pub(in crate::backend::processes) struct LastState {
    /// What it had noted of its progress.
    pub(in crate::backend::processes) notes: Notes,
    /// How long the chunk that was running had been running.
    pub(in crate::backend::processes) ran_for: Option<Duration>,
    /// The timeout that this chunk exceeded.
    pub(in crate::backend::processes) missed: Option<Duration>,
}

/// The last notes of a worker. They count the chunks of its whole life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Notes {
    /// The serial number of the last chunk that was done.
    pub(super) done: u64,
    /// The chunk that was running.
    pub(super) running: Option<Running>,
}

impl Notes {
    /// How far the worker had come, where it was sent so many chunks in its life and `unanswered` of them are not
    /// answered.
    pub(crate) fn progress(self, sent: u64, unanswered: u64) -> Progress {
        let answered = sent.saturating_sub(unanswered);
        let Some(running) = self.running else {
            return Progress::Known { done: self.done.saturating_sub(answered), running: None };
        };
        // A task may have written anything there.
        if running.serial == answered {
            // It died when it had answered this chunk and was about to note that the chunk was done.
            Progress::Known { done: 0, running: None }
        } else if (answered + 1..=sent).contains(&running.serial) {
            let named = Sent { chunk: running.chunk, attempt: running.attempt };
            Progress::Known { done: running.serial - answered - 1, running: Some(named) }
        } else {
            Progress::Unknown
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn running(serial: u64) -> Option<Running> {
        Some(Running { serial, chunk: 70, attempt: 2, since: 0 })
    }

    #[test]
    fn progress_is_counted_from_what_was_answered() {
        let known = |done, running| Progress::Known { done, running };
        let named = Some(Sent { chunk: 70, attempt: 2 });
        // Ten chunks were sent, of which seven were answered.
        let progress = |notes: Notes| notes.progress(10, 3);
        assert_eq!(progress(Notes { done: 8, running: running(9) }), known(1, named));
        assert_eq!(progress(Notes { done: 9, running: None }), known(2, None));
        assert_eq!(progress(Notes { done: 6, running: running(7) }), known(0, None), "it was answered");
    }

    #[test]
    fn notes_that_cannot_be_are_not_believed() {
        for serial in [1, 6, 11, u64::MAX] {
            assert_eq!(Notes { done: 0, running: running(serial) }.progress(10, 3), Progress::Unknown, "{serial}");
        }
    }
}
