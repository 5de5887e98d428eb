//! `Stopwatch`: measures when chunks begin and end. It does not read the clock for each chunk that is cheaper than a
//! reading.
//!
//! Three things need the time: an observer or a trace, a deadline, and the decision how long answers are held back. The
//! parent tells the worker about the first two, and then the worker reads the clock at the end of every chunk. The
//! third needs the time only to a few milliseconds. An error also names when a lost chunk started, and this needs no
//! higher precision either.
//!
//! Measured on a virtual machine: one reading takes 38 ns, the kernel's last tick 9 ns, and the rest of a trivial chunk
//! about 40 ns.

use rustix::time::{ClockId, clock_gettime};

use crate::remote::clock;

/// A chunk that takes less than this, in nanoseconds, is cheap and gets no reading of its own. A reading takes 20 to 40
/// ns.
const CHEAP: u64 = 1_000;

/// This many cheap chunks share one reading of the clock.
const SHARED: u32 = 64;

/// The time of the last reading. Each chunk begins when the previous one ends, so one reading serves both.
///
/// Between cheap chunks only the kernel's last tick is read, which takes a quarter of a clock reading. So an expensive
/// chunk is noticed at its end. Its start is known to within one tick, which is at most 10 ms.
#[derive(Debug)]
pub(super) struct Stopwatch {
    now: u64,
    tick: i64,
    /// Chunks that have ended since the last reading.
    unread: u32,
    cheap: bool,
}

impl Stopwatch {
    pub(super) fn start() -> Self {
        Self { now: clock::now(), tick: tick(), unread: 0, cheap: false }
    }

    /// The time of the last reading.
    pub(super) fn now(&self) -> u64 {
        self.now
    }

    /// A chunk has ended. Returns whether the clock was read.
    pub(super) fn lap(&mut self) -> bool {
        self.unread += 1;
        if self.cheap && self.unread < SHARED && tick() == self.tick {
            return false;
        }
        self.read();
        true
    }

    /// A chunk has ended. Reads the clock and returns the time.
    pub(super) fn lap_exactly(&mut self) -> u64 {
        self.unread += 1;
        self.read()
    }

    /// Reads the clock and returns the time.
    pub(super) fn read(&mut self) -> u64 {
        let before = std::mem::replace(&mut self.now, clock::now());
        if self.unread > 0 {
            self.cheap = self.now.saturating_sub(before) < CHEAP * u64::from(self.unread);
            self.unread = 0;
        }
        self.tick = tick();
        self.now
    }
}

/// The time of the kernel's last tick.
fn tick() -> i64 {
    clock_gettime(ClockId::MonotonicCoarse).tv_nsec as i64
}
