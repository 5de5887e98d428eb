//! A fold on worker processes: a [`Run`] on a [`Crew`].

use std::sync::Arc;

use super::Processes;
use super::child::Worker;
use crate::error::Error;
use crate::fold::Fold;
use crate::remote::fold_port::FoldPort;
use crate::remote::run::Run;

mod crew;
mod farewells;
pub(super) mod starter;
mod surroundings;
pub(super) mod watch;

use crew::{Crew, cannot_start};
use starter::Starter;
use watch::Watch;

impl Processes {
    /// Runs `fold` on at most `size` workers, the `idle` ones first, which `watch` may watch already; `starter` makes the
    /// others. Gives back those that can take part in the next, with what watches and makes them.
    pub(super) fn run_fold(
        &self,
        fold: &Arc<Fold>,
        size: usize,
        (mut idle, watch, starter): (Vec<Worker>, Option<Watch>, Starter),
        ready: &mut dyn FnMut(),
    ) -> Result<(Vec<Worker>, Watch, Starter), (Error, Vec<Worker>)> {
        let crew = match Crew::new(size, self.memory_limit, watch, starter) {
            Ok(crew) => crew,
            Err(error) => return Err((error, idle)),
        };
        let port = FoldPort::new(fold);
        let terms = port.terms(size, self.chunks_per_worker);
        let mut run = match Run::new(port, crew, terms, self.build) {
            Ok(run) => run,
            Err((error, _)) => return Err((error, idle)),
        };
        while let Some(worker) = idle.pop() {
            if let Some(number) = run.admit(worker.number, worker.sent)
                && let Err(error) = run.carrier().add(number, worker)
            {
                return Err((cannot_start(&error), idle));
            }
        }
        run.finish(ready);
        let (crew, idle) = run.dismiss();
        Ok(crew.dismiss(&idle))
    }
}
