//! `Worker`: a thread of a rank that runs the chunks of one worker of a session.
//!
//! It runs what a worker process runs ([`Server`]), with other means. Its limit is a number that the thread that takes in
//! a `LIMIT` changes. Its answers are one message for each block, or for 64 KiB. There is no status page: a chunk that
//! takes the process down takes the whole rank down, and the job with it.
//!
//! It waits for its messages itself. After 50 ms without any it leaves that to the rank's main thread, which wakes it.
//!
//! A task that cannot be read is reported once. The chunks of that fold are answered as not started, so that rank 0,
//! which cannot end this thread, has nothing to wait for.

use std::io;
use std::sync::Arc;
use std::thread;

use super::Rank;
use super::shared_task::SharedTask;
use crate::backend::current::{self, Context};
use crate::backend::mpi::fork;
use crate::backend::mpi::letter::{self, Address};
use crate::backend::mpi::mailbox::Mailbox;
use crate::backend::mpi::prints;
use crate::backend::stack;
use crate::model::Model;
use crate::remote::clock;
use crate::remote::serve::limit::{Limit, Limited};
use crate::remote::serve::{Aside, Found, Reporter, Server};
use crate::remote::wire::{Build, FromWorker, Inbox, Running, ToWorker};

/// While another block has arrived, answers may wait for its answers, but not longer than this, in nanoseconds. Rank 0
/// sends the block after the next when it has the answers.
const HOLD: u64 = 100_000;

/// Answers of more bytes than this are sent before the block ends.
const HELD_BYTES: usize = 64 << 10;

/// What a worker is told.
pub(super) enum Order {
    /// Bytes of its stream have come.
    Came { address: Address, bytes: Vec<u8> },
    /// The session is over.
    Close,
}

/// A worker, as the other threads of its rank know it.
#[derive(Default)]
pub(super) struct Worker {
    /// What it is told.
    pub(super) mailbox: Mailbox<Order>,
    /// Up to which chunk it may go.
    pub(super) limit: Arc<Limit>,
}

impl Worker {
    /// Starts the thread of a worker.
    pub(super) fn start(address: Address, task: Arc<SharedTask>) -> Arc<Self> {
        let worker = Arc::<Self>::default();
        let bytes = stack::size();
        let thread = thread::Builder::new().name(format!("threefold-{}", address.worker)).stack_size(bytes);
        let own = Arc::clone(&worker);
        let started = thread.spawn(move || {
            stack::note(bytes);
            super::note_own_thread();
            if let Err(error) = own.serve(address, &task) {
                Rank::get().abort(&format!("a message cannot be obeyed: {error}"));
            }
        });
        if let Err(error) = started {
            // The lock of the office is held here, and given back while this thread unwinds.
            panic!("a thread could not be started: {error}");
        }
        worker
    }

    /// Obeys orders until the session is over.
    fn serve(&self, address: Address, task: &SharedTask) -> io::Result<()> {
        let rank = Rank::get();
        let (mut server, mut inbox) = (Server::default(), Inbox::default());
        // The task that this worker has, and whether it has none because it cannot be read.
        let (mut known, mut refuses) = (0, false);
        let mut answers =
            Answers { rank, mailbox: &self.mailbox, limit: &self.limit, address, task, unsent: Vec::new() };
        loop {
            let order = self.mailbox.take().or_else(|| self.mailbox.wait(&rank.office, u64::MAX, true));
            match order {
                Some(Order::Came { address, bytes }) => {
                    answers.address = address;
                    inbox.put(bytes);
                    if address.brings_task > 0 {
                        refuses = false;
                    } else if address.task != known {
                        let found = task.get(address.task);
                        refuses = found.is_none();
                        found.into_iter().for_each(|found| server.adopt(found));
                    }
                    known = address.task;
                }
                Some(Order::Close) => return Ok(()),
                None => continue,
            }
            let _here = current::enter(Some(Context::Rank(Limited::new(
                &self.limit,
                answers.address.fold,
                answers.address.threads as usize,
            ))));
            while let Some(message) = inbox.next().map_err(io::Error::other)? {
                if refuses {
                    // Rank 0 knows why, or will. It waits until no chunk is left here.
                    skip(message, &mut answers.unsent);
                } else {
                    refuses = server.obey(message, &mut answers)?.is_break();
                }
            }
            inbox.shrink();
            let waits = !self.mailbox.is_empty() && clock::now().saturating_sub(server.held_since()) <= HOLD;
            if !waits {
                answers.send()?;
            }
        }
    }
}

/// Answers that none of the chunks was started.
fn skip(message: &[u8], answers: &mut Vec<u8>) {
    if let Some(ToWorker::Run(block)) = ToWorker::read(message) {
        FromWorker::Skipped { first: block.first, count: block.count() }.write(answers);
    }
}

/// How a worker of a rank reports.
struct Answers<'a> {
    rank: &'static Rank,
    mailbox: &'a Mailbox<Order>,
    limit: &'a Limit,
    address: Address,
    task: &'a SharedTask,
    unsent: Vec<u8>,
}

impl Reporter for Answers<'_> {
    fn prepare(&mut self, _build: Build, _memory_limit: u64, _model: Model) -> io::Result<Result<(), String>> {
        // Ranks are compared when the job begins.
        Ok(Ok(()))
    }

    fn note_aside(&mut self, _aside: Aside) {}

    fn note_found(&mut self, task: Option<&Found>) {
        self.task.publish(self.address.task, task);
    }

    fn begin_block(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn limit(&self) -> u64 {
        self.limit.of(self.address.fold)
    }

    fn has_more(&self) -> bool {
        !self.mailbox.is_empty()
    }

    fn note_start(&mut self, _running: Running) {}

    fn note_done(&mut self, _serial: u64) {}

    fn unsent(&mut self) -> &mut Vec<u8> {
        &mut self.unsent
    }

    fn rewrite(&mut self, _start: usize) {}

    fn hold(&mut self) -> bool {
        self.unsent.len() <= HELD_BYTES
    }

    fn send(&mut self) -> io::Result<()> {
        if fork::is_one() {
            // The task has returned in a fork of this rank as well, which must not answer for it.
            std::process::exit(0);
        }
        if !self.unsent.is_empty() {
            prints::flush();
            self.rank.pipes.pass_on(&self.rank.office);
            letter::post(&self.rank.office, 0, &mut self.unsent, self.address, None);
        }
        Ok(())
    }
}
