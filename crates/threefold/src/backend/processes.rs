//! Processes: worker processes that re-run this executable, so that a crash takes down a worker and never the caller.
//!
//! Each worker has a channel of its own and is kept for the next fold. While a fold runs, its caller - which runs no
//! chunks - does all the talking itself, in one loop over all workers: no thread of ours stands between an answer and
//! its use. Two folds at once have workers each.

use std::sync::{Arc, Mutex, PoisonError};

use super::{Backend, Running};
use crate::backend::options::{Options, cores};
use crate::error::{Error, Result};
use crate::model::Model;
use crate::remote::wire::Build;

mod child;
mod clock;
mod lines;
mod memory;
mod process;
mod run;
mod shared_memory;
mod status_page;
mod stderr_tail;
pub(crate) mod worker;

use child::Worker;
use run::Run;
use worker::Entrance;

struct Processes {
    workers: usize,
    build: Build,
    memory_limit: Option<u64>,
    chunks_per_worker: Option<usize>,
    /// Workers without work, greeted and alive when they were last seen; at most `workers`.
    idle: Mutex<Vec<Worker>>,
}

pub(crate) fn new(options: &Options) -> Result<Arc<dyn Backend>> {
    let workers = options.workers(cores());
    let refuse = |reason: String| Err(Error::setup(Some(Model::Processes), reason));
    if worker::is_serving() {
        return refuse(
            "a worker process starts no workers of its own: inside a task, use `Executor::current()`".to_string(),
        );
    }
    if worker::has_other_rights() {
        return refuse(
            "this program has the rights of another user than the one who started it (setuid, setgid or capabilities), so it cannot start worker processes: that user could start them too"
                .to_string(),
        );
    }
    if !Entrance::is_open_here() {
        return refuse(
            "worker processes need `threefold::init()` as the first line of `main`, or in a test as the first line of each thread that makes an executor: a worker process runs the program up to this call, and from there on it runs chunks"
                .to_string(),
        );
    }
    if let Some(limit) = options.memory_limit.filter(|&limit| limit < memory::LEAST) {
        return refuse(format!(
            "a memory_limit of {limit} bytes is too low for a worker process: it must be at least {}",
            memory::LEAST
        ));
    }
    match Build::own() {
        Ok(build) => Ok(Arc::new(Processes {
            workers,
            build,
            memory_limit: options.memory_limit,
            chunks_per_worker: options.chunks_per_worker,
            idle: Mutex::default(),
        })),
        Err(error) => {
            refuse(format!("worker processes are started from this program's file, which cannot be found: {error}"))
        }
    }
}

impl Backend for Processes {
    fn workers(&self) -> usize {
        self.workers
    }

    fn start(&self, _fold: &Running) {}

    fn take_part(&self, fold: &Running, ready: &mut dyn FnMut()) {
        let fold = fold.fold();
        let workers = self.workers.min(usize::try_from(fold.chunks).unwrap_or(usize::MAX));
        let mut run = match Run::new(fold, self, workers, self.take_idle(workers)) {
            Ok(run) => run,
            Err((error, idle)) => {
                self.keep(idle);
                return fold.abort(error);
            }
        };
        run.finish(ready);
        self.keep(run.dismiss());
    }
}

impl Processes {
    /// At most `most` of the idle workers; those that died meanwhile are gone, and had nothing to lose.
    fn take_idle(&self, most: usize) -> Vec<Worker> {
        let mut idle = std::mem::take(&mut *self.idle.lock().unwrap_or_else(PoisonError::into_inner));
        let rest = idle.split_off(most.min(idle.len()));
        self.keep(rest);
        let (alive, dead): (Vec<_>, Vec<_>) = idle.into_iter().partition(Worker::is_idle_and_alive);
        for worker in dead {
            worker.end();
        }
        alive
    }

    /// Keeps workers for the next fold, as many as one may have.
    fn keep(&self, mut workers: Vec<Worker>) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.append(&mut workers);
        let most = self.workers.min(idle.len());
        let surplus = idle.split_off(most);
        drop(idle);
        dismiss(surplus);
    }
}

/// Ends workers, all at once.
fn dismiss(mut workers: Vec<Worker>) {
    workers.iter_mut().for_each(Worker::say_goodbye);
    workers.into_iter().for_each(Worker::finish);
}

impl Drop for Processes {
    fn drop(&mut self) {
        dismiss(std::mem::take(self.idle.get_mut().unwrap_or_else(PoisonError::into_inner)));
    }
}
