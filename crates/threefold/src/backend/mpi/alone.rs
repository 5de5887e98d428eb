//! `Alone`: a job of one rank, in which this process runs all chunks: on threads, or in worker processes where crashes
//! are to be survived.
//!
//! An executor whose options ask for isolation has worker processes only, and is the backend of the model processes under
//! another name. Any other executor has threads. It may still be asked for a fold that keeps going after failures, such
//! as `map_results`, in which a crash is an outcome. So it can have worker processes as well. They are started by the
//! first fold of that kind, and a program that has none pays nothing for them. A program that has not called `init()`
//! cannot have them: such a fold returns an error then.

use std::sync::Arc;

use crate::backend::options::Options;
use crate::backend::{Backend, Caller, Home, Running, processes, threads};
use crate::error::Result;
use crate::model::Model;

/// A job of one rank.
struct Alone {
    threads: Arc<Home>,
    /// Where folds run that keep going after failures. An error if this process cannot have worker processes.
    processes: Result<Arc<Home>>,
}

/// So many workers in this process.
pub(super) fn new(workers: usize, options: &Options) -> Result<Arc<Home>> {
    let processes = processes::as_model(Model::Mpi, Some(workers), options);
    if options.isolates() {
        return processes;
    }
    let threads = threads::as_model(Model::Mpi, workers, options)?;
    Ok(Home::new(Box::new(Alone { threads, processes }), options.cores))
}

impl Backend for Alone {
    fn workers(&self) -> usize {
        self.threads.workers()
    }

    fn start(&self, fold: &Running) {
        if !fold.policy.keeps_going {
            self.threads.start(fold);
        }
    }

    fn take_part(&self, fold: &Running, caller: &mut dyn Caller) {
        match &self.processes {
            _ if !fold.policy.keeps_going => self.threads.take_part(fold, caller),
            Ok(processes) => processes.take_part(fold, caller),
            Err(error) => fold.abort(error.clone()),
        }
    }
}
