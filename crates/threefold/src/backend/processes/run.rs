//! A fold on worker processes: a [`Run`] on a [`Crew`].

use std::sync::Arc;

use super::child::Worker;
use super::{Idle, Processes};
use crate::backend::streams;
use crate::error::Error;
use crate::fold::Fold;
use crate::remote::carrier::Carrier;
use crate::remote::fold_port::FoldPort;
use crate::remote::run::Run;

mod cores;
pub(in crate::backend) mod crew;
pub(in crate::backend) mod starter;
mod surroundings;
pub(super) mod terminating;
pub(super) mod watch;

use crew::{Crew, cannot_start};

impl Processes {
    /// Runs `fold` on at most `size` workers, the idle ones first. Returns the workers that can take part in the next
    /// fold, with what watches them and what starts them.
    pub(super) fn run_fold(
        &self,
        fold: &Arc<Fold>,
        size: usize,
        mut idle: Idle,
        ready: &mut dyn FnMut(),
    ) -> Result<Idle, (Error, Vec<Worker>)> {
        let starter = idle.starter.take().unwrap_or_else(|| self.starter());
        let crew = match Crew::new(self.model, size, self.memory_limit, idle.watch.take(), starter) {
            Ok(crew) => crew,
            Err(error) => return Err((error, idle.workers)),
        };
        let port = FoldPort::new(fold);
        let terms = port.terms(size, self.chunks_per_worker);
        let mut run = match Run::new(port, crew, terms, self.build, idle.experience) {
            Ok(run) => run,
            Err((error, _)) => return Err((error, idle.workers)),
        };
        while let Some(worker) = idle.workers.pop() {
            if let Some(number) = run.admit(worker.number, worker.sent)
                && let Err(error) = run.carrier().add(number, worker)
            {
                return Err((cannot_start(self.model, &error), idle.workers));
            }
        }
        // What an earlier fold has left unprinted is none of this one's.
        let _ = streams::failure(self.model);
        let check_prints = || streams::failure(self.model).into_iter().for_each(|error| fold.fail_to_print(error));
        run.finish(&mut || {
            ready();
            check_prints();
        });
        if run.carrier().is_inherited() {
            // Nothing is told to the workers: `run` is dropped, and with it only the descriptors of this process.
            let reason =
                "this process was forked while the fold ran, and the workers answer the process that has begun it";
            return Err((Error::setup(Some(self.model), reason), Vec::new()));
        }
        let (crew, idle, experience) = run.dismiss();
        let (workers, watch, starter) = crew.dismiss(&idle);
        check_prints();
        Ok(Idle { workers, watch: Some(watch), starter: Some(starter), experience })
    }
}
