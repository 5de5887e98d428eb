//! `Streak`: whether folds follow one another so closely that a helper stays awake between them.
//!
//! A single fold of some tens of microseconds is not worth waking a helper that sleeps. A hundred such folds in a row
//! are: the helper is woken once, and spins from one fold to the next.
//!
//! Waking a helper for the sake of later folds costs the first fold some microseconds. This time is wasted if no other
//! fold follows while the helper spins. So a helper is woken only after two folds have followed each other that
//! closely.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::spin;

/// When the last fold ended that was worth a helper that spins.
#[derive(Debug)]
pub(super) struct Streak {
    began: Instant,
    /// In nanoseconds since `began`; 0 if there was none.
    ended: AtomicU64,
}

impl Streak {
    pub(super) fn new() -> Self {
        Self { began: Instant::now(), ended: AtomicU64::new(0) }
    }

    /// Whether a fold that begins now comes so soon after the last one that a helper would have spun until now.
    pub(super) fn is_on(&self, now: Instant) -> bool {
        // Relaxed: the time is a guess, and no other data depends on it.
        let ended = self.ended.load(Ordering::Relaxed);
        let since = now.duration_since(self.began).saturating_sub(Duration::from_nanos(ended));
        ended > 0 && since < spin::LONGEST
    }

    /// Notes that a fold which was worth a helper that spins ends now.
    pub(super) fn end(&self, now: Instant) {
        self.ended.store(now.duration_since(self.began).as_nanos() as u64, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folds_are_a_streak_while_a_helper_would_spin_from_one_to_the_next() {
        let streak = Streak::new();
        let now = streak.began + Duration::from_secs(1);
        assert!(!streak.is_on(now), "there was none before");
        streak.end(now);
        assert!(streak.is_on(now + spin::LONGEST / 2));
        assert!(!streak.is_on(now + spin::LONGEST));
        assert!(!streak.is_on(now + Duration::from_millis(1)));
    }
}
