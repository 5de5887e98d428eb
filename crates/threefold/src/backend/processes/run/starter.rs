//! `Starter`: how the workers of a crew are made, as cheaply as possible.
//!
//! Starting the executable takes ten times as long as copying a process that has reached its entrance. A copy is made
//! with `clone3`. So the parent starts only the first worker of a fold, and this worker makes the others before its
//! handshake. There are no processes besides the workers.
//!
//! Workers may be replaced, because each runs a limited number of chunks or because one has died. Then the parent
//! starts one more process: the *fork server*, a worker that never gets a handshake. From then on the fork server makes
//! all workers. It also makes some ahead of need, called *spares*, which have had their handshake and wait. All of them
//! are kept from fold to fold, and end with the executor.
//!
//! A started worker has its parent's folder, environment, limits and rights as they were when the executable was
//! started. So the fork server is replaced if these have changed when a fold begins to need it.
//!
//! If a copy fails for any reason, the worker is started from the executable instead. After a few failures no more
//! copies are requested.
//!
//! # The first fold
//!
//! Four workers are made like this:
//!
//! 1. The parent starts the executable as worker 0, before it does anything else for the fold. What else the fold needs,
//!    the parent makes while worker 0 starts. It does not send the handshake yet.
//! 2. The parent sends three requests for copies into the channel of worker 0. Each request carries the channel and the
//!    pipes of one copy. The parent sends each copy its handshake, its task and its first chunks. They wait in the
//!    copy's channel, whose other end nobody reads yet.
//! 3. The dispatcher wants no more workers, so the parent is about to wait. It sends worker 0 the handshake and the
//!    messages that were held back.
//! 4. Worker 0 reaches its entrance. It receives the requests, makes the three copies, receives the handshake, and
//!    serves.
//! 5. Each copy sends its process id, leaves the group of worker 0, receives its handshake and its chunks, and serves.
//!
//! This is correct because messages in one channel keep their order. Nobody has to wait for an answer, and no request
//! can follow the handshake. The parent spends a few system calls on each worker, and the start of one process.
//!
//! # Replacements
//!
//! With `chunks_per_worker`, or once a worker has been lost, the process that makes copies must not run tasks. So from
//! then on the fork server makes them. A new worker is taken from the spares. A spare has answered its handshake long
//! ago and only needs to be sent its chunk. The spare is replaced while that chunk runs. After a fold, spares wait for
//! the next one.
//!
//! # What a copy sees
//!
//! The laws say nothing about a task that depends on the working folder or on variables, but a program may rely on
//! them. A started worker has those of its parent at that moment. The [`Surroundings`] of the fork server are compared
//! once in each fold that needs it. Within a fold, all copies have the surroundings of its beginning.
//!
//! # What can go wrong
//!
//! - The worker that makes copies has other threads. It says so once, and this program requests no copy again.
//! - It is dead. Then a request fails with an error, or the channel of the copy closes.
//! - The system refuses another process. The original drops the request, and the channel of the copy closes. The worker
//!   is started from the executable instead. If the system refuses this as well, that error is reported.
//! - It hangs. The copy is given up after two seconds, and the original is killed so that it cannot make the copy
//!   later.
//! - The channel is full of requests that nobody receives, as with a thousand workers. The other workers are started.

use std::collections::VecDeque;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use super::surroundings::Surroundings;
use super::terminating::Terminating;
use crate::backend::processes::child::Worker;
use crate::backend::processes::worker::Entrance;
use crate::model::Model;
use crate::remote::wire::Build;

/// After this many failed copies, each worker is started from the executable.
const FAILURES: u32 = 3;

/// This many workers are made ahead of need. Making a worker takes longer than running a small chunk on it.
const SPARES: usize = 2;

/// Whether no copies can be made in this program, because its workers have other threads when they reach their entrance
/// or have an unknown C library.
static ARE_REFUSED: AtomicBool = AtomicBool::new(false);

/// Makes workers.
#[derive(Debug)]
pub(in crate::backend::processes) struct Starter {
    /// The model that workers are told.
    model: Model,
    build: Build,
    memory_limit: Option<u64>,
    /// How many threads each task should use.
    share: usize,
    server: Option<Server>,
    /// A worker that was started before the fold has asked for one.
    early: Option<Worker>,
    /// Workers that are made ahead of need and are not in a fold yet.
    spares: VecDeque<Worker>,
    /// Whether more spares should be made.
    lacks: bool,
    /// Whether workers are replaced in this executor, as far as is known.
    replaces: bool,
    /// How many copies have failed.
    failures: u32,
}

#[derive(Debug)]
struct Server {
    worker: Worker,
    surroundings: Surroundings,
    /// Whether the surroundings were compared since the fold began.
    compared: bool,
}

impl Starter {
    pub(in crate::backend::processes) fn new(
        model: Model,
        build: Build,
        memory_limit: Option<u64>,
        share: usize,
    ) -> Self {
        let (server, early, spares, lacks, replaces) = (None, None, VecDeque::new(), false, false);
        Self { model, build, memory_limit, share, server, early, spares, lacks, replaces, failures: 0 }
    }

    /// Starts the process that will make the others, before the fold asks for a worker. If the system refuses, the fold
    /// meets the same error when it asks.
    pub(in crate::backend::processes) fn start_early(&mut self) {
        if self.replaces && self.makes_copies() {
            self.server = Server::start(self.share).ok();
        } else {
            self.early = Worker::start(0, Entrance::of_workers(), self.share).ok();
        }
    }

    /// Ends the worker that was started early, if no fold has asked for it.
    pub(super) fn end_early(&mut self) {
        self.early = None;
    }

    /// A fold begins. What this process passes on to its children may have changed.
    pub(in crate::backend::processes) fn begin(&mut self) {
        if let Some(server) = &mut self.server {
            server.compared = false;
        }
    }

    /// Makes a worker: a copy of `original` if that has had no handshake yet, or a start of the executable. A started
    /// worker has had no handshake. The caller sends it when no more workers are wanted.
    ///
    /// # Errors
    ///
    /// When the executable cannot be started either.
    pub(super) fn start(&mut self, number: usize, original: Option<&Worker>) -> io::Result<Worker> {
        if self.makes_copies() {
            let copy = match original {
                _ if self.replaces => self.replacement(),
                Some(original) => self.copy_of(original, number).ok(),
                None => None,
            };
            if let Some(copy) = copy {
                return Ok(copy);
            }
        }
        match self.early.take() {
            Some(mut early) => {
                early.number = number;
                Ok(early)
            }
            None => Worker::start(number, Entrance::of_workers(), self.share),
        }
    }

    /// Requests a copy of `original`, and sends the copy its handshake.
    fn copy_of(&self, original: &Worker, number: usize) -> io::Result<Worker> {
        let mut copy = original.copy(number)?;
        self.send_handshake(&mut copy)?;
        Ok(copy)
    }

    /// A worker made by the fork server. More are made ahead of need later, in [`refill`](Self::refill).
    fn replacement(&mut self) -> Option<Worker> {
        self.compare();
        // A spare that has died would only have to be replaced again.
        while let Some(mut spare) = self.spares.pop_front() {
            spare.look_for_birth();
            if spare.is_starting() || !spare.is_dead() {
                self.lacks = true;
                return Some(spare);
            }
        }
        let made = self.spare().ok();
        self.lacks = made.is_some();
        made
    }

    /// Makes spares, if some were taken. The workers that were taken have been sent their chunks before, so nobody
    /// waits for this. If a spare cannot be made, the next attempt follows when another spare has been taken.
    pub(super) fn refill(&mut self) {
        while std::mem::take(&mut self.lacks)
            && let Ok(spare) = self.spare()
        {
            self.spares.push_back(spare);
            self.lacks = self.spares.len() < SPARES;
        }
    }

    /// Ends the fork server if a worker that is started now would have other surroundings than the server's copies. The
    /// spares end with it, since they have the server's surroundings.
    fn compare(&mut self) {
        let Some(server) = &mut self.server else { return };
        if !std::mem::replace(&mut server.compared, true) && server.surroundings != Surroundings::now() {
            self.dismiss();
        }
    }

    /// Requests a copy of the fork server, which is started first if it is not running.
    fn spare(&mut self) -> io::Result<Worker> {
        let server = match self.server.take() {
            Some(server) => server,
            None => Server::start(self.share)?,
        };
        let made = self.copy_of(&server.worker, 0);
        let is_dead = made.is_err() && server.worker.is_dead();
        self.server = Some(server);
        if is_dead {
            self.note_failure();
        }
        made
    }

    /// Workers are replaced: each after a number of chunks, or since one was lost that had been ready, and more may be lost
    /// in the same way.
    pub(in crate::backend::processes) fn replaces(&mut self) {
        self.replaces = true;
    }

    /// A copy has failed.
    pub(super) fn note_failure(&mut self) {
        self.failures += 1;
        self.dismiss();
    }

    /// No copy can be made in this program.
    pub(super) fn note_refusal(&mut self) {
        // Relaxed: no other data depends on this flag.
        ARE_REFUSED.store(true, Ordering::Relaxed);
        self.note_failure();
    }

    /// Whether a worker that was started from the executable should make the others.
    pub(super) fn wants_original(&self) -> bool {
        self.makes_copies() && !self.replaces
    }

    /// Sends a worker the handshake. The worker makes no more copies then.
    pub(super) fn send_handshake(&self, worker: &mut Worker) -> io::Result<()> {
        worker.send_handshake(self.build, self.memory_limit, self.model)
    }

    /// Whether copies are requested at all.
    fn makes_copies(&self) -> bool {
        self.failures < FAILURES && !ARE_REFUSED.load(Ordering::Relaxed)
    }

    /// The fork server, if it is running.
    pub(in crate::backend::processes) fn server(&mut self) -> Option<&mut Worker> {
        self.server.as_mut().map(|server| &mut server.worker)
    }

    /// Ends the fork server and the spares.
    fn dismiss(&mut self) {
        let mut terminating = Terminating::default();
        self.leave(&mut terminating);
        terminating.finish();
    }

    /// Tells the fork server and the spares to exit, and has `terminating` end them.
    ///
    /// The fork server ends last. It makes the requested spares before it sees that its channel is closed. Once it is
    /// gone, a spare that was not made is known never to start.
    pub(in crate::backend::processes) fn leave(&mut self, terminating: &mut Terminating) {
        self.spares.drain(..).for_each(|spare| terminating.leave(spare));
        if let Some(Server { worker, .. }) = self.server.take() {
            worker.hang_up();
            terminating.wait_for(worker);
        }
    }
}

impl Server {
    fn start(share: usize) -> io::Result<Self> {
        Ok(Self {
            // Before the start: what changes after this is noticed.
            surroundings: Surroundings::now(),
            worker: Worker::start(0, Entrance::of_workers(), share)?,
            compared: true,
        })
    }
}

#[cfg(test)]
mod tests {
    use rustix::io::Errno;
    use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};

    use super::*;
    use crate::backend::processes::build;

    fn starter(replaces: bool) -> Starter {
        let mut starter = Starter::new(Model::Processes, build::own().unwrap(), None, 1);
        if replaces {
            starter.replaces();
        }
        starter
    }

    #[test]
    fn a_worker_that_was_started_early_and_not_asked_for_is_ended() {
        let mut starter = starter(false);
        starter.start_early();
        let pid = starter.early.as_ref().and_then(Worker::pid).unwrap();
        starter.end_early();
        let child = WaitId::Pid(Pid::from_raw(pid.try_into().unwrap()).unwrap());
        let asked = waitid(child, WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT);
        assert_eq!(asked.map(|_| ()), Err(Errno::CHILD), "it was waited for");
    }

    #[test]
    fn what_is_started_early_is_the_process_that_makes_the_others() {
        for replaces in [false, true] {
            let mut starter = starter(replaces);
            starter.start_early();
            let pids = [starter.early.as_ref(), starter.server.as_ref().map(|server| &server.worker)];
            let [early, server] = pids.map(|worker| worker.and_then(Worker::pid));
            assert_eq!((early.is_some(), server.is_some()), (!replaces, replaces));
            let first = starter.start(7, None).unwrap();
            assert_eq!((first.number, first.pid()), (if replaces { 0 } else { 7 }, early));
            first.end();
            starter.dismiss();
        }
    }
}
