//! `Dispatch`: which worker is sent which chunks, and when a worker is started, terminated or retired.
//!
//! A pure state machine. Events come in as method calls, commands are taken out with [`next`](Dispatch::next), and the
//! time is a number of nanoseconds that [`time`](Dispatch::time) passes in. It holds no descriptor and reads no clock,
//! and it knows nothing of how workers are reached. So worker processes, other machines and the simulator in the tests
//! drive the same code.
//!
//! Workers are sent *blocks*: ranges of consecutive chunk numbers. A worker reports when it is almost done with its
//! block, and is then sent the next one, so it never waits for a message. A block takes some milliseconds, but is never
//! more than a fair share of half of what is left. So blocks shrink towards the end of the fold (guided
//! self-scheduling). The end itself is divided at once, and what is then unequal is [recalled](recall).
//!
//! The length of a block depends on three costs:
//!
//! - *A message costs the caller's time.* The caller wakes up, receives the outputs, and sends the next block. This
//!   takes some ten to twenty microseconds. If the workers need all cores, they lose this time. So blocks should be
//!   long.
//! - *A block that is too long ends too late.* A block is at most half of what is left, divided by the number of
//!   workers, whatever its chunks cost. The other half can make up for a block whose chunks cost more than the chunks
//!   before them. At the end, a recall makes up for it, but its messages take as long as a few cheap chunks.
//! - *A block that waits behind another could run on an idle worker*, and cannot be recalled before its worker comes to
//!   it. So a block to continue with is sent only to a worker that is almost done, or that has a single chunk.
//!
//! How long chunks take is known only from finished chunks. If the same fold ran before, its mean is used until then. All
//! chunks together may be expected to take no longer than a message. Then each worker is sent its share at once. If the
//! expectation is wrong, the shares are still fair, as far as the chunks take equally long. Without an expectation,
//! blocks have one chunk until the first is done, or a few chunks if there are very many. A block never takes much
//! longer than the fold has run so far, or is expected to run, since what was measured in a short time may not hold for
//! longer.
//!
//! What holds at any time:
//!
//! - Each chunk below the limit is in exactly one place: pending, with one worker, or answered. Only `due` names the
//!   chunk whose answer may be counted, so no chunk is counted twice.
//! - A chunk that a lost worker had started is pending again only where its attempts allow that. A chunk that it had
//!   not started is pending again as it was.
//! - Pending chunks leave in ascending order, with two exceptions. A lost chunk may wait for a worker that has run
//!   nothing yet, since whatever an earlier chunk did to its worker must not harm the next attempt. And a chunk that is
//!   tried again may have to wait for some time.
//! - A recall changes nothing until the worker answers it. Then the end of the worker's first block is pending again.
//! - The limit only falls. Nothing at or above it leaves, nor anything beyond the window of outputs not yet taken.
//! - Chunks that the journal of the fold has never leave.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

mod block;
mod command;
mod events;
mod look;
mod loss;
mod pending;
mod recall;
#[cfg(test)]
mod simulator;
mod size;
mod worker;

pub(crate) use block::{Block, Sent};
pub(crate) use command::Command;
pub(crate) use events::Activity;
pub(crate) use look::time_to_look;
pub(crate) use loss::{Loss, Progress};
use pending::Pending;
use worker::Worker;

use crate::fold::finished::Finished;

/// What a message and its answer take, in nanoseconds, on the fastest transport: two wake-ups of a sleeping core.
const MESSAGE: u64 = 40_000;

/// A worker that should be doing something outside of any task - start, take in a chunk, send an output - does it in
/// microseconds. One that does nothing at all for this long, in nanoseconds, never will.
const PATIENCE: u64 = 10_000_000_000;

/// The time between being told to terminate and being killed, in nanoseconds.
pub(crate) const NOTICE: u64 = 100_000_000;

/// So many more workers than the fold has may be lost before they ran anything. Then something is wrong with them all.
pub(crate) const SPARE_STARTS: usize = 3;

/// What a fold asks of its dispatcher.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    /// The number of chunks.
    pub(crate) chunks: u64,
    /// How many workers there should be while there is work.
    pub(crate) workers: usize,
    /// How often a chunk may be lost until it is given up.
    pub(crate) attempts: u32,
    /// How often a chunk may panic until it is given up.
    pub(crate) attempts_at_panics: u32,
    /// Whether chunks above a failed one run nevertheless.
    pub(crate) keeps_going: bool,
    /// How many chunks a worker is sent in its life.
    pub(crate) chunks_per_worker: Option<u64>,
    /// How long a chunk may run, in nanoseconds.
    pub(crate) timeout: Option<u64>,
    /// How far the window reaches above the lowest chunk whose output was not taken yet.
    pub(crate) window: u64,
}

/// The dispatcher of one fold.
#[derive(Debug)]
pub(crate) struct Dispatch {
    terms: Terms,
    /// How many chunks were to be run when the fold began.
    chunks: u64,
    now: u64,
    pending: Pending,
    workers: Vec<Option<Worker>>,
    /// Numbers that no worker has.
    free: BTreeSet<usize>,
    /// Workers that may want more chunks, each once.
    hungry: VecDeque<usize>,
    /// Workers that have been sent nothing in their lives.
    fresh: usize,
    /// Chunks below the limit that workers have and have not answered.
    open: u64,
    /// How many workers have a block of which a part can be recalled.
    divisible: usize,
    /// When to look again whether something is to be recalled, unless something happens before.
    recall_at: u64,
    /// Workers are not compared before this moment.
    no_recall_before: u64,
    /// How many workers may still be started.
    starts_left: usize,
    /// Whether a worker was started since the time was last told: the others that are there come first.
    started: bool,
    /// When the fold began.
    began: u64,
    /// How many chunks are done.
    done: u64,
    /// How long the chunks took that are done, in nanoseconds.
    busy: u64,
    /// How long a chunk takes, lately, in nanoseconds. `None` until one is done.
    per_chunk: Option<u64>,
    /// The expected time of a chunk, in nanoseconds. It is used until a chunk is done.
    expected: Option<u64>,
    /// When busy workers are to be looked at.
    look_at: u64,
    /// Commands that follow from an event.
    commands: VecDeque<Command>,
    /// When workers that were told to terminate are to be killed.
    notices: VecDeque<(u64, usize)>,
}

impl Dispatch {
    /// A fold with no worker yet, at time `now`.
    pub(crate) fn new(terms: Terms, now: u64) -> Self {
        Self {
            terms,
            chunks: terms.chunks,
            now,
            pending: Pending::new(terms.chunks, None),
            workers: (0..terms.workers).map(|_| None).collect(),
            free: (0..terms.workers).collect(),
            hungry: VecDeque::new(),
            fresh: 0,
            open: 0,
            divisible: 0,
            recall_at: u64::MAX,
            no_recall_before: 0,
            starts_left: terms.workers + SPARE_STARTS,
            started: false,
            began: now,
            done: 0,
            busy: 0,
            per_chunk: None,
            expected: None,
            look_at: now + time_to_look(terms.timeout),
            commands: VecDeque::new(),
            notices: VecDeque::new(),
        }
    }

    /// The same without the chunks that are finished already.
    pub(crate) fn without(self, finished: Option<Arc<Finished>>) -> Self {
        let pending = Pending::new(self.terms.chunks, finished);
        Self { chunks: pending.left(), pending, ..self }
    }

    /// The time is `now`.
    pub(crate) fn time(&mut self, now: u64) {
        self.now = self.now.max(now);
        self.pending.time(self.now);
        self.started = false;
    }

    /// What is to be done next; `None` until another event, or until [`due`](Self::due).
    pub(crate) fn next(&mut self) -> Option<Command> {
        if let Some(command) = self.commands.pop_front() {
            return Some(command);
        }
        if let Some(&(until, worker)) = self.notices.front()
            && until <= self.now
        {
            self.notices.pop_front();
            return Some(Command::Kill { worker });
        }
        if let Some((worker, block)) = self.next_block() {
            return Some(Command::Send { worker, block });
        }
        if let Some(recall) = self.recall() {
            return Some(recall);
        }
        if self.wants_start() {
            if self.starts_left > 0 && !self.started {
                return self.start();
            }
            if self.starts_left == 0 && self.free.len() == self.terms.workers {
                self.limit_fell(0);
                return Some(Command::GiveUp);
            }
        }
        if self.look_at <= self.now {
            self.look_at = self.now + time_to_look(self.terms.timeout);
            return Some(Command::Look);
        }
        None
    }

    /// When [`next`](Self::next) is to be asked at the latest, whatever happens.
    pub(crate) fn due(&self) -> u64 {
        if self.wants_start() && self.starts_left > 0 {
            return self.now;
        }
        let look_at = self.look_at.min(self.recall_at).min(self.pending.due());
        self.notices.front().map_or(look_at, |&(until, _)| until.min(look_at))
    }

    /// Whether nothing below the limit is left to do.
    pub(crate) fn is_settled(&self) -> bool {
        self.open == 0 && self.pending.is_empty()
    }

    /// One past the last chunk that may start.
    pub(crate) fn limit(&self) -> u64 {
        self.pending.limit()
    }

    /// Nothing from `chunk` on may start any more.
    pub(crate) fn limit_fell(&mut self, chunk: u64) {
        if chunk < self.limit() {
            self.pending.limit_fell(chunk);
            self.open = self.workers.iter().flatten().map(|worker| worker.owes_below(chunk)).sum();
        }
    }

    /// No chunk from `end` on may be sent for now: their outputs would wait for those of the chunks below. Returns
    /// whether more may be sent than before.
    pub(crate) fn window_reaches(&mut self, end: u64) -> bool {
        self.pending.window_reaches(end)
    }

    /// The lowest chunk that was never sent.
    pub(crate) fn reached(&self) -> u64 {
        self.pending.reached()
    }

    /// A worker of an earlier fold takes part, that has been sent `sent` chunks in its life; its number, which is
    /// `preferred` where that is free. `None` where there are enough.
    pub(crate) fn admit(&mut self, preferred: usize, sent: u64) -> Option<usize> {
        let number = if self.free.contains(&preferred) { preferred } else { *self.free.first()? };
        self.add(number, Worker::ready(sent, self.now));
        if self.terms.chunks_per_worker.is_some_and(|most| sent >= most) {
            self.retire(number);
        }
        Some(number)
    }

    fn add(&mut self, number: usize, worker: Worker) {
        self.free.remove(&number);
        self.fresh += usize::from(worker.is_fresh());
        self.workers[number] = Some(worker);
        self.hungers(number);
    }

    fn wants_start(&self) -> bool {
        !self.free.is_empty() && self.pending.has_some()
    }

    fn start(&mut self) -> Option<Command> {
        let &worker = self.free.first()?;
        self.started = true;
        self.starts_left -= 1;
        self.add(worker, Worker::starting(self.now));
        Some(Command::Start { worker })
    }

    /// Whether `worker` has been ready.
    pub(crate) fn is_ready(&self, worker: usize) -> bool {
        self.get(worker).is_some_and(Worker::is_ready)
    }

    /// The chunk that the next answer of `worker` must be about.
    pub(crate) fn due_from(&self, worker: usize) -> Option<Sent> {
        self.get(worker)?.due()
    }

    /// Whether `worker` was sent this chunk at this attempt, and has not answered it.
    pub(crate) fn has_sent(&self, worker: usize, sent: Sent) -> bool {
        self.get(worker).is_some_and(|worker| worker.has(sent))
    }

    /// How many chunks `worker` may answer in one frame, starting with the chunk that is due.
    pub(crate) fn due_together(&self, worker: usize) -> u64 {
        self.get(worker).map_or(0, Worker::due_together)
    }

    /// Whether `worker` has nothing to do: it is ready, and has answered all that it was sent.
    pub(crate) fn is_idle(&self, worker: usize) -> bool {
        self.get(worker).is_some_and(Worker::is_idle)
    }

    /// How many chunks `worker` was sent and has not answered.
    pub(crate) fn unanswered(&self, worker: usize) -> u64 {
        self.get(worker).map_or(0, Worker::unanswered)
    }

    /// Whether any worker has something to answer, wanted or not.
    pub(crate) fn is_waiting(&self) -> bool {
        self.workers.iter().flatten().any(|worker| worker.unanswered() > 0)
    }

    fn get(&self, worker: usize) -> Option<&Worker> {
        self.workers.get(worker)?.as_ref()
    }

    /// Changes what is known of `worker`.
    fn change<T>(&mut self, worker: usize, change: impl FnOnce(&mut Worker) -> T) -> Option<T> {
        let it = self.workers.get_mut(worker)?.as_mut()?;
        self.divisible -= usize::from(it.divisible().is_some());
        let changed = change(it);
        self.divisible += usize::from(it.divisible().is_some());
        Some(changed)
    }

    fn remove(&mut self, worker: usize) -> Option<Worker> {
        let gone = self.workers.get_mut(worker)?.take()?;
        self.fresh -= usize::from(gone.is_fresh());
        self.divisible -= usize::from(gone.divisible().is_some());
        self.free.insert(worker);
        self.hungry.retain(|&other| other != worker);
        self.notices.retain(|&(_, other)| other != worker);
        // What was to be done about it is done.
        self.commands.retain(|command| match *command {
            Command::Terminate { worker: other } | Command::Discard { worker: other } => other != worker,
            _ => true,
        });
        Some(gone)
    }

    fn retire(&mut self, worker: usize) {
        self.remove(worker);
        self.starts_left += 1;
        self.commands.push_back(Command::Retire { worker });
    }

    fn hungers(&mut self, worker: usize) {
        if self.change(worker, Worker::becomes_hungry) == Some(true) {
            self.hungry.push_back(worker);
        }
    }

    /// A worker that wants chunks, and the lowest that it may have.
    fn next_block(&mut self) -> Option<(usize, Block)> {
        if !self.pending.has_some() {
            return None;
        }
        for _ in 0..self.hungry.len() {
            let worker = self.hungry.pop_front()?;
            let room = self.room(worker);
            if room == 0 {
                self.change(worker, Worker::becomes_sated);
                continue;
            }
            self.hungry.push_back(worker);
            let Some(fresh) = self.get(worker).map(Worker::is_fresh) else { continue };
            let may_retry = fresh || !self.has_fresh();
            if let Some(block) = self.pending.next(room, may_retry) {
                let now = self.now;
                self.change(worker, |it| it.receives(block, now));
                self.fresh -= usize::from(fresh);
                self.open += block.len();
                return Some((worker, block));
            }
        }
        None
    }

    /// Whether a worker that has run nothing is there or can be.
    fn has_fresh(&self) -> bool {
        self.fresh > 0 || (!self.free.is_empty() && self.starts_left > 0)
    }
}
