//! `Pool`: threads that live as long as their executor and help whoever folds on it.
//!
//! A fold is put on the list of folds and one sleeper is woken, which wakes the next while there is work for it. Each
//! claims chunks until none is left. The caller takes part as worker 0 and needs nobody's help to finish, so a fold
//! that is nested in a task ends at any depth, whatever the other threads do. A worker that waits for the end of a nested
//! fold runs nothing else meanwhile, so waits point from a fold to the folds nested in it and never in a circle.
//!
//! A helper finds a fold, enters its gate and drops the lock, in this order; whoever takes the fold off the list does so
//! under the same lock. So a caller that has taken its fold off, and then sees nobody inside, is alone with it.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Wake, Waker};
use std::thread::{self, JoinHandle};

use super::{Backend, Running, current, stack};
use crate::backend::options::Options;
use crate::error::{Error, Result};
use crate::model::Model;

/// What a worker of a pool does with a fold.
pub(super) trait Work: Send + Sync + 'static {
    /// Claims and runs chunks of `fold` as `worker` of `workers`, until none is left; `ready` is given by the caller.
    fn run(&self, fold: &Running, worker: usize, workers: usize, ready: Option<&mut dyn FnMut()>);
}

/// An executor's threads. Dropping it ends them.
pub(super) struct Pool<W> {
    shared: Arc<Shared<W>>,
    handles: Vec<JoinHandle<()>>,
    /// Wakes one sleeper.
    waker: Waker,
}

struct Shared<W> {
    work: W,
    workers: usize,
    /// Whether the caller is worker 0, on its own stack.
    caller_runs: bool,
    state: Mutex<State>,
    wake: Condvar,
}

#[derive(Default)]
struct State {
    /// Running folds, the latest last.
    folds: Vec<Running>,
    sleeping: usize,
    stop: bool,
}

impl<W: Work> Pool<W> {
    /// A pool of `workers`, whose first is the caller unless a stack size was asked for, which only a thread of the pool
    /// can have.
    pub(super) fn new(model: Model, work: W, workers: usize, options: &Options) -> Result<Self> {
        let caller_runs = options.stack_size.is_none();
        let shared = Arc::new(Shared { work, workers, caller_runs, state: Mutex::default(), wake: Condvar::new() });
        let waker = Waker::from(Arc::clone(&shared));
        let mut pool = Self { shared, handles: Vec::with_capacity(workers), waker };
        for worker in usize::from(caller_runs)..workers {
            let shared = Arc::clone(&pool.shared);
            let thread = thread::Builder::new()
                .name(format!("threefold-{worker}"))
                .stack_size(options.stack_size.unwrap_or_else(stack::size));
            // On failure the ones already started end when `pool` is dropped.
            let handle = thread.spawn(move || shared.serve(worker)).map_err(|error| {
                Error::system(model, &format!("thread {worker} of {workers} could not be started"), error)
            })?;
            pool.handles.push(handle);
        }
        Ok(pool)
    }
}

impl<W: Work> Backend for Pool<W> {
    fn workers(&self) -> usize {
        self.shared.workers
    }

    fn start(&self, fold: &Running) {
        if self.handles.is_empty() || (self.shared.caller_runs && fold.chunks == 1) {
            return;
        }
        fold.workers.register(self.waker.clone());
        let mut state = self.shared.lock();
        state.folds.push(fold.clone());
        self.shared.wake_one(&state);
    }

    fn take_part(&self, fold: &Running, ready: &mut dyn FnMut()) {
        // A task of the pool that folds in turn has the stack that was asked for, and must not wait for itself.
        if self.shared.caller_runs || current::is_inside() {
            let _inside = fold.gate.enter();
            self.shared.work.run(fold, 0, self.shared.workers, Some(ready));
        } else {
            // Their outputs and the end unpark the caller.
            while !fold.claims().is_over() {
                thread::park();
                ready();
            }
        }
        if !self.handles.is_empty() {
            self.shared.take_off(fold);
        }
    }
}

impl<W: Work> Shared<W> {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing under this lock can panic, but a poisoned list would still be whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wake_one(&self, state: &State) {
        if state.sleeping > 0 {
            self.wake.notify_one();
        }
    }

    /// Nobody else may enter `fold`.
    fn take_off(&self, fold: &Running) {
        self.lock().folds.retain(|running| !Arc::ptr_eq(running.fold(), fold.fold()));
    }

    /// The life of a pool thread.
    fn serve(&self, worker: usize) {
        let mut state = self.lock();
        while !state.stop {
            let open = state.folds.iter().rev().find(|fold| fold.claims().is_open()).cloned();
            match open {
                Some(fold) => {
                    let inside = fold.gate.enter();
                    self.wake_one(&state);
                    drop(state);
                    self.work.run(&fold, worker, self.workers, None);
                    // Before it leaves: once its fold has returned, the caller alone owns what it passed in.
                    drop(fold);
                    drop(inside);
                    state = self.lock();
                }
                None => {
                    state.sleeping += 1;
                    state = self.wake.wait(state).unwrap_or_else(PoisonError::into_inner);
                    state.sleeping -= 1;
                }
            }
        }
    }
}

impl<W: Work> Wake for Shared<W> {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let state = self.lock();
        self.wake_one(&state);
    }
}

impl<W> Drop for Pool<W> {
    fn drop(&mut self) {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner).stop = true;
        self.shared.wake.notify_all();
        for handle in self.handles.drain(..) {
            // A task may have kept the last executor, which then ends on a thread of its own pool: that thread
            // cannot wait for itself, and ends right after.
            if handle.thread().id() != thread::current().id() {
                let _ = handle.join();
            }
        }
    }
}
