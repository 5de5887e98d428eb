//! Processes: worker processes that re-run this executable, so that a crash takes down a worker and never the caller.
//!
//! One worker is started; the others are copies of it, made before it serves (`run/starter.rs`).
//!
//! Each worker has a channel of its own and is kept for the next fold. While a fold runs, its caller - which runs no
//! chunks - does all the talking itself, in one loop over all workers: no thread of ours stands between an answer and
//! its use. Two folds at once have workers each.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use super::{Backend, Caller, Home, Running};
use crate::backend::fork::Own;
use crate::backend::options::{Options, cores};
use crate::error::{Error, Result};
use crate::fold::Fold;
use crate::model::Model;
use crate::remote::run::Experience;
use crate::remote::wire::Build;
use crate::shared::known::{self, Holder};

mod arrays;
mod birth;
mod body;
pub(in crate::backend) mod build;
mod child;
mod descriptors;
mod group;
pub(in crate::backend) mod inner_threads;
mod kept_tasks;
mod lines;
mod mark;
mod memory;
mod process;
pub(in crate::backend) mod run;
mod shared_memory;
mod status_page;
mod stderr_tail;
pub(crate) mod worker;

use child::Worker;
use run::starter::Starter;
use run::terminating::Terminating;
use run::watch::Watch;
use worker::Entrance;

struct Processes {
    /// The model that errors name.
    model: Model,
    /// How many workers a fold may have. If the user has not said so, it is found out when it is first needed: that
    /// takes some ten microseconds, in which the first worker can start.
    workers: OnceLock<usize>,
    /// How many threads each of their tasks should use. As many workers as cores have one thread each.
    share: usize,
    build: Build,
    memory_limit: Option<u64>,
    chunks_per_worker: Option<usize>,
    /// A fork of this process keeps workers of its own: those that are here answer this process.
    idle: Own<Arc<Kept>>,
}

/// What is kept for the next fold.
#[derive(Default)]
struct Kept(Mutex<Idle>);

/// What is kept for the next fold, while nobody uses it.
#[derive(Default)]
struct Idle {
    /// Workers without work, ready and alive when they were last seen; at most as many as a fold has.
    workers: Vec<Worker>,
    /// What watches those of them that have a mark.
    watch: Option<Watch>,
    /// What makes others.
    starter: Option<Starter>,
    /// What the last fold has learnt.
    experience: Option<Experience>,
}

pub(crate) fn new(options: &Options) -> Result<Arc<Home>> {
    as_model(Model::Processes, options.workers, options)
}

/// So many worker processes, for a model that has only this process for now. `None`: as many as there are cores.
pub(super) fn as_model(model: Model, workers: Option<usize>, options: &Options) -> Result<Arc<Home>> {
    let refuse = |reason: String| Err(Error::setup(Some(model), reason));
    if let Some(reason) = refusal() {
        return refuse(reason);
    }
    match build::own() {
        Ok(build) => {
            let backend = Box::new(Processes {
                model,
                workers: workers.map_or_else(OnceLock::new, OnceLock::from),
                share: workers.map_or(1, |workers| inner_threads::share(workers, options.cores)),
                build,
                memory_limit: options.memory_limit,
                chunks_per_worker: options.chunks_per_worker,
                idle: Own::new(Kept::new()),
            });
            Ok(Home::new(backend, options.cores))
        }
        Err(error) => {
            refuse(format!("worker processes are started from this program's file, which cannot be found: {error}"))
        }
    }
}

/// Why this process cannot have worker processes.
pub(super) fn refusal() -> Option<String> {
    let reason = if worker::is_serving() {
        "a worker process starts no workers of its own: inside a task, use `Executor::current()`"
    } else if worker::has_other_rights() {
        "worker processes are refused because this program runs with other rights than the user who started it (setuid, setgid or capabilities): that user could then start workers that have these rights; use threads"
    } else if !Entrance::is_open_here() {
        "worker processes need `threefold::init()` as the first line of `main`, or in a test as the first line of each thread that makes an executor: a worker process runs the program up to this call, and from there on it runs chunks"
    } else {
        return None;
    };
    Some(reason.to_string())
}

impl Backend for Processes {
    fn workers(&self) -> usize {
        *self.workers.get_or_init(cores)
    }

    fn start(&self, _fold: &Running) {}

    fn opens_memory(&self) -> bool {
        arrays::can_be_mapped()
    }

    fn take_part(&self, fold: &Running, caller: &mut dyn Caller) {
        let fold = fold.fold();
        if fold.is_recorded() {
            return;
        }
        let early = self.start_early(fold);
        let workers = fold.occupies(self.workers());
        let mut idle = self.take_idle(workers);
        idle.starter = idle.starter.or(early);
        match self.run_fold(fold, workers, idle, &mut || caller.ready()) {
            Ok(idle) => self.keep(idle),
            Err((error, workers)) => {
                self.keep(Idle { workers, ..Idle::default() });
                fold.abort(error);
            }
        }
    }
}

impl Processes {
    /// Starts the first process of this executor at once, if there is none. All else that the fold needs is made while
    /// that process starts.
    fn start_early(&self, fold: &Fold) -> Option<Starter> {
        let is_first = {
            let idle = self.lock();
            idle.workers.is_empty() && idle.starter.is_none()
        };
        if !is_first || fold.is_cancelled() {
            return None;
        }
        let mut starter = self.starter();
        starter.start_early();
        Some(starter)
    }

    /// What makes the workers of this executor.
    fn starter(&self) -> Starter {
        let mut starter = Starter::new(self.model, self.build, self.memory_limit, self.share);
        if self.chunks_per_worker.is_some() {
            starter.replaces();
        }
        starter
    }

    /// At most `most` of the idle workers, what watches them, and what makes others. Those that died meanwhile are
    /// gone, and had nothing to lose.
    fn take_idle(&self, most: usize) -> Idle {
        let mut idle = std::mem::take(&mut *self.lock());
        let mut rest = idle.workers.split_off(most.min(idle.workers.len()));
        if let Some(watch) = &idle.watch {
            rest.iter_mut().for_each(|worker| watch.forget(worker));
        }
        self.keep(Idle { workers: rest, ..Idle::default() });
        let (alive, dead): (Vec<_>, Vec<_>) = idle.workers.into_iter().partition(Worker::is_idle_and_alive);
        for worker in dead {
            worker.end();
        }
        Idle { workers: alive, ..idle }
    }

    /// Keeps workers for the next fold, as many as one may have, and what watches and makes them.
    fn keep(&self, mut more: Idle) {
        let mut idle = self.lock();
        // Only one `Watch` is kept. Workers that were registered with another one lose their mark, and are registered
        // again.
        match more.watch.take().filter(|_| idle.watch.is_none()) {
            Some(watch) => idle.watch = Some(watch),
            None => {
                let makers = more.starter.iter_mut().filter_map(Starter::server);
                more.workers.iter_mut().chain(makers).for_each(|worker| worker.mark = None);
            }
        }
        // While the lock is held, no array can be freed unnoticed: later frees are reported to the workers on the list.
        more.workers.iter_mut().for_each(Worker::forget_freed_now);
        idle.workers.append(&mut more.workers);
        let most = self.workers().min(idle.workers.len());
        let workers = idle.workers.split_off(most);
        if idle.starter.is_none() {
            idle.starter = more.starter.take();
        }
        idle.experience = more.experience.or(idle.experience);
        drop(idle);
        Idle { workers, ..more }.dismiss();
    }

    fn lock(&self) -> MutexGuard<'_, Idle> {
        self.idle.get(|parents| parents.succeed()).lock()
    }
}

impl Kept {
    fn new() -> Arc<Self> {
        let kept = Arc::new(Self::default());
        let holder: Weak<Self> = Arc::downgrade(&kept);
        known::hold(holder);
        kept
    }

    /// What a fork keeps instead. The parent's workers go on for the parent: here only the descriptors by which they are
    /// reached are closed.
    fn succeed(&self) -> Arc<Self> {
        if let Ok(mut parents) = self.0.try_lock() {
            drop(std::mem::take(&mut *parents));
        }
        Self::new()
    }

    fn lock(&self) -> MutexGuard<'_, Idle> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Holder for Kept {
    /// Workers without work forget the memory at once, so that the system gets it back. Workers that run a fold are told
    /// when they are kept: see [`Processes::keep`].
    fn freed(&self, _number: u64) {
        self.lock().workers.iter_mut().for_each(Worker::forget_freed_now);
    }
}

impl Idle {
    /// Ends the workers, all at once, and what makes them.
    fn dismiss(self) {
        let mut terminating = Terminating::default();
        self.workers.into_iter().for_each(|worker| terminating.leave(worker));
        if let Some(mut starter) = self.starter {
            starter.leave(&mut terminating);
        }
        terminating.finish();
    }
}

impl Drop for Processes {
    fn drop(&mut self) {
        let idle = std::mem::take(&mut *self.lock());
        idle.dismiss();
    }
}
