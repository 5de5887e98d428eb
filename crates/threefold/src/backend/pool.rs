//! `Pool`: the threads of an executor, which help whoever folds on it.
//!
//! The caller takes part in its fold as worker 0, and needs no help to finish it. So a fold that is nested in a task
//! finishes at any depth, whatever the other threads do. A worker that waits for the end of a nested fold runs nothing
//! else meanwhile. Therefore waits only lead from a fold to the folds that are nested in it, and never in a circle.
//!
//! Where a helper joins and leaves a fold, and how sleepers are woken, is told in [`open_folds`](super::open_folds).

use std::sync::Arc;
use std::task::{Wake, Waker};
use std::thread::{self, JoinHandle};

use super::open_folds::{Open, OpenFolds};
use super::{Backend, Caller, Running, lend, stack};
use crate::backend::options::Options;
use crate::error::{Error, Result};
use crate::fold::gate::Inside;
use crate::model::Model;

/// What a worker of a pool does with a fold.
pub(super) trait Work: Send + Sync + 'static {
    /// Claims and runs chunks of `fold` as worker number `worker` of `workers`, until none is left. The caller passes
    /// itself.
    fn run(&self, fold: &Running, worker: usize, workers: usize, caller: Option<&mut dyn Caller>);
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
    /// The stack size of every chunk, in bytes, if one was asked for.
    stack_size: Option<usize>,
    open: OpenFolds<Running>,
}

impl Open for Running {
    type Inside = Inside;

    fn is_open(&self) -> bool {
        self.claims().is_open()
    }

    fn enter(&self) -> Inside {
        self.gate().enter()
    }

    fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(self.fold(), other.fold())
    }
}

impl<W: Work> Pool<W> {
    /// A pool of `workers`. The caller is the first of them.
    pub(super) fn new(model: Model, work: W, workers: usize, options: &Options) -> Result<Self> {
        let stack_size = options.stack_size;
        let shared = Arc::new(Shared { work, workers, stack_size, open: OpenFolds::new() });
        let waker = Waker::from(Arc::clone(&shared));
        let mut pool = Self { shared, handles: Vec::with_capacity(workers), waker };
        let bytes = stack_size.unwrap_or_else(stack::size);
        for worker in 1..workers {
            let shared = Arc::clone(&pool.shared);
            let thread = thread::Builder::new().name(format!("threefold-{worker}")).stack_size(bytes);
            let serve = move || {
                stack::note(bytes);
                shared.serve(worker);
            };
            // If a thread cannot be started, dropping `pool` ends those that were.
            let handle = thread.spawn(serve).map_err(|error| {
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
        if self.handles.is_empty() || fold.chunks == 1 {
            return;
        }
        fold.workers.register(self.waker.clone());
        self.shared.open.add(fold.clone());
    }

    fn take_part(&self, fold: &Running, caller: &mut dyn Caller) {
        let part = |caller: &mut dyn Caller| self.shared.work.run(fold, 0, self.shared.workers, Some(caller));
        match self.shared.stack_size {
            // The thread is not one of the pool, which may all be waiting for the caller.
            Some(bytes) if !stack::has(bytes) => lend::lend(fold, bytes, caller, |stand_in| part(stand_in)),
            _ => part(caller),
        }
        if !self.handles.is_empty() {
            self.shared.open.take_off(fold);
        }
    }
}

impl<W: Work> Shared<W> {
    /// The life of a pool thread.
    fn serve(&self, worker: usize) {
        while let Some((fold, inside)) = self.open.enter_next() {
            self.work.run(&fold, worker, self.workers, None);
            // The fold is dropped before the gate is left: once the verb has returned, only the caller owns what it
            // passed in.
            drop(fold);
            drop(inside);
        }
    }
}

impl<W: Work> Wake for Shared<W> {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.open.wake_one();
    }
}

impl<W> Drop for Pool<W> {
    fn drop(&mut self) {
        self.shared.open.stop();
        for handle in self.handles.drain(..) {
            // A task may have held the last executor, which is then dropped on a thread of its own pool. That thread
            // cannot wait for itself; it ends right after this.
            if handle.thread().id() != thread::current().id() {
                let _ = handle.join();
            }
        }
    }
}
