//! How a crew gets its workers: the workers that are not started yet, and the worker that makes them.
//!
//! A worker is a member of its crew from the moment it is requested. The dispatcher sends it chunks, which wait in its
//! channel. Three things differ while the worker is not started yet:
//!
//! - It has no process whose death could be watched. Its process is added to the watch when its process id is known.
//! - Its first message is not a frame, so it is not received as one.
//! - If it never starts, it is reported as gone. It has started no chunk, so its chunks are pending again. Another
//!   worker is started in its place. This does not count as a failed start.
//!
//! The member that makes copies is called the *original*. The handshake ends the requests for copies, so the original
//! gets it last. All other messages to the original are held back until then.

use std::io;

use super::{Crew, Member, SERVER};
use crate::backend::processes::child::Worker;
use crate::backend::processes::run::watch::{Ready, Source};
use crate::remote::carrier::Event;

impl Crew {
    /// Makes the worker with that number.
    ///
    /// # Errors
    ///
    /// When the system refuses another process, or the descriptors that are needed to reach it.
    pub(super) fn make(&mut self, number: usize) -> io::Result<()> {
        let original = self.original.and_then(|original| self.workers[original].as_ref());
        let made = self.starter.start(number, original.map(|member| &member.worker))?;
        self.take_in(number, made)
    }

    /// Adds a worker that was just made. Sends it the handshake at once if no copies of it are wanted.
    fn take_in(&mut self, number: usize, mut worker: Worker) -> io::Result<()> {
        if !worker.has_handshake() && (self.original.is_some() || !self.starter.wants_original()) {
            self.starter.send_handshake(&mut worker)?;
        }
        self.add(number, worker)
    }

    /// No more workers are wanted for now. If workers are replaced, this makes some ahead of need. Otherwise it sends
    /// the handshake to the worker that was making the others, and then the messages that were held back for it.
    pub(super) fn finish_making(&mut self, events: &mut Vec<Event>) -> io::Result<()> {
        self.starter.refill();
        self.watch_server()?;
        let Some(worker) = self.original.take() else { return Ok(()) };
        let Some(member) = &mut self.workers[worker] else { return Ok(()) };
        self.starter.send_handshake(&mut member.worker)?;
        if self.push(worker) {
            events.push(Event::Drained { worker });
        }
        Ok(())
    }

    /// Watches the fork server, if there is one.
    fn watch_server(&mut self) -> io::Result<()> {
        match self.starter.server() {
            Some(server) if server.mark.is_none() => self.watch.add(server, SERVER).map(drop),
            _ => Ok(()),
        }
    }

    /// Handles an event of the fork server.
    pub(super) fn hear_server(&mut self, ready: Ready) {
        let Some(server) = self.starter.server() else { return };
        match ready.source {
            Source::Out => server.print(0),
            Source::Err => server.print(1),
            Source::Death | Source::Channel => {
                // Copies of it that are not started yet keep its pidfd open.
                self.watch.forget(server);
                self.starter.note_failure();
            }
        }
    }

    /// Handles the first message of a worker that is not started yet.
    pub(super) fn look_for_birth(&mut self, worker: usize, events: &mut Vec<Event>) -> io::Result<()> {
        let Some(Member { worker: made, mark, .. }) = &mut self.workers[worker] else { return Ok(()) };
        made.look_for_birth();
        if made.is_starting() {
            return Ok(());
        }
        self.starting -= 1;
        if made.never_started() {
            events.push(Event::Gone { worker });
        }
        self.watch.add_death(made, *mark)
    }

    /// Gives up the workers that should have started long ago.
    pub(super) fn look_for_overdue(&self, events: &mut Vec<Event>) {
        if self.starting == 0 {
            return;
        }
        for (worker, member) in self.workers.iter().enumerate() {
            if member.as_ref().is_some_and(|member| member.worker.is_overdue()) {
                events.push(Event::Gone { worker });
            }
        }
    }

    /// `worker` is gone. It may not have been started yet, or it may have been making other workers.
    pub(super) fn forget_making(&mut self, worker: &Worker) {
        if self.original == Some(worker.number) {
            self.original = None;
        }
        self.starting -= usize::from(worker.is_starting());
    }
}
