//! `Watch`: when a relay looks at what its workers are doing, and which of them has run a chunk for too long.
//!
//! The dispatcher watches the workers of `processes` by itself. Those of other ranks it cannot see: their status pages
//! are on other hosts, and a message about each look would come too late to tell whether a chunk is late. So the relay
//! keeps deadlines, with the same rules. It tells rank 0 only what changes: that a worker stops, and that a worker does
//! nothing or does something again.
//!
//! The rules are:
//!
//! - A chunk is late when it has been running for the timeout. The next look is at the earliest such moment, or after
//!   the timeout, but not before 1 ms and not later than after 50 ms: a chunk that starts now cannot be late much before.
//! - The worker of a late chunk is told to terminate, with what it has started. The status page is read once more after
//!   the limit of the worker was set to 0. So a chunk that has ended in between is not blamed, and the next one is not
//!   stopped in its place.
//! - A worker that is still there 100 ms later is killed.
//!
//! Rank 0 does not repeat any of this. It is told that the worker stops, and sends it no more chunks.

use std::collections::VecDeque;
use std::time::Duration;

use crate::remote::dispatch::{Activity, NOTICE, time_to_look};

/// What rank 0 does not know yet of a worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Doing {
    /// It was told to terminate.
    Stops,
    /// Whether it was found to be doing nothing.
    Rests(bool),
}

/// The looks of one relay. Times are in nanoseconds.
#[derive(Debug)]
pub(super) struct Watch {
    timeout: Option<u64>,
    /// The time of the next look; `None` between folds.
    look_at: Option<u64>,
    /// Whether a fold has begun and nothing was looked at yet.
    has_begun: bool,
    /// What rank 0 knows of each worker.
    known: Vec<Known>,
    /// When workers that were told to terminate are to be killed.
    notices: VecDeque<(u64, usize)>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Known {
    rests: bool,
    stops: bool,
}

impl Watch {
    /// A watch over so many workers, whose chunks may take `timeout`.
    pub(super) fn new(workers: usize, timeout: Option<Duration>) -> Self {
        let timeout = timeout.map(|timeout| u64::try_from(timeout.as_nanos()).unwrap_or(u64::MAX));
        let known = vec![Known::default(); workers];
        Self { timeout, look_at: None, has_begun: false, known, notices: VecDeque::new() }
    }

    /// A fold begins.
    pub(super) fn begin(&mut self) {
        self.has_begun = true;
    }

    /// The fold is over.
    pub(super) fn end(&mut self) {
        (self.has_begun, self.look_at) = (false, None);
    }

    /// The worker with this number is another one, or none.
    pub(super) fn forget(&mut self, worker: usize) {
        self.known[worker] = Known::default();
        self.notices.retain(|&(_, other)| other != worker);
    }

    /// When something is to be done at the latest.
    pub(super) fn due(&self) -> Option<u64> {
        let notice = self.notices.front().map(|&(until, _)| until);
        [self.look_at, notice].into_iter().flatten().min()
    }

    /// Whether it is time for a look.
    pub(super) fn is_due(&mut self, now: u64) -> bool {
        let every = time_to_look(self.timeout);
        if std::mem::take(&mut self.has_begun) {
            self.look_at = Some(now + every);
        }
        let is_due = self.look_at.is_some_and(|look_at| look_at <= now);
        if is_due {
            self.look_at = Some(now + every);
        }
        is_due
    }

    /// A worker was found to be doing this. Where its chunk is late, it is told to `terminate`, unless the chunk has just
    /// ended. Returns what rank 0 does not know yet.
    pub(super) fn saw(
        &mut self,
        worker: usize,
        activity: Activity,
        now: u64,
        terminate: impl FnOnce(u64) -> bool,
    ) -> Option<Doing> {
        let known = &mut self.known[worker];
        if known.stops {
            return None;
        }
        if let (Activity::Runs { since }, Some(timeout)) = (activity, self.timeout) {
            let late_at = since.saturating_add(timeout);
            if late_at <= now && terminate(timeout) {
                known.stops = true;
                self.notices.push_back((now + NOTICE, worker));
                return Some(Doing::Stops);
            }
            if late_at > now {
                self.look_at = self.look_at.map(|look_at| look_at.min(late_at));
            }
        }
        let rests = activity == Activity::Rests;
        (std::mem::replace(&mut known.rests, rests) != rests).then_some(Doing::Rests(rests))
    }

    /// A worker whose notice is over.
    pub(super) fn kill(&mut self, now: u64) -> Option<usize> {
        let &(until, worker) = self.notices.front()?;
        (until <= now).then(|| self.notices.pop_front())?;
        Some(worker)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMEOUT: u64 = 10_000_000;

    fn watch() -> Watch {
        let mut watch = Watch::new(2, Some(Duration::from_nanos(TIMEOUT)));
        watch.begin();
        assert!(!watch.is_due(0), "no chunk can be late");
        watch
    }

    #[test]
    fn a_late_chunk_ends_with_a_notice_and_then_with_a_kill() {
        let mut watch = watch();
        assert_eq!(watch.due(), Some(TIMEOUT));
        assert!(watch.is_due(TIMEOUT));
        let runs = Activity::Runs { since: 3_000_000 };
        assert_eq!(watch.saw(0, runs, TIMEOUT, |_| unreachable!()), None);
        let late = 3_000_000 + TIMEOUT;
        assert_eq!(watch.due(), Some(late), "the next look is when it is late");
        assert!(watch.is_due(late));
        assert_eq!(watch.saw(0, runs, late, |timeout| timeout == TIMEOUT), Some(Doing::Stops));
        assert_eq!(watch.saw(0, runs, late, |_| unreachable!()), None, "once");
        assert_eq!(
            [watch.kill(late + NOTICE - 1), watch.kill(late + NOTICE), watch.kill(u64::MAX)],
            [None, Some(0), None]
        );
    }

    #[test]
    fn a_chunk_that_has_just_ended_is_spared() {
        let mut watch = watch();
        assert!(watch.is_due(TIMEOUT));
        assert_eq!(watch.saw(0, Activity::Runs { since: 0 }, TIMEOUT, |_| false), None);
        assert_eq!(watch.kill(u64::MAX), None);
    }

    #[test]
    fn the_next_worker_of_a_number_is_not_killed_for_the_last() {
        let mut watch = watch();
        assert!(watch.is_due(TIMEOUT));
        watch.saw(1, Activity::Runs { since: 0 }, TIMEOUT, |_| true);
        watch.forget(1);
        assert_eq!(watch.kill(u64::MAX), None);
    }

    #[test]
    fn only_changes_are_told() {
        let mut watch = watch();
        let mut saw = |activity| watch.saw(0, activity, 1, |_| unreachable!());
        let told = [Activity::Moves, Activity::Rests, Activity::Rests, Activity::Moves].map(&mut saw);
        assert_eq!(told, [None, Some(Doing::Rests(true)), None, Some(Doing::Rests(false))]);
    }

    #[test]
    fn looks_are_a_millisecond_apart_however_short_the_timeout_is() {
        let mut watch = Watch::new(1, Some(Duration::from_nanos(1)));
        watch.begin();
        assert!(!watch.is_due(0));
        assert_eq!(watch.due(), Some(1_000_000));
    }

    #[test]
    fn between_folds_nobody_is_looked_at() {
        let mut watch = watch();
        watch.end();
        assert_eq!((watch.due(), watch.is_due(u64::MAX)), (None, false));
    }
}
