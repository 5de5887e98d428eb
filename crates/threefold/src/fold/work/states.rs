//! `States`: what the workers of a fold keep for their task from block to block.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::panics;
use crate::task::Task;
use crate::task::state::State;

/// The states of the workers that run no block at present, by the numbers of the workers.
#[derive(Default)]
pub(super) struct States(Mutex<Vec<(usize, State)>>);

impl States {
    /// The state of `worker`, if it has one.
    pub(super) fn take(&self, worker: usize) -> Option<State> {
        let mut states = self.lock();
        let at = states.iter().position(|&(owner, _)| owner == worker)?;
        Some(states.swap_remove(at).1)
    }

    pub(super) fn keep(&self, worker: usize, state: State) {
        self.lock().push((worker, state));
    }

    /// Drops all. Destructors run after the lock was released.
    pub(super) fn clear(&self) {
        let states = std::mem::take(&mut *self.lock());
        drop(states);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(usize, State)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Makes a state for `task`, or says why this failed.
pub(super) fn make(task: &impl Task) -> Result<State, String> {
    match panics::catch_payload(|| task.__state()) {
        Ok(made) => made,
        Err(payload) => Err(panics::describe(payload).message),
    }
}
