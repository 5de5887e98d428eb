//! `Carrier`: how workers are reached. The contract between a fold's run and whatever carries its messages.
//!
//! A run decides, with its dispatcher, who is started, told what, and ended. A carrier does it. Workers go by numbers
//! below the count that the fold was given; a number belongs to one worker at a time. A carrier's duties:
//!
//! - **Messages arrive whole, in order, once, or the worker is gone.** What is appended to an
//!   [`outbox`](Carrier::outbox) is sent by [`send`](Carrier::send), as far as the transport takes it now, and the rest
//!   later, during [`wait`](Carrier::wait). Nothing but `wait` blocks, so large messages may go both ways at once.
//! - **A worker that is gone is reported once**, as [`Event::Gone`], after everything that it had sent can be received.
//!   Then [`end`](Carrier::end) tells how far it had come. A chunk that may have been started is never reported as not
//!   started: where the carrier does not know, it says [`Progress::Unknown`].
//! - **The limit reaches workers faster than messages do**, where the transport can: a worker asks for it before each
//!   chunk.
//! - **A recall is a request.** A carrier may pass it on in memory that the worker reads before each chunk, or in a
//!   message. A carrier that can do neither does nothing. What counts is the worker's answer alone: it says which chunks
//!   it does not start, and these are the end of the block that it runs. A recall is over when the worker is sent another
//!   block.
//! - **Time is one number**, in nanoseconds, and never goes back: what [`now`](Carrier::now) says, what `wait` waits for,
//!   and since when a chunk [`Runs`](Activity::Runs).

use std::sync::Arc;
use std::task::Waker;
use std::time::{Duration, Instant};

use super::dispatch::{Activity, Progress};
#[cfg(feature = "mpi")]
use super::wire::ToWorker;
use super::wire::{Inbox, Outbox, Running};
use crate::error::{End, Error, Rank};
use crate::shared::memory::Memory;

/// What has happened to a worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// Something has come from it.
    Heard { worker: usize },
    /// Everything that was written for it is sent.
    Drained { worker: usize },
    /// It is gone, and nothing more will come than can be received now.
    Gone { worker: usize },
}

/// A task as a worker knows it: a fingerprint of all its bytes.
pub(crate) type Fingerprint = [u64; 2];

/// A task that a worker is to be told.
pub(crate) struct Telling<'a> {
    /// What it is found by.
    pub(crate) address: &'a [u8],
    pub(crate) captures: &'a [u8],
    pub(crate) fingerprint: Fingerprint,
    /// The memory of the arrays in its captures.
    pub(crate) memory: &'a [Arc<Memory>],
}

impl Telling<'_> {
    /// The message to a worker that keeps one task.
    #[cfg(feature = "mpi")]
    pub(crate) fn message(&self) -> ToWorker<'_> {
        ToWorker::Task { slot: 0, address: self.address, captures: self.captures }
    }
}

/// A worker that is gone, as far as is known of it.
#[derive(Debug)]
pub(crate) struct Gone {
    /// How it ended.
    pub(crate) end: End,
    /// How far it had come with the chunks that it had not answered.
    pub(crate) progress: Progress,
    /// Whether it could never get ready, and others are started another way from now on.
    pub(crate) another_way: bool,
    /// How long the chunk that was running had been running.
    pub(crate) ran_for: Option<Duration>,
    /// The process, where it was one.
    pub(crate) pid: Option<u32>,
    /// The largest memory that was seen of it, in bytes.
    pub(crate) memory: Option<u64>,
    /// The last lines that it wrote to its standard error.
    pub(crate) stderr_tail: Vec<String>,
}

/// Reaches the workers of one fold.
pub(crate) trait Carrier {
    /// The time, in nanoseconds.
    fn now(&self) -> u64;

    /// The moment at which the clock of `worker` showed `then`, as near as can be told.
    fn instant(&self, worker: usize, then: u64) -> Instant;

    /// What wakes `wait` from any thread, at once and without blocking.
    fn waker(&self) -> Waker;

    /// Starts `worker`, which says hello when it is ready.
    fn start(&mut self, worker: usize) -> Result<(), Error>;

    /// Whether `worker` is there.
    fn has(&self, worker: usize) -> bool;

    /// The handshake of `worker` is done.
    fn answered_handshake(&mut self, worker: usize);

    /// Messages to `worker`.
    fn outbox(&mut self, worker: usize) -> &mut Outbox;

    /// The next block for `worker` lasts long, so the worker should run on a core that no other worker uses.
    fn spread(&mut self, worker: usize);

    /// Sends what can be sent to `worker` now; whether that is everything.
    fn send(&mut self, worker: usize) -> bool;

    /// Takes in once what has come from `worker`; whether there may be more.
    fn receive(&mut self, worker: usize) -> bool;

    /// Whether nothing more will come from `worker`, dead or alive.
    fn is_closed(&self, worker: usize) -> bool;

    /// Messages from `worker`.
    fn inbox(&mut self, worker: usize) -> &mut Inbox;

    /// Nothing more will come from `worker`. Puts into its inbox what the worker had written and not sent, as far as
    /// that is known. Does nothing while the worker is alive, since it may still write there.
    fn recover(&mut self, worker: usize);

    /// Whether the workers can map memory of this process. If not, arrays are sent with all their items.
    fn maps_memory(&self) -> bool {
        false
    }

    /// Tells `worker` where that memory of this process is, if it has not been told. Appends to the outbox.
    fn map(&mut self, _worker: usize, _memory: &Memory) {
        unreachable!("only a carrier that maps memory is asked to");
    }

    /// Tells `worker` of the memory that this process has freed. Appends to the outbox.
    fn forget_freed(&mut self, _worker: usize) {}

    /// Makes this the task of `worker`. Appends to the outbox what the worker does not have of it.
    fn tell_task(&mut self, worker: usize, task: &Telling<'_>);

    /// `count` chunks more were written for `worker`.
    fn count_sent(&mut self, worker: usize, count: u64);

    /// The process of `worker`, where it is one.
    fn pid(&self, worker: usize) -> Option<u32>;

    /// The rank of `worker` in an MPI job.
    fn rank(&self, _worker: usize) -> Option<Rank> {
        None
    }

    /// Nothing from `limit` on may start on any worker.
    fn set_limit(&mut self, limit: u64);

    /// Asks `worker` to give back the chunks from `from` on that it has not started, of the block that it runs.
    fn recall(&mut self, worker: usize, from: u64);

    /// Tells `worker` the limit once more, which alone counts from now on: no recall does.
    fn restate_limit(&mut self, worker: usize);

    /// Waits for events until `until` at the latest, and appends them to `events`. It may return early without any.
    fn wait(&mut self, until: u64, events: &mut Vec<Event>) -> Result<(), Error>;

    /// What `worker` has been doing since this was last asked.
    fn activity(&mut self, worker: usize) -> Activity;

    /// The chunk that `worker` is running, if the carrier sees it. The worker may have written anything there.
    fn running(&mut self, _worker: usize) -> Option<Running> {
        None
    }

    /// Tells `worker` to terminate where the chunk that it is running has been running for `timeout`, in nanoseconds;
    /// whether it is.
    fn terminate(&mut self, worker: usize, timeout: u64) -> bool;

    /// Kills `worker`, whose end is an event as any other.
    fn kill(&mut self, worker: usize);

    /// `worker` has nothing more to do: it exits by itself, and is no event any more.
    fn retire(&mut self, worker: usize);

    /// Ends `worker`, dead or alive. It has not answered `unanswered` of the chunks that it was sent, and `ready` says
    /// whether its handshake is done. `fault` says why it is ended where it is alive.
    fn end(&mut self, worker: usize, unanswered: u64, ready: bool, fault: Option<&'static str>) -> Gone;

    /// `worker` runs this chunk, or is about to, or has nothing to do.
    fn note_due(&mut self, _worker: usize, _due: Option<u64>) {}

    /// `worker` cannot read its task.
    fn refused(&mut self, _worker: usize) {}

    /// The loss of a worker has led to this error.
    fn lost(&mut self, _error: &Error) {}

    /// Whether a worker can be ended while it runs a chunk. If not, a run that ends early waits for the chunks that run.
    fn ends_workers(&self) -> bool;

    /// Whether this process is a fork of the one that the workers answer. Then this value must not be used.
    fn is_inherited(&self) -> bool {
        false
    }

    /// How many bytes were sent and received since this was last asked.
    fn take_moved(&mut self) -> u64;
}
