//! How often busy workers are looked at.

/// They are looked at this often, in nanoseconds: a look costs some microseconds for each of them.
const LOOK: u64 = 50_000_000;

/// However short the timeout is, they are not looked at more often than this, in nanoseconds. If a look were due again at
/// once, the run would never wait, and it lets new workers begin only when it is about to wait.
const LEAST: u64 = 1_000_000;

/// The time between two looks at the workers of a fold whose chunks may run for `timeout`, all in nanoseconds. A chunk that
/// starts after a look is overdue after `timeout` at the earliest.
pub(crate) fn time_to_look(timeout: Option<u64>) -> u64 {
    timeout.unwrap_or(LOOK).clamp(LEAST, LOOK)
}
