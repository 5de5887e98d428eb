//! `TurnClock`: says when a thread that does many short steps should give way to others.
//!
//! Whoever is polled by an async runtime takes turns: it does what it can for some microseconds, and then lets the
//! runtime poll others.

use std::time::{Duration, Instant};

/// Decides when the clock is read in one turn. A reading may cost as much as a step. So if steps are short, several are
/// taken between two readings: as many as fit in a quarter of the time that is left of the turn.
pub(crate) struct TurnClock {
    length: Duration,
    since: Instant,
    steps: u32,
    /// The step after which the clock is read next.
    next: u32,
}

impl TurnClock {
    /// The most steps between two readings, so that a few steps that suddenly take long do not delay others.
    const MOST: u64 = 8;

    /// A turn of this length begins.
    pub(crate) fn new(length: Duration) -> Self {
        Self { length, since: Instant::now(), steps: 0, next: 1 }
    }

    /// Counts a step. Returns whether the turn is over; between two readings of the clock the answer is no.
    pub(crate) fn is_over(&mut self) -> bool {
        self.steps += 1;
        if self.steps < self.next {
            return false;
        }
        let past = self.since.elapsed();
        let left = self.length.saturating_sub(past);
        let fitting = left.as_nanos() as u64 / 4 * u64::from(self.steps) / (past.as_nanos() as u64).max(1);
        self.next = self.steps + fitting.clamp(1, Self::MOST) as u32;
        left.is_zero()
    }
}
