//! The machine's monotonic clock as a number, which processes of one machine can compare, and as an `Instant`.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

/// Nanoseconds since some moment that is the same for all processes of this machine.
pub(crate) fn now() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    // Negative never, and past 2^64 in 584 years.
    now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
}

/// The same time as of the kernel's last tick, a few milliseconds ago at most. It takes a fifth of the time to read.
#[cfg(all(feature = "mpi", target_os = "linux"))]
pub(crate) fn coarse() -> u64 {
    let now = clock_gettime(ClockId::MonotonicCoarse);
    now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
}

/// The `Instant` at which the clock showed `then`. It is the same whenever this is asked.
pub(crate) fn instant(then: u64) -> Instant {
    let (instant, now) = *anchor();
    match now.checked_sub(then) {
        Some(ago) => instant.checked_sub(Duration::from_nanos(ago)).unwrap_or(instant),
        None => instant + Duration::from_nanos(then - now),
    }
}

/// A moment on both clocks. The clocks run alike, so one such moment relates all others.
///
/// The thread may lose its core between two readings, and they are then those of different moments. So the pair is the
/// one of several that was read in the shortest time.
fn anchor() -> &'static (Instant, u64) {
    static ANCHOR: OnceLock<(Instant, u64)> = OnceLock::new();
    let read = || {
        let (before, instant, after) = (now(), Instant::now(), now());
        (after - before, (instant, before + (after - before) / 2))
    };
    ANCHOR.get_or_init(|| (0..5).map(|_| read()).min_by_key(|&(took, _)| took).map_or_else(|| read().1, |best| best.1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_a_worker_says_of_the_time_is_an_instant() {
        let at = instant(now());
        assert!(instant(0) <= at && instant(u64::MAX) > at);
    }

    #[test]
    fn one_time_is_one_instant() {
        let then = now();
        let at = instant(then);
        assert_eq!((instant(then), instant(then + 1) - at), (at, Duration::from_nanos(1)));
    }
}
