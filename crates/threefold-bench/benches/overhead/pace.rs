//! `Pace`: how often, and after what, a competitor is asked to do its job.

use rustix::time::{ClockId, clock_gettime};
use threefold_contest::{Measured, Sample, after_idling, batched, once};

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Pace {
    /// Calls one after another; the figure is the time of one.
    Hot,
    /// One call after a millisecond of idleness.
    Idle,
    /// A single call, which takes long enough to be timed alone.
    Once,
    /// One call, divided by its number of chunks.
    PerChunk(u64),
}

impl Pace {
    pub(crate) fn sample(self, run: impl FnMut() + Send + 'static) -> Sample {
        match self {
            Pace::Hot => batched(run),
            Pace::Idle => after_idling(run, processor_time),
            Pace::Once => once(run),
            Pace::PerChunk(chunks) => {
                let mut all = once(run);
                Box::new(move || Measured::from(all().main / chunks as f64))
            }
        }
    }
}

/// The seconds of processor time that all threads of this process have used.
pub(crate) fn processor_time() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}
