//! Spinning: how a thread waits for an event that is expected within microseconds. The thread checks again and again,
//! for about as long as a wake-up would take. So it never loses more than twice the cost of the best choice.
//!
//! Two kinds of threads spin. A helper that has just run chunks spins for the next fold. A caller whose own part has
//! ended spins for the last block of its helpers.
//!
//! After some microseconds the thread yields its core to other threads between checks. On a machine with more threads
//! than cores, the thread that it waits for may need this very core. Without the yield that thread would have to wait
//! until the kernel takes the core away, some milliseconds later: spinning would make a fold a hundred times slower,
//! not faster.

use std::hint;
use std::thread;
use std::time::{Duration, Instant};

/// How long a thread spins before it sleeps.
pub(super) const LONGEST: Duration = Duration::from_micros(25);

/// How long a thread spins before it first yields. A yield is a system call, which would delay an event that comes at
/// once.
const ALONE: Duration = Duration::from_micros(5);

/// How many checks are made between two readings of the clock. One reading costs as much as a few checks.
const LOOKS: u32 = 8;

/// Spins until `is_there` returns true, or until sleeping is better than spinning on.
pub(super) fn until(is_there: impl Fn() -> bool) {
    let since = Instant::now();
    loop {
        for _ in 0..LOOKS {
            if is_there() {
                return;
            }
            hint::spin_loop();
        }
        let waited = since.elapsed();
        if waited > LONGEST {
            return;
        }
        if waited > ALONE {
            thread::yield_now();
        }
    }
}
