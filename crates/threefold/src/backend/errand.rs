//! `Errand`: one thing that a thread does for a future.
//!
//! A future must not block the thread that polls it. So an errand does what would block: for instance, it runs the fold
//! that the future awaits. The future polls the errand for its result. If the future is dropped, nobody waits for the
//! thread, which ends when its work is done, or waits for the next errand ([`spare`](super::spare)).

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::thread;

use super::stack;
use crate::fold::notify;

/// The handle of the thread, from which a future gets the result.
pub(crate) struct Errand<R>(Arc<Mutex<State<R>>>);

enum State<R> {
    /// The thread works. It wakes this future at the end.
    Away(Option<Waker>),
    /// It has come back, or its work has panicked.
    Back(thread::Result<R>),
    /// The future has the result.
    Over,
}

impl<R: Send + 'static> Errand<R> {
    /// Starts a thread of this name for `work`, which ends with the work.
    pub(crate) fn begin(name: &str, work: impl FnOnce() -> R + Send + 'static) -> io::Result<Self> {
        let bytes = stack::size();
        let (errand, job) = Self::of(work);
        let thread = thread::Builder::new().name(name.to_string()).stack_size(bytes);
        thread.spawn(move || {
            stack::note(bytes);
            job();
        })?;
        Ok(errand)
    }

    /// The errand, and what the thread has to do, which never unwinds.
    pub(super) fn of(work: impl FnOnce() -> R + Send + 'static) -> (Self, impl FnOnce() + Send + 'static) {
        let state = Arc::new(Mutex::new(State::Away(None)));
        let theirs = Arc::clone(&state);
        let job = move || {
            // Unwind-safe: the panic continues where the future is polled, and nothing of the work is used after it.
            let result = catch_unwind(AssertUnwindSafe(work));
            let before = std::mem::replace(&mut *lock(&theirs), State::Back(result));
            if let State::Away(Some(future)) = before {
                notify::wake(future);
            }
        };
        (Self(state), job)
    }
}

impl<R> Future for Errand<R> {
    type Output = R;

    /// # Panics
    ///
    /// If the work panicked, or after the result was given.
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<R> {
        // Cloned, and the one before is dropped, without the lock: both are code of somebody else.
        let waker = cx.waker().clone();
        let mut state = lock(&self.0);
        let before = match &mut *state {
            State::Away(future) => future.replace(waker),
            State::Back(_) => match std::mem::replace(&mut *state, State::Over) {
                State::Back(Ok(result)) => return Poll::Ready(result),
                State::Back(Err(payload)) => {
                    drop(state);
                    resume_unwind(payload)
                }
                State::Away(_) | State::Over => unreachable!("it was back"),
            },
            State::Over => panic!("the result was given"),
        };
        drop(state);
        drop(before);
        Poll::Pending
    }
}

impl<R> Errand<R> {
    /// Nobody polls any more. The thread may work for long, and must neither keep the waker nor call it.
    pub(crate) fn forget_future(&self) {
        let waker = match &mut *lock(&self.0) {
            State::Away(future) => future.take(),
            State::Back(_) | State::Over => None,
        };
        // Without the lock: it is code of somebody else.
        drop(waker);
    }
}

impl<R> Drop for Errand<R> {
    fn drop(&mut self) {
        self.forget_future();
    }
}

fn lock<R>(state: &Mutex<State<R>>) -> MutexGuard<'_, State<R>> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
