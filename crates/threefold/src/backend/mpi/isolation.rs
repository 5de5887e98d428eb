//! `Isolation`: the folds of an executor whose chunks run in worker processes of the ranks, so that a crash is a failure
//! of a chunk and not the end of the job.
//!
//! An executor has such folds only if an option asks for what needs processes ([`Options::isolates`]). A fold that
//! keeps going after failures has them too, since a crash is one of its outcomes.
//!
//! # Which folds are isolated
//!
//! | the user asks for | isolated |
//! |---|---|
//! | worker processes, a memory limit, a number of chunks per worker, or a timeout | all folds of the executor |
//! | retries, also after panics, or a search for the items that fail | all folds of the executor |
//! | results although chunks fail | those folds |
//! | none of these | no fold: chunks run on threads of the ranks |

use std::sync::{Arc, Mutex, PoisonError};

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
}

impl Isolation {
    /// With so many workers in each rank.
    pub(super) fn new(options: &Options, workers: usize) -> Result<Self> {
        let refusal = processes::refusal(options);
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
        })
    }

    /// Ends the worker processes, and waits until they are gone.
    pub(super) fn disband(&mut self) {
        let idle = self.idle.get_mut().unwrap_or_else(PoisonError::into_inner);
        idle.drain(..).for_each(Isolated::end);
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
        let workers = most.min(usize::try_from(fold.chunks).unwrap_or(usize::MAX));
        let port = FoldPort::new(fold);
        let terms = port.terms(workers, self.chunks_per_worker);
        let last = *lock(&self.experience);
        let carrier = Isolated::new(crews, workers, fold.chunks);
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
