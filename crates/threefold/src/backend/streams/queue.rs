//! `Queue`: what the tasks of an awaited fold have printed, until the thread that polls the future prints it.
//!
//! The [background](crate::backend::background) thread hears what the workers print, and must not print it. The caller
//! may hold the lock of the standard output while it waits for an item of a stream. Then the caller would wait for the
//! background thread, and the background thread for the lock. The thread that polls may print nevertheless: if it is the
//! one that has the lock, it can take the lock again, as for a fold that blocks.
//!
//! So the background thread puts the lines into this queue, and wakes the future. Each poll prints them before it gives a
//! result. What was printed before a result was kept is in the queue by then, so the order stays the same.
//!
//! If the queue is full, the background thread waits until it is printed, as it would wait for a standard output that
//! nobody reads. When the future is dropped, it prints what is in the queue. After that the background thread prints by
//! itself: nobody waits for it any more.

use std::cell::RefCell;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::{Stream, failed, note};
use crate::backend::Running;
use crate::fold::Fold;
use crate::fold::gate::Gate;
use crate::model::Model;

/// A queue with so many bytes is full: those of the longest line that is passed on in one piece.
const MOST: usize = super::LONGEST;

thread_local! {
    /// Where this thread prints, if it is a background thread.
    static HERE: RefCell<Option<Arc<Queue>>> = const { RefCell::new(None) };
}

/// What is to be printed, in order.
type Parts = Vec<(Stream, Vec<u8>)>;

pub(crate) struct Queue {
    gate: Arc<Gate>,
    state: Mutex<State>,
    /// Told when the queue was emptied, or is left.
    room: Condvar,
    /// Whether anything is in the queue. It is written under the lock.
    has_any: AtomicBool,
}

#[derive(Default)]
struct State {
    parts: Parts,
    bytes: usize,
    /// Nobody polls any more.
    is_left: bool,
    /// The background thread has ended.
    is_over: bool,
}

/// This thread prints into a queue, until this is dropped.
pub(crate) struct Filling(Arc<Queue>);

impl Queue {
    /// The queue of a fold that a background thread runs, if that thread prints what workers have printed. The ranks of
    /// an MPI job have other means: what one fold has heard another may print.
    pub(crate) fn of(fold: &Running) -> Option<Arc<Self>> {
        let new = || Self {
            gate: Arc::clone(fold.gate()),
            state: Mutex::default(),
            room: Condvar::new(),
            has_any: AtomicBool::new(false),
        };
        (fold.model == Model::Processes).then(|| Arc::new(new()))
    }

    /// That of this thread.
    pub(super) fn here() -> Option<Arc<Self>> {
        HERE.try_with(|here| here.borrow().clone()).ok().flatten()
    }

    /// Has this thread print into the queue: it is the background thread.
    pub(crate) fn fill(self: &Arc<Self>) -> Filling {
        self.lock().is_over = false;
        HERE.set(Some(Arc::clone(self)));
        Filling(Arc::clone(self))
    }

    /// Adds what is to be printed.
    pub(super) fn push(&self, stream: Stream, bytes: &[u8]) {
        let mut state = self.lock();
        while state.bytes >= MOST && !state.is_left {
            state = self.room.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        match state.parts.last_mut() {
            Some((last, before)) if *last == stream => before.extend_from_slice(bytes),
            _ => state.parts.push((stream, bytes.to_vec())),
        }
        state.bytes += bytes.len();
        // Release: whoever sees it, or a result that was kept later, finds the parts.
        self.has_any.store(true, Ordering::Release);
        if state.is_left {
            let parts = self.take(&mut state);
            drop(state);
            return print(parts).map_or_else(note, |()| ());
        }
        drop(state);
        // After the change. No lock is held.
        self.gate.caller.tell();
    }

    /// Prints what is there, on the thread that polls. If that fails, so does the fold.
    pub(crate) fn print(&self, fold: &Fold) {
        if self.has_any.load(Ordering::Acquire)
            && let Err(error) = self.print_all()
        {
            fold.fail_to_print(failed(fold.model, error));
        }
    }

    fn print_all(&self) -> io::Result<()> {
        let parts = self.take(&mut self.lock());
        self.room.notify_all();
        print(parts)
    }

    /// The future is dropped, and nobody polls any more.
    pub(crate) fn leave(&self) {
        // Nobody takes an error from here.
        let _ = self.print_all();
        // The background thread has waited with what has come meanwhile, so that it is printed in order.
        let mut state = self.lock();
        state.is_left = true;
        let rest = if state.is_over { self.take(&mut state) } else { Vec::new() };
        drop(state);
        self.room.notify_all();
        let _ = print(rest);
    }

    fn take(&self, state: &mut State) -> Parts {
        self.has_any.store(false, Ordering::Relaxed);
        state.bytes = 0;
        std::mem::take(&mut state.parts)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Filling {
    fn drop(&mut self) {
        HERE.set(None);
        let Self(queue) = self;
        let mut state = queue.lock();
        state.is_over = true;
        let rest = if state.is_left { queue.take(&mut state) } else { Vec::new() };
        drop(state);
        let _ = print(rest);
    }
}

/// Prints all, also after an error. The first error.
fn print(parts: Parts) -> io::Result<()> {
    let printed = parts.iter().map(|(stream, bytes)| stream.print_now(bytes));
    printed.fold(Ok(()), io::Result::and)
}
