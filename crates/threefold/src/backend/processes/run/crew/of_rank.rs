//! A crew in an MPI rank: the caller of its fold is in another process, and the crew is kept from fold to fold.
//!
//! A crew of this process is made for one run, and gives its workers back. A crew of a rank has no run. It is told when
//! one begins and when it rests, and it has all its workers until it is disbanded.

use crate::backend::processes::build;
use crate::backend::processes::run::starter::Starter;
use crate::error::Error;
use crate::model::Model;
use crate::remote::wire::Build;

use super::{Crew, cannot_start};

impl Crew {
    /// A crew of at most `size` workers, and the build that their handshakes name. `replaces` tells whether workers are
    /// replaced after a number of chunks, and `share` how many threads each of their tasks should use.
    pub(in crate::backend) fn of_rank(
        size: usize,
        memory_limit: Option<u64>,
        replaces: bool,
        share: usize,
    ) -> Result<(Self, Build), Error> {
        let build = build::own().map_err(|error| cannot_start(Model::Mpi, &error))?;
        let mut starter = Starter::new(Model::Mpi, build, memory_limit, share);
        if replaces {
            starter.replaces();
        }
        Ok((Self::new(Model::Mpi, size, memory_limit, None, starter)?, build))
    }

    /// Another run begins, on the workers that are there.
    pub(in crate::backend) fn begin(&mut self) {
        self.starter.begin();
        self.oom_kills = None;
        // What workers wrote in an earlier run does not explain their ends in this one.
        self.workers.iter_mut().flatten().for_each(|member| drop(member.worker.stderr_tail()));
    }

    /// Passes on what `worker` has printed; whether it has begun a line and not ended it.
    pub(in crate::backend) fn print(&mut self, worker: usize) -> bool {
        let worker = &mut self.member(worker).worker;
        [0, 1].iter().for_each(|&stream| worker.print(stream));
        worker.is_unfinished()
    }

    /// Ends all workers, and what makes them.
    pub(in crate::backend) fn disband(mut self) {
        let Self { workers, starter, terminating, .. } = &mut self;
        workers.drain(..).flatten().for_each(|member| terminating.leave(member.worker));
        starter.leave(terminating);
        terminating.finish();
    }
}
