//! `OpenFolds`: the folds of a pool, and the pool's workers that sleep until one of these has something to claim.
//!
//! Whoever adds a fold, or opens the window of one, wakes one sleeper. A worker that finds something to claim wakes the
//! next. So a fold of one chunk wakes one worker, and a long one wakes all, one by one, without a crowd at the lock.
//!
//! No wake-up is lost. A worker looks at all folds under the lock before it sleeps; whoever wakes takes the lock too, and
//! only after the worker can see what it is woken for. So the worker has either seen it or sleeps already.
//!
//! A worker enters a fold under the lock, and a fold is taken off under the lock. So whoever has taken a fold off, and then
//! sees nobody inside, is alone with it.
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
        // Nothing under this lock can panic, but a poisoned list would still be whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

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

    /// Nobody enters `fold` any more.
    pub(super) fn take_off(&self, fold: &F) {
        self.lock().folds.retain(|other| !other.is(fold));
    }

    /// Sleeps until the latest fold with something to claim is found, and enters it; `None` after a stop.
    pub(super) fn enter_next(&self) -> Option<(F, F::Inside)> {
        let mut state = self.lock();
        while !state.stop {
            if let Some(fold) = state.folds.iter().rev().find(|fold| fold.is_open()).cloned() {
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
