//! `Arrivals`: the wake-up latency of a helper that sleeps, on this machine at this time.
//!
//! The latency depends on the machine: 2 us on bare metal, and 20 to 50 us on a virtual machine, where a sleeping core
//! is a halted virtual core. So it is measured at each wake-up, from the call until the helper is about to begin its
//! first chunk, on whatever core it then runs.
//!
//! Only helpers that arrive before the fold is over are measured. A helper that finds the fold over measures nothing.
//! So the estimate is too low rather than too high, and a helper is called once too often rather than never again.

use std::sync::atomic::{AtomicU64, Ordering};

/// The estimate before the first measurement, in nanoseconds.
const USUAL: u64 = 30_000;

/// A measurement counts as at most this, in nanoseconds. In a longer one, the helper had to wait for a core. If that
/// time counted in full, no helper would be called for a long time, and so no better time would be measured.
const MOST: u64 = 100_000;

/// A new measurement replaces one part in this many of the estimate.
const WEIGHT: u64 = 8;

/// A running estimate of the wake-up latency.
#[derive(Debug)]
pub(super) struct Arrivals(AtomicU64);

impl Arrivals {
    pub(super) const fn new() -> Self {
        Self(AtomicU64::new(USUAL))
    }

    /// The estimated wake-up latency, in nanoseconds.
    pub(super) fn usual(&self) -> u64 {
        // Relaxed, here and below: no other data depends on this number. If two are noted at once, one may be lost.
        self.0.load(Ordering::Relaxed)
    }

    /// Notes that a helper which was woken took `took` nanoseconds to arrive.
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
