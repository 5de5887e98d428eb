//! `Pool`: the threads of an executor, which help whoever folds on it.
//!
//! The caller takes part in its fold as worker 0, and needs no help to finish it. So a fold that is nested in a task
//! finishes at any depth, whatever the other threads do. A worker that waits for the end of a nested fold runs nothing
//! else meanwhile. Therefore waits only lead from a fold to the folds that are nested in it, and never in a circle.
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

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Wake, Waker};
use std::thread::{self, JoinHandle};

use super::{Backend, Running, current, stack};
use crate::backend::options::Options;
use crate::error::{Error, Result};
use crate::model::Model;

/// What a worker of a pool does with a fold.
pub(super) trait Work: Send + Sync + 'static {
    /// Claims and runs chunks of `fold` as worker number `worker` of `workers`, until none is left. The caller passes
    /// `ready`.
    fn run(&self, fold: &Running, worker: usize, workers: usize, ready: Option<&mut dyn FnMut()>);
}

/// The threads of an executor. Dropping it ends them.
pub(super) struct Pool<W> {
    shared: Arc<Shared<W>>,
    handles: Vec<JoinHandle<()>>,
    /// Wakes one sleeper.
    waker: Waker,
}

struct Shared<W> {
    work: W,
    workers: usize,
    /// Whether the caller runs chunks as worker 0, on its own stack.
    caller_runs: bool,
    state: Mutex<State>,
    wake: Condvar,
}

#[derive(Default)]
struct State {
    /// The running folds, the latest last.
    folds: Vec<Running>,
    sleeping: usize,
    stop: bool,
}

impl<W: Work> Pool<W> {
    /// A pool of `workers`. The caller is the first of them, unless a stack size was asked for, which only threads of
    /// the pool can have.
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
            // If a thread cannot be started, dropping `pool` ends those that were.
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
        // A task of the pool that folds in turn runs chunks itself in any case: its thread has the stack that was asked
        // for, and it must not wait for threads that may all be waiting like itself.
        if self.shared.caller_runs || current::is_inside() {
            let _inside = fold.gate.enter();
            self.shared.work.run(fold, 0, self.shared.workers, Some(ready));
        } else {
            // Outputs and the end of the fold unpark the caller.
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
        // Nothing can panic under this lock; and if something did, the list would still be whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes one sleeper, if there is one. The lock is held, so none can fall asleep meanwhile.
    fn wake_one(&self, state: &State) {
        if state.sleeping > 0 {
            self.wake.notify_one();
        }
    }

    /// Takes `fold` off the list: no further helper enters it.
    fn take_off(&self, fold: &Running) {
        self.lock().folds.retain(|running| !Arc::ptr_eq(running.fold(), fold.fold()));
    }

    /// The life of a pool thread.
    fn serve(&self, worker: usize) {
        let mut state = self.lock();
        while !state.stop {
            // The latest fold first: it may be nested in an earlier one, which waits for it.
            let open = state.folds.iter().rev().find(|fold| fold.claims().is_open()).cloned();
            match open {
                Some(fold) => {
                    // Under the lock: see `Gate::enter`.
                    let inside = fold.gate.enter();
                    self.wake_one(&state);
                    drop(state);
                    self.work.run(&fold, worker, self.workers, None);
                    // The fold is dropped before the gate is left: once the verb has returned, only the caller owns
                    // what it passed in.
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
            // A task may have held the last executor, which is then dropped on a thread of its own pool. That thread
            // cannot wait for itself; it ends right after this.
            if handle.thread().id() != thread::current().id() {
                let _ = handle.join();
            }
        }
    }
}
