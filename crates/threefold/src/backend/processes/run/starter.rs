//! `Starter`: how the workers of a crew come to be, as cheaply as can be.
//!
//! To start the executable takes ten times as long as to copy a process that has come as far as its entrance. So only the
//! first worker of a fold is started, and it makes the others before it is greeted. No process is there but the workers.
//!
//! Where workers are replaced - after so many chunks, or because one has died - one more process is started: the *fork
//! server*, a worker that is never greeted. It makes all workers from then on, and some ahead of need: the *spares*, which
//! have been greeted and wait. All are kept from fold to fold, and end with the executor.
//!
//! A worker sees its parent's folder, environment, limits and rights as they were when the executable was started. So the
//! server is replaced where these are not the same any more when a fold begins to need it.
//!
//! Whatever goes wrong with a copy, the worker is started from the executable in its place. After a few times no more copies
//! are asked for.
//!
//! # The first fold
//!
//! Four workers come to be like this:
//!
//! 1. The parent starts the executable as worker 0, and holds back its greeting.
//! 2. It sends three requests for copies into the channel of worker 0, each with the channel and the pipes of one copy. It
//!    sends each copy its greeting, its task and its first chunks, into a channel whose other end nobody has read yet.
//! 3. The dispatcher wants no more workers, so the parent is about to wait. It greets worker 0 and sends what was held back.
//! 4. Worker 0 comes to its entrance. It finds the requests, makes the three copies, finds the greeting, and serves.
//! 5. Each copy says its number, leaves the group of worker 0, finds its greeting and its chunks, and serves.
//!
//! The order of the messages in one channel is what makes this right: nobody has to wait for an answer, and no request can
//! come after the greeting. Of the parent's time this takes a few system calls for each worker, and the start of one.
//!
//! # Replacements
//!
//! With `chunks_per_worker`, or once a worker has been lost, whoever makes copies must not run tasks. So from then on the
//! server makes them. A worker that is needed is taken from the spares, where it has said hello long ago and only needs to be
//! sent its chunk. What was taken is made again afterwards, while that chunk runs. If a fold is over, spares wait for the next.
//!
//! # What a copy sees
//!
//! The laws say nothing of a task that depends on the working folder or on variables, but a program may well rely on them. A
//! worker that is started has those of its parent at that moment. The [`Surroundings`] of the server are compared once in each
//! fold that needs it. Within a fold they are those of its beginning, for all copies.
//!
//! # What can go wrong
//!
//! - The worker that makes copies has other threads. It says so once, and no copy is asked for again in this program.
//! - It is dead. Its channel says so when a copy is asked for, or the channel of the copy closes.
//! - The system refuses another process. The original lets go of the request, and the channel of the copy closes. The worker
//!   is started instead, which the system refuses as well: that error is the one that is told.
//! - It hangs. The copy is given up after two seconds, and the original is killed so that it cannot make it later.
//! - The channel is full of requests that nobody takes, as with a thousand workers. The others are started.

use std::collections::VecDeque;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use super::surroundings::Surroundings;
use crate::backend::processes::child::Worker;
use crate::backend::processes::worker::Entrance;
use crate::remote::wire::Build;

/// So often a copy may fail until the executable is started for each worker.
const FAILURES: u32 = 3;

/// So many workers are made ahead. To make one takes longer than to run a small chunk on it.
const SPARES: usize = 2;

/// Whether workers of this program have other threads when they come to their entrance, so that no copy of them can be made.
static ARE_REFUSED: AtomicBool = AtomicBool::new(false);

/// Makes workers.
#[derive(Debug)]
pub(in crate::backend::processes) struct Starter {
    build: Build,
    memory_limit: Option<u64>,
    server: Option<Server>,
    /// Workers that no fold has yet.
    spares: VecDeque<Worker>,
    /// Whether there should be more of them.
    lacks: bool,
    /// Whether workers are replaced, as far as is known.
    replaces: bool,
    /// How often a copy has failed.
    failures: u32,
}

#[derive(Debug)]
struct Server {
    worker: Worker,
    surroundings: Surroundings,
    /// Whether these were compared since the fold began.
    compared: bool,
}

impl Starter {
    pub(in crate::backend::processes) fn new(build: Build, memory_limit: Option<u64>, replaces: bool) -> Self {
        Self { build, memory_limit, server: None, spares: VecDeque::new(), lacks: false, replaces, failures: 0 }
    }

    /// A fold begins: what this process has for its children may have changed.
    pub(in crate::backend::processes) fn begin(&mut self) {
        if let Some(server) = &mut self.server {
            server.compared = false;
        }
    }

    /// Makes a worker, as a copy of `original` where that has not been greeted. One that is started from the executable is
    /// not greeted yet: whoever gets it greets it when no more workers are wanted.
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
        Worker::start(number, Entrance::of_workers())
    }

    /// A copy of that worker, which has been greeted.
    fn copy_of(&self, original: &Worker, number: usize) -> io::Result<Worker> {
        let mut copy = original.copy(number)?;
        self.greet(&mut copy)?;
        Ok(copy)
    }

    /// A worker of the server's. Others are made ahead later, in [`refill`](Self::refill).
    fn replacement(&mut self) -> Option<Worker> {
        self.compare();
        // One that has died since would only have to be replaced again.
        while let Some(mut spare) = self.spares.pop_front() {
            spare.look_for_birth();
            if spare.is_unborn() || !spare.is_dead() {
                self.lacks = true;
                return Some(spare);
            }
        }
        let made = self.spare().ok();
        self.lacks = made.is_some();
        made
    }

    /// Makes workers ahead, where some were taken. Those that were taken have been sent their chunks before, so that this
    /// costs no time that anybody waits for. If one cannot be made, it is tried again after the next one was taken.
    pub(super) fn refill(&mut self) {
        while std::mem::take(&mut self.lacks)
            && let Ok(spare) = self.spare()
        {
            self.spares.push_back(spare);
            self.lacks = self.spares.len() < SPARES;
        }
    }

    /// Ends the server where a worker that is started now would see something else than those that it makes. Its spares go with
    /// it: they have what it has.
    fn compare(&mut self) {
        let Some(server) = &mut self.server else { return };
        if !std::mem::replace(&mut server.compared, true) && server.surroundings != Surroundings::now() {
            self.dismiss();
        }
    }

    /// A copy of the server, which is started where it is not there.
    fn spare(&mut self) -> io::Result<Worker> {
        let server = match self.server.take() {
            Some(server) => server,
            None => Server {
                surroundings: Surroundings::now(),
                worker: Worker::start(0, Entrance::of_workers())?,
                compared: true,
            },
        };
        let made = self.copy_of(&server.worker, 0);
        let is_dead = made.is_err() && server.worker.is_dead();
        self.server = Some(server);
        if is_dead {
            self.failed(false);
        }
        made
    }

    /// A worker was lost that had been ready: there may be more of that kind.
    pub(super) fn replaces(&mut self) {
        self.replaces = true;
    }

    /// A copy has failed; `refused` where none can be made in this program.
    pub(super) fn failed(&mut self, refused: bool) {
        self.failures += 1;
        if refused {
            // Relaxed: a word about the program that stands by itself.
            ARE_REFUSED.store(true, Ordering::Relaxed);
        }
        self.dismiss();
    }

    /// Whether a worker that was started from the executable is to make others.
    pub(super) fn wants_original(&self) -> bool {
        self.makes_copies() && !self.replaces
    }

    /// Greets a worker, which makes no more copies then.
    pub(super) fn greet(&self, worker: &mut Worker) -> io::Result<()> {
        worker.greet(self.build, self.memory_limit)
    }

    /// Whether copies are asked for.
    fn makes_copies(&self) -> bool {
        self.failures < FAILURES && !ARE_REFUSED.load(Ordering::Relaxed)
    }

    /// The server, where it is there.
    pub(in crate::backend::processes) fn server(&mut self) -> Option<&mut Worker> {
        self.server.as_mut().map(|server| &mut server.worker)
    }

    /// Ends the server and the spares: they are told first, all of them, and then waited for.
    ///
    /// The server goes last. Spares that it has not made yet are made before it sees that its channel is closed, or are known
    /// not to come when it is gone.
    pub(in crate::backend::processes) fn dismiss(&mut self) {
        let (mut spares, server) = (std::mem::take(&mut self.spares), self.server.take());
        spares.iter_mut().for_each(Worker::say_goodbye);
        if let Some(server) = &server {
            server.worker.hang_up();
        }
        spares.into_iter().for_each(Worker::finish);
        if let Some(server) = server {
            server.worker.finish();
        }
    }
}
