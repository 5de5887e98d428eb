//! `Sample`: how one figure is measured.

use std::hint::black_box;
use std::time::{Duration, Instant};

use crate::Quartiles;

/// One figure of a competitor, and a second one where the contest has two columns.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measured {
    /// The figure that the contest is about, usually seconds.
    pub main: f64,
    /// The second figure, for instance processor time.
    pub beside: Option<f64>,
}

impl From<f64> for Measured {
    fn from(main: f64) -> Self {
        Self { main, beside: None }
    }
}

/// Runs a competitor once and returns its figures.
pub type Sample = Box<dyn FnMut() -> Measured + Send>;

/// The shortest duration of one batch. The clock is read twice for it, at about 30 ns.
const BATCH: Duration = Duration::from_millis(2);

/// How long a caller is idle before a call.
const IDLE: Duration = Duration::from_millis(1);

/// How many calls after idleness make one sample, unless they take longer than [`LONG`]. The sample is their median.
/// One more call comes before them and is not counted: it runs with the caches and threads that another competitor has
/// left.
const IDLE_CALLS: usize = 9;

/// A sample of calls after idleness ends once it has taken this long: a few long calls are as informative as nine.
const LONG: Duration = Duration::from_millis(15);

/// The seconds that `run` takes.
pub fn timed<T>(run: impl FnOnce() -> T) -> f64 {
    let start = Instant::now();
    black_box(run());
    start.elapsed().as_secs_f64()
}

/// One call, from as many as take two milliseconds, one after another.
pub fn batched(mut run: impl FnMut() + Send + 'static) -> Sample {
    let mut calls = 1u32;
    Box::new(move || {
        loop {
            let seconds = timed(|| (0..calls).for_each(|_| run()));
            if seconds > BATCH.as_secs_f64() || calls > 1 << 20 {
                return (seconds / f64::from(calls)).into();
            }
            calls *= 2;
        }
    })
}

/// One call after a millisecond of idleness: the median of nine. `processor_time` gives the seconds of processor time
/// that this process has used; what it uses while it is idle is the second figure, as a share of one core.
pub fn after_idling(mut run: impl FnMut() + Send + 'static, processor_time: fn() -> f64) -> Sample {
    Box::new(move || {
        std::thread::sleep(IDLE);
        run();
        let (mut calls, mut busy, mut idle) = (Vec::new(), 0.0, 0.0);
        let start = Instant::now();
        while calls.len() < IDLE_CALLS && (calls.is_empty() || start.elapsed() < LONG) {
            let before = processor_time();
            idle += timed(|| std::thread::sleep(IDLE));
            busy += processor_time() - before;
            calls.push(timed(&mut run));
        }
        Measured { main: Quartiles::of(calls).median, beside: Some(busy / idle) }
    })
}

/// One call.
pub fn once(mut run: impl FnMut() + Send + 'static) -> Sample {
    Box::new(move || timed(&mut run).into())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    #[test]
    fn a_batch_repeats_a_short_call() {
        let calls = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&calls);
        let mut sample = batched(move || _ = counted.fetch_add(1, Ordering::Relaxed));
        // Who loses the core in the first calls takes them for long ones.
        let repeats = (0..10).any(|_| {
            let before = calls.load(Ordering::Relaxed);
            assert!(sample().main > 0.0);
            calls.load(Ordering::Relaxed) - before > 1000
        });
        assert!(repeats);
    }

    #[test]
    fn idle_calls_are_watched_while_they_are_idle() {
        let mut sample = after_idling(|| {}, || 0.0);
        assert_eq!(sample().beside, Some(0.0));
    }
}
