//! `States`: the states of a fold's workers, while they run no block. See [`task::state`](crate::task::state).
//!
//! A worker takes its state before it runs a block and puts it back after that. So the lock is taken twice for each
//! block, and only in folds whose task has a state.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Fold;
use crate::error::{Cause, Error};
use crate::panics;
use crate::task::Task;
use crate::task::state::{self, State};

/// The states, each with the number of its worker.
#[derive(Debug, Default)]
pub(crate) struct States(Mutex<Vec<(usize, State)>>);

impl States {
    /// The state of `worker`, which is made if there is none. If it cannot be made the fold ends, and there is none.
    pub(crate) fn take<T: Task>(&self, task: &T, fold: &Fold, worker: usize) -> Option<State> {
        if !T::__STATEFUL {
            return Some(State::default());
        }
        let mut states = self.lock();
        if let Some(at) = states.iter().position(|&(owner, _)| owner == worker) {
            return Some(states.swap_remove(at).1);
        }
        drop(states);
        let make = || {
            let _entered = fold.scope.enter();
            task.__state()
        };
        let reason = match panics::catch_payload(make) {
            Ok(Ok(state)) => return Some(state),
            Ok(Err(reason)) => reason,
            Err(payload) => panics::describe(payload).message,
        };
        let cause = Cause::Setup { reason: state::unmade(&reason), source: None };
        fold.abort(Error::new(cause, fold.place_of_all()));
        None
    }

    /// Keeps the state of `worker` until its next block.
    pub(crate) fn put_back<T: Task>(&self, worker: usize, state: State) {
        if T::__STATEFUL {
            self.lock().push((worker, state));
        }
    }

    /// The states of all workers, at the end of the fold.
    pub(crate) fn take_all<T: Task>(&self) -> Vec<(usize, State)> {
        if T::__STATEFUL { std::mem::take(&mut *self.lock()) } else { Vec::new() }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(usize, State)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
