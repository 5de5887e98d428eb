//! How a thread waits for something that will come within microseconds: it looks again and again, for about as long as a
//! wake-up would take. So it never loses more than twice what the best choice would have cost.
//!
//! Two threads do this: a helper that has just worked, which waits for the next fold, and a caller whose own part has ended,
//! which waits for the last block of its helpers.
//!
//! After some microseconds it offers its core to others between looks. On a machine with more threads than cores the thread
//! that is waited for may be one of these, and would otherwise have to wait until the kernel takes the core away, some
//! milliseconds later: spinning would make a fold a hundred times slower, not faster.

use std::hint;
use std::thread;
use std::time::{Duration, Instant};

/// How long a thread looks before it sleeps.
pub(super) const LONGEST: Duration = Duration::from_micros(25);

/// For this long the core is not offered to others. That is a system call, which would delay what comes at once.
const ALONE: Duration = Duration::from_micros(5);

/// How many looks are made between two questions for the time, each of which costs as much as a few looks.
const LOOKS: u32 = 8;

/// Looks until `is_there`, or until it has not come for so long that it is better to sleep.
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
