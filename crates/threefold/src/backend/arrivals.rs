//! `Arrivals`: how long a helper that sleeps takes to come when it is called, on this machine at this time.
//!
//! It depends on the machine (2 us on bare metal, 20 to 50 us where a sleeping core is a halted virtual one), so it is
//! measured whenever a sleeper is woken: from the call until the helper begins its first chunk, on whatever core it then is.
//!
//! Only helpers that come in time are measured: one that finds the fold already over tells nothing. So the estimate is low
//! rather than high, and a helper is called once too often rather than never again.

use std::sync::atomic::{AtomicU64, Ordering};

/// What is assumed before the first was measured, in nanoseconds.
const USUAL: u64 = 30_000;

/// A measurement is taken for at most this much. One that lasted longer tells of a helper that had to wait for a core, and
/// if it counted in full, nobody would be called for a long time, and nothing better be measured.
const MOST: u64 = 100_000;

/// How much of the estimate a new measurement replaces: one part of so many.
const WEIGHT: u64 = 8;

/// A running estimate.
#[derive(Debug)]
pub(super) struct Arrivals(AtomicU64);

impl Arrivals {
    pub(super) const fn new() -> Self {
        Self(AtomicU64::new(USUAL))
    }

    /// How long a helper that sleeps takes to come, in nanoseconds.
    pub(super) fn usual(&self) -> u64 {
        // Relaxed, here and below: a number that guards nothing. Of two that are noted at once one may be lost.
        self.0.load(Ordering::Relaxed)
    }

    /// A helper has come, after `took` nanoseconds.
    pub(super) fn note(&self, took: u64) {
        let usual = self.usual();
        self.0.store(usual - usual / WEIGHT + took.min(MOST) / WEIGHT, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_estimate_follows_what_is_measured_and_one_that_is_late_changes_little() {
        let arrivals = Arrivals::new();
        (0..100).for_each(|_| arrivals.note(2_000));
        assert!(arrivals.usual() < 3_000, "{}", arrivals.usual());
        arrivals.note(50_000_000);
        assert!(arrivals.usual() < 16_000, "{}", arrivals.usual());
        (0..100).for_each(|_| arrivals.note(u64::MAX));
        assert!((90_000..=MOST).contains(&arrivals.usual()), "{}", arrivals.usual());
    }
}
