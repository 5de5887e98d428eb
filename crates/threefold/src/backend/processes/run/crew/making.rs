//! How a crew gets its workers: those that are being made, and the one that makes them.
//!
//! A worker is a member of its crew from the moment it is asked for. The dispatcher sends it chunks, which wait in its channel.
//! Three things are different while it is in the making:
//!
//! - There is no process yet whose death could be watched. It is added to the watch at its birth.
//! - The first that comes from it is no frame, so it is not received as one.
//! - If it is not made, it is reported as gone. It has started nothing, so its chunks are pending again, and another worker is
//!   started in its place, which does not count as a start that has failed.
//!
//! The member that makes copies is the *original*. What is written for it is held back until it is greeted, since it would
//! take the greeting for the end of the requests.

use std::io;

use super::{Crew, Member, SERVER};
use crate::backend::processes::child::Worker;
use crate::backend::processes::run::watch::{Ready, Source};
use crate::remote::carrier::Event;

impl Crew {
    /// Makes the worker of that number.
    ///
    /// # Errors
    ///
    /// When the system refuses another process, or the descriptors that are needed to reach it.
    pub(super) fn make(&mut self, number: usize) -> io::Result<()> {
        let original = self.original.and_then(|original| self.workers[original].as_ref());
        let made = self.starter.start(number, original.map(|member| &member.worker))?;
        self.take_in(number, made)
    }

    /// Takes in a worker that was just made. It is greeted where no copies of it are wanted.
    fn take_in(&mut self, number: usize, mut worker: Worker) -> io::Result<()> {
        if !worker.is_greeted() && (self.original.is_some() || !self.starter.wants_original()) {
            self.starter.greet(&mut worker)?;
        }
        self.add(number, worker)
    }

    /// No more workers are wanted for now. Makes some ahead, where they are replaced. Otherwise greets the worker that was
    /// making the others, and sends what was held back for it.
    pub(super) fn finish_making(&mut self, events: &mut Vec<Event>) -> io::Result<()> {
        self.starter.refill();
        self.watch_server()?;
        let Some(worker) = self.original.take() else { return Ok(()) };
        let Some(member) = &mut self.workers[worker] else { return Ok(()) };
        self.starter.greet(&mut member.worker)?;
        if self.push(worker) {
            events.push(Event::Drained { worker });
        }
        Ok(())
    }

    /// Watches the fork server, where it is there.
    fn watch_server(&mut self) -> io::Result<()> {
        match self.starter.server() {
            Some(server) if server.mark.is_none() => self.watch.add(server, SERVER).map(drop),
            _ => Ok(()),
        }
    }

    /// Something has happened to the fork server.
    pub(super) fn hear_server(&mut self, ready: Ready) {
        let Some(server) = self.starter.server() else { return };
        match ready.source {
            Source::Out => server.print(0),
            Source::Err => server.print(1),
            Source::Death | Source::Channel => self.starter.failed(false),
        }
    }

    /// Something has come from a worker that is still in the making.
    pub(super) fn look_for_birth(&mut self, worker: usize, events: &mut Vec<Event>) -> io::Result<()> {
        let Some(Member { worker: made, mark, .. }) = &mut self.workers[worker] else { return Ok(()) };
        made.look_for_birth();
        if made.is_unborn() {
            return Ok(());
        }
        self.unborn -= 1;
        if made.is_stillborn() {
            events.push(Event::Gone { worker });
        }
        self.watch.add_death(made, *mark)
    }

    /// Gives up the workers that should have been made long ago.
    pub(super) fn look_for_overdue(&self, events: &mut Vec<Event>) {
        if self.unborn == 0 {
            return;
        }
        for (worker, member) in self.workers.iter().enumerate() {
            if member.as_ref().is_some_and(|member| member.worker.is_overdue()) {
                events.push(Event::Gone { worker });
            }
        }
    }

    /// `worker` is there no more, and may have been in the making, or have made others.
    pub(super) fn forget_making(&mut self, worker: &Worker) {
        if self.original == Some(worker.number) {
            self.original = None;
        }
        self.unborn -= usize::from(worker.is_unborn());
    }

    /// A worker has ended that was `ready` or not. `failed` says of a copy that was not made whether none can be. Returns
    /// whether the worker is made in another way now.
    pub(super) fn note_end(&mut self, ready: bool, failed: Option<bool>) -> bool {
        if ready {
            self.starter.replaces();
        }
        if let Some(refused) = failed {
            self.starter.failed(refused);
        }
        failed.is_some()
    }
}
