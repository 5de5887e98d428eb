//! Where threads of the library meet, model-checked: every interleaving of a few threads that loom can tell apart.
//!
//! The library's files are compiled here once more, with the checker's atomics and locks. A thread that would wait for ever
//! is a deadlock, which the checker finds.

#![allow(dead_code, clippy::unwrap_used, reason = "parts of the library are compiled here by themselves")]

#[path = "../../../threefold/src/fold/claims.rs"]
mod claims;
#[path = "../../../threefold/src/fold/finished.rs"]
mod finished;
#[path = "../../../threefold/src/fold/gate.rs"]
mod gate;
#[path = "../../../threefold/src/backend/idle_slot.rs"]
mod idle_slot;
#[path = "../../../threefold/src/fold/notify.rs"]
mod notify;
#[path = "../../../threefold/src/backend/open_folds.rs"]
mod open_folds;

mod awaiting;
mod claiming;
mod idle_slots;
mod waking;

/// What the library's files are compiled with.
mod sync {
    pub(crate) use loom::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering, fence};
    pub(crate) use loom::sync::{Condvar, Mutex, MutexGuard};
}

/// Explores `scenario` with at most so many preemptions, which finds what can be found in good time.
fn model(preemptions: usize, scenario: impl Fn() + Sync + Send + 'static) {
    let mut explorer = loom::model::Builder::new();
    explorer.preemption_bound = Some(preemptions);
    explorer.check(scenario);
}
