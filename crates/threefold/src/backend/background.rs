//! `BackgroundWork`: work that a thread does for a future.
//!
//! A future must not block the thread that polls it. So a background thread does what would block: for instance, it
//! runs the fold that the future awaits. The future polls this work for its result. If the future is dropped, nobody
//! waits for the thread, which ends when its work is done, or waits for other work ([`spare`](super::spare)).

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::thread;

use super::stack;
use crate::fold::notify;

/// A future of the result of work that another thread does.
pub(crate) struct BackgroundWork<R>(Arc<Mutex<State<R>>>);

enum State<R> {
    /// The thread works. It wakes this future at the end.
    Running(Option<Waker>),
    /// The work is done, or has panicked.
    Done(thread::Result<R>),
    /// The future has the result.
    Over,
}

impl<R: Send + 'static> BackgroundWork<R> {
    /// Starts a thread of this name for `work`, which ends with the work.
    pub(crate) fn begin(name: &str, work: impl FnOnce() -> R + Send + 'static) -> io::Result<Self> {
        let bytes = stack::size();
        let (handle, job) = Self::of(work);
        let thread = thread::Builder::new().name(name.to_string()).stack_size(bytes);
        thread.spawn(move || {
            stack::note(bytes);
            job();
        })?;
        Ok(handle)
    }

    /// The work as a future, and as the job of the thread, which never unwinds.
    pub(super) fn of(work: impl FnOnce() -> R + Send + 'static) -> (Self, impl FnOnce() + Send + 'static) {
        let state = Arc::new(Mutex::new(State::Running(None)));
        let theirs = Arc::clone(&state);
        let job = move || {
            // Unwind-safe: the panic continues where the future is polled, and nothing of the work is used after it.
            let result = catch_unwind(AssertUnwindSafe(work));
            let before = std::mem::replace(&mut *lock(&theirs), State::Done(result));
            if let State::Running(Some(future)) = before {
                notify::wake(future);
            }
        };
        (Self(state), job)
    }
}

impl<R> Future for BackgroundWork<R> {
    type Output = R;

    /// # Panics
    ///
    /// If the work panicked, or after the result was given.
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<R> {
        // Cloned, and the one before is dropped, without the lock: both are code of somebody else.
        let waker = cx.waker().clone();
        let mut state = lock(&self.0);
        let before = match &mut *state {
            State::Running(future) => future.replace(waker),
            State::Done(_) => match std::mem::replace(&mut *state, State::Over) {
                State::Done(Ok(result)) => return Poll::Ready(result),
                State::Done(Err(payload)) => {
                    drop(state);
                    resume_unwind(payload)
                }
                State::Running(_) | State::Over => unreachable!("it was done"),
            },
            State::Over => panic!("the result was given"),
        };
        drop(state);
        drop(before);
        Poll::Pending
    }
}

impl<R> BackgroundWork<R> {
    /// Nobody polls any more. The thread may work for long, and must neither keep the waker nor call it.
    pub(crate) fn forget_future(&self) {
        let waker = match &mut *lock(&self.0) {
            State::Running(future) => future.take(),
            State::Done(_) | State::Over => None,
        };
        // Without the lock: it is code of somebody else.
        drop(waker);
    }
}

impl<R> Drop for BackgroundWork<R> {
    fn drop(&mut self) {
        self.forget_future();
    }
}

fn lock<R>(state: &Mutex<State<R>>) -> MutexGuard<'_, State<R>> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
