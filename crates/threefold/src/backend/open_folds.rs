//! `OpenFolds`: the folds of a pool, and the pool's workers that sleep until one of these has something to claim.
//!
//! # How a helper joins and leaves
//!
//! All shared state is a list of running folds under one lock. A helper, under this lock, finds a fold with chunks to
//! claim and enters its gate; then it releases the lock and runs chunks. At the end the caller takes its fold off the
//! list, under the same lock. So when the caller has done that and then sees nobody inside the gate, it is alone with
//! its fold: a helper that came before is counted, and none can come after.
//!
//! # How sleepers are woken
//!
//! A helper that finds nothing to claim sleeps on a condition variable. Who puts a fold on the list wakes one sleeper.
//! A sleeper that finds a fold wakes the next one before it begins. This chain goes on as long as there are chunks and
//! sleepers, and a fold of one short block wakes one thread and not all. No wake-up is lost, because a helper looks at
//! the list and goes to sleep under the lock, and who wakes takes the lock after it has changed the state.
//!
//! The model checker (crate threefold-loom) compiles this file with locks of its own.

use std::sync::PoisonError;

use super::sync::{Condvar, Mutex, MutexGuard};

/// What the list needs to know of a fold.
pub(super) trait Open: Clone {
    /// What a worker has while it is inside a fold.
    type Inside;

    /// Whether there is something to claim now.
    fn is_open(&self) -> bool;

    /// A worker enters.
    fn enter(&self) -> Self::Inside;

    /// Whether both are the same fold.
    fn is(&self, other: &Self) -> bool;
}

#[derive(Debug)]
pub(super) struct OpenFolds<F> {
    state: Mutex<State<F>>,
    wake: Condvar,
}

#[derive(Debug)]
struct State<F> {
    /// The latest last.
    folds: Vec<F>,
    sleeping: usize,
    stop: bool,
}

impl<F> OpenFolds<F> {
    pub(super) fn new() -> Self {
        let state = State { folds: Vec::new(), sleeping: 0, stop: false };
        Self { state: Mutex::new(state), wake: Condvar::new() }
    }

    /// Wakes one sleeper: some fold may have something to claim again.
    pub(super) fn wake_one(&self) {
        self.wake_one_of(&self.lock());
    }

    /// Wakes all sleepers, and lets nobody find a fold any more.
    pub(super) fn stop(&self) {
        self.lock().stop = true;
        self.wake.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State<F>> {
        // Nothing can panic under this lock; and if something did, the list would still be whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes one sleeper, if there is one. The lock is held, so none can fall asleep meanwhile.
    fn wake_one_of(&self, state: &State<F>) {
        if state.sleeping > 0 {
            self.wake.notify_one();
        }
    }
}

impl<F: Open> OpenFolds<F> {
    /// Workers may enter `fold` from now on.
    pub(super) fn add(&self, fold: F) {
        let mut state = self.lock();
        state.folds.push(fold);
        self.wake_one_of(&state);
    }

    /// Takes `fold` off the list: no further helper enters it.
    pub(super) fn take_off(&self, fold: &F) {
        self.lock().folds.retain(|other| !other.is(fold));
    }

    /// Sleeps until the latest fold with something to claim is found, and enters it; `None` after a stop.
    pub(super) fn enter_next(&self) -> Option<(F, F::Inside)> {
        let mut state = self.lock();
        while !state.stop {
            // The latest fold first: it may be nested in an earlier one, which waits for it.
            if let Some(fold) = state.folds.iter().rev().find(|fold| fold.is_open()).cloned() {
                // Under the lock: see `Gate::enter`.
                let inside = fold.enter();
                self.wake_one_of(&state);
                return Some((fold, inside));
            }
            state.sleeping += 1;
            state = self.wake.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.sleeping -= 1;
        }
        None
    }
}
