//! `Isolation`: the folds of an executor whose chunks run in worker processes of the ranks, so that a crash is a failure
//! of a chunk and not the end of the job.
//!
//! An executor has such folds only if an option asks for what needs processes ([`Options::isolates`]). A fold that
//! keeps going after failures has them too, since a crash is one of its outcomes.
//!
//! Why not always? Each message then passes one process more, and each rank has as many processes more as it has
//! workers. On the other hand a task that shares the memory of its rank's threads, through statics, does not share it
//! with worker processes. What a task may depend on is the same as on processes.
//!
//! Worker processes are kept between folds in *crews*, one set for each fold that runs at the same time. The folds of an
//! executor hardly ever overlap, unless a reduction folds or several threads share the executor. So there is usually one
//! set. All sets end with the executor, which waits for that.
//!
//! The measurements of an isolated fold are kept apart from those of folds on the threads of the ranks: a message takes
//! longer, and a chunk may, too.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::crew_letter::Wishes;
use super::crews::Crews;
use super::isolated::{BUILD, Isolated};
use super::lock;
use super::world::World;
use crate::backend::options::Options;
use crate::backend::processes;
use crate::error::{Error, Result};
use crate::fold::Fold;
use crate::model::Model;
use crate::remote::fold_port::FoldPort;
use crate::remote::run::{Experience, Run};

/// The isolated folds of an executor.
pub(super) struct Isolation {
    /// Whether all folds are isolated.
    is_asked: bool,
    /// Why there can be no worker processes.
    refusal: Option<String>,
    wishes: Wishes,
    chunks_per_worker: Option<usize>,
    /// The worker processes that no fold has, each for one fold at a time.
    idle: Mutex<Vec<Crews>>,
    experience: Mutex<Option<Experience>>,
    /// How long a rank may be silent.
    silence: Duration,
}

impl Isolation {
    /// With so many workers in each rank.
    pub(super) fn new(options: &Options, workers: usize, silence: Duration) -> Result<Self> {
        let refusal = processes::refusal();
        if let Some(reason) = refusal.as_ref().filter(|_| options.isolates()) {
            return Err(Error::setup(Some(Model::Mpi), reason.as_str()));
        }
        let &Options { memory_limit, chunks_per_worker, .. } = options;
        let replaces = chunks_per_worker.is_some();
        Ok(Self {
            is_asked: options.isolates(),
            refusal,
            wishes: Wishes { workers, memory_limit, replaces, timeout: options.policy.timeout },
            chunks_per_worker,
            idle: Mutex::default(),
            experience: Mutex::default(),
            silence,
        })
    }

    /// Ends the worker processes, and waits until they are gone.
    pub(super) fn disband(&mut self) {
        let idle = self.idle.get_mut().unwrap_or_else(PoisonError::into_inner);
        idle.drain(..).for_each(|crews| Isolated::end(crews, self.silence));
    }

    /// Whether `fold` is isolated.
    pub(super) fn covers(&self, fold: &Fold) -> bool {
        self.is_asked || fold.policy.keeps_going
    }

    /// Runs `fold` in worker processes of the other ranks.
    pub(super) fn run(&self, world: &'static World, fold: &Arc<Fold>, ready: &mut dyn FnMut()) -> Result<()> {
        if let Some(reason) = &self.refusal {
            return Err(Error::setup(Some(Model::Mpi), reason.as_str()));
        }
        let crews = lock(&self.idle).pop().unwrap_or_else(|| Crews::open(world, self.wishes.clone()));
        let most = self.wishes.workers * (world.size - 1);
        let workers = fold.occupies(most);
        let port = FoldPort::new(fold);
        let terms = port.terms(workers, self.chunks_per_worker);
        let last = *lock(&self.experience);
        crews.session.ledger.begin(fold);
        let carrier = Isolated::new(crews, workers, fold.chunks, self.silence);
        let idle = carrier.idle();
        let mut run = match Run::new(port, carrier, terms, BUILD, last) {
            Ok(run) => run,
            Err((error, carrier)) => {
                lock(&self.idle).push(carrier.dismiss(&[]));
                return Err(error);
            }
        };
        for (worker, sent) in idle {
            run.admit(worker, sent);
        }
        run.finish(ready);
        let (carrier, idle, experience) = run.dismiss();
        *lock(&self.experience) = experience.or(last);
        lock(&self.idle).push(carrier.dismiss(&idle));
        Ok(())
    }
}
