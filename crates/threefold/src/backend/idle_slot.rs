//! `IdleSlot`: where a thread waits between two jobs, until it gets the next one or the slot is closed.
//!
//! It has room for one thread. A job is given only to a thread that waits here and does nothing else, so a job never waits
//! for another one: who has a job and finds nobody at the slot starts a thread. A thread that finds the slot taken ends.
//!
//! While a thread waits, the slot has the thread's handle. Who closes the slot gets the handle and joins the thread. All
//! of the user's code that still runs meanwhile are destructors of values that tasks have made thread-local.
//!
//! The model checker (crate threefold-loom) compiles this file with locks of its own.

use std::mem;
use std::sync::PoisonError;

use super::sync::{Condvar, Mutex, MutexGuard};

/// Where one thread with a handle `H` waits for a job `J`.
#[derive(Debug)]
pub(super) struct IdleSlot<J, H> {
    state: Mutex<State<J, H>>,
    called: Condvar,
}

#[derive(Debug)]
enum State<J, H> {
    /// Nobody waits.
    Free,
    /// A thread with this handle waits.
    Taken(H),
    /// The thread with this handle has this job, and leaves.
    Called(J, H),
    /// Nobody waits here any more.
    Closed,
}

impl<J, H> IdleSlot<J, H> {
    pub(super) fn new() -> Self {
        Self { state: Mutex::new(State::Free), called: Condvar::new() }
    }

    /// Gives `job` to the thread that waits here.
    ///
    /// # Errors
    ///
    /// The job, if nobody waits here.
    pub(super) fn give(&self, job: J) -> Result<(), J> {
        let mut state = self.lock();
        match mem::replace(&mut *state, State::Free) {
            State::Taken(handle) => {
                *state = State::Called(job, handle);
                drop(state);
                self.called.notify_one();
                Ok(())
            }
            other => {
                *state = other;
                Err(job)
            }
        }
    }

    /// The thread that calls this, and has this handle, waits here for a job. It gets its handle back with the job. It gets
    /// none, and is to end, if the slot is taken or closed.
    pub(super) fn wait(&self, handle: H) -> Option<(J, H)> {
        let mut state = self.lock();
        let State::Free = *state else { return None };
        *state = State::Taken(handle);
        loop {
            state = self.called.wait(state).unwrap_or_else(PoisonError::into_inner);
            match mem::replace(&mut *state, State::Free) {
                State::Called(job, handle) => return Some((job, handle)),
                // The system may wake a thread that nobody has called.
                State::Taken(handle) => *state = State::Taken(handle),
                State::Closed => {
                    *state = State::Closed;
                    return None;
                }
                State::Free => unreachable!("only the thread that waits leaves"),
            }
        }
    }

    /// From now on nobody waits here. Returns the handle of the thread that waited here: it ends. Who calls this knows that
    /// no job is on its way.
    pub(super) fn close(&self) -> Option<H> {
        let before = mem::replace(&mut *self.lock(), State::Closed);
        match before {
            State::Taken(handle) => {
                self.called.notify_one();
                Some(handle)
            }
            State::Free | State::Called(..) | State::Closed => None,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<J, H>> {
        // No code of the user's runs under this lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
