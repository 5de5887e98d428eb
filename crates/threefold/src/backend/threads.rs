//! Threads: a pool that lives as long as its executor. The caller takes part.
//!
//! A fold is put on the list of folds and one sleeper is woken, which wakes the next while there is work for it. Each
//! claims blocks of chunks until none is left. A worker that waits for the end of a nested fold runs nothing else
//! meanwhile, so waits point from a fold to the folds nested in it and never in a circle.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle, Thread};

use super::Backend;
use crate::backend::current;
use crate::backend::options::{Options, cores};
use crate::backend::pace::Pace;
use crate::error::{Error, Result};
use crate::fold::Fold;
use crate::model::Model;

struct Threads {
    pool: Arc<Pool>,
    handles: Vec<JoinHandle<()>>,
}

struct Pool {
    workers: usize,
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

/// A fold with the thread to unpark when its last helper leaves.
#[derive(Clone)]
struct Running {
    fold: Arc<Fold>,
    caller: Thread,
}

pub(crate) fn new(options: &Options) -> Result<Arc<dyn Backend>> {
    let workers = options.workers(cores());
    let pool = Arc::new(Pool { workers, state: Mutex::default(), wake: Condvar::new() });
    let mut threads = Threads { pool, handles: Vec::with_capacity(workers - 1) };
    // The caller is worker 0.
    for worker in 1..workers {
        let pool = Arc::clone(&threads.pool);
        let spawned = thread::Builder::new().name(format!("threefold-{worker}")).spawn(move || pool.serve(worker));
        // On failure the ones already started end when `threads` is dropped.
        let handle = spawned.map_err(|error| {
            Error::setup(Some(Model::Threads), format!("thread {worker} of {workers} could not be started: {error}"))
        })?;
        threads.handles.push(handle);
    }
    Ok(Arc::new(threads))
}

impl Backend for Threads {
    fn workers(&self) -> usize {
        self.pool.workers
    }

    fn run(&self, fold: &Arc<Fold>, ready: &mut dyn FnMut()) {
        let shared = self.pool.workers > 1 && fold.chunks > 1;
        if shared {
            let mut state = self.pool.lock();
            state.folds.push(Running { fold: Arc::clone(fold), caller: thread::current() });
            self.pool.wake_one(&state);
        }
        fold.claims.enter();
        self.pool.work(fold, 0, ready);
        fold.claims.leave();
        if shared {
            self.pool.lock().folds.retain(|running| !Arc::ptr_eq(&running.fold, fold));
            // The last helper unparks; a token left over from something else only makes the loop ask again.
            while !fold.claims.is_idle() {
                thread::park();
            }
        }
    }
}

impl Pool {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing under this lock can panic, but a poisoned list would still be whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wake_one(&self, state: &State) {
        if state.sleeping > 0 {
            self.wake.notify_one();
        }
    }

    /// The life of a pool thread.
    fn serve(&self, worker: usize) {
        let mut state = self.lock();
        while !state.stop {
            let open = state.folds.iter().rev().find(|running| running.fold.claims.is_open()).cloned();
            match open {
                Some(Running { fold, caller }) => {
                    self.wake_one(&state);
                    drop(state);
                    let claims = Arc::clone(&fold.claims);
                    claims.enter();
                    self.work(&fold, worker, &mut || ());
                    // Before `leave`: once its fold has returned, the caller alone owns what it passed in.
                    drop(fold);
                    if claims.leave() {
                        caller.unpark();
                    }
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

    /// Claims and runs chunks until none is left.
    fn work(&self, fold: &Arc<Fold>, worker: usize, ready: &mut dyn FnMut()) {
        let _here = current::enter(Some(fold.context()));
        let mut pace = Pace::new(self.workers);
        while let Some(block) = fold.claims.claim(|left| pace.size(left)) {
            let chunks = block.end - block.start;
            fold.run(block, worker);
            ready();
            pace.done(chunks);
        }
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        self.pool.lock().stop = true;
        self.pool.wake.notify_all();
        for handle in self.handles.drain(..) {
            // A task may have kept the last executor, which then ends on a thread of its own pool: that thread
            // cannot wait for itself, and ends right after.
            if handle.thread().id() != thread::current().id() {
                let _ = handle.join();
            }
        }
    }
}
