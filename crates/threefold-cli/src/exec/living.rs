//! `Living`: how many children this process has, so that it can wait for their end before its own.
//!
//! When a run is over, other threads may still have children whose outputs nobody wants. They end them when they learn of
//! it, SIGTERM first. If this process ended before that, the guard would do it, but what the children write while they
//! end would reach nobody.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use super::guard;
use super::times::{GRACE, PATIENCE};

/// How many there are.
static COUNT: Mutex<usize> = Mutex::new(0);

/// There is none any more.
static NONE: Condvar = Condvar::new();

/// Whether all are to end. It only ever becomes true, and nothing else is published with it.
static ARE_TO_END: AtomicBool = AtomicBool::new(false);

/// Whether one was told to end. It only ever becomes true, and is asked when all have ended.
static HAVE_BEEN_TOLD: AtomicBool = AtomicBool::new(false);

/// The time in which every child has ended: its thread learns of it, the child is told and then killed. What is more is
/// for a machine that has too much to do.
const ENOUGH: Duration = PATIENCE.saturating_add(GRACE).saturating_add(Duration::from_millis(100));

/// A child that has not ended.
#[derive(Debug)]
pub(super) struct Living(());

impl Living {
    /// A child is about to begin.
    pub(super) fn begin() -> Self {
        *COUNT.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        Self(())
    }
}

impl Drop for Living {
    fn drop(&mut self) {
        let mut count = COUNT.lock().unwrap_or_else(PoisonError::into_inner);
        *count -= 1;
        if *count == 0 {
            NONE.notify_all();
        }
    }
}

/// Whether this process is about to end, and its children with it.
pub(super) fn are_to_end() -> bool {
    ARE_TO_END.load(Ordering::Relaxed)
}

/// A child is told to end.
pub(super) fn one_is_told() {
    HAVE_BEEN_TOLD.store(true, Ordering::Relaxed);
}

/// Ends all children, and waits until they have ended. The guard ends any that are left.
pub(crate) fn end_all() {
    ARE_TO_END.store(true, Ordering::Relaxed);
    let count = COUNT.lock().unwrap_or_else(PoisonError::into_inner);
    let waited = NONE.wait_timeout_while(count, ENOUGH, |count| *count > 0);
    let (count, _) = waited.unwrap_or_else(PoisonError::into_inner);
    // What those that were told to end have started elsewhere may be left: the guard looks for it.
    if *count == 0 && !HAVE_BEEN_TOLD.load(Ordering::Relaxed) {
        guard::no_more();
    }
}
