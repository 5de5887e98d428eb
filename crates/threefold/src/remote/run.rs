//! `Run`: one fold on workers elsewhere, from the first block that is sent to the last answer.
//!
//! One loop: obey the dispatcher's commands, wait until something happens, tell the dispatcher. Nothing in it blocks but
//! the wait, so large messages may go both ways at once. What is decided, the dispatcher decides; what is done to
//! workers, the carrier does; what comes of chunks, the fold keeps.
//!
//! # One turn of the loop
//!
//! 1. The limit and the window of the fold are passed to the dispatcher, and the limit to the carrier.
//! 2. The dispatcher is told the time.
//! 3. The dispatcher's commands are obeyed until it has none left.
//! 4. The limit is passed on once more, since a command may have lowered it: a worker could not be started, for
//!    instance.
//! 5. If nothing below the limit is left to do, the loop ends. If the window has moved, the loop goes on at once.
//! 6. The run waits until something happens, but no longer than the dispatcher says. Then it takes in what has come.
//! 7. The caller may use what is there, so that outputs are reduced while other chunks run.
//!
//! # What comes of a command
//!
//! | command | what the run does |
//! |---|---|
//! | `Start` | the carrier starts a worker; if it cannot, the fold ends with an error |
//! | `Send` | writes the task if the worker has another, the fold if it is not told yet, and the block; sends them |
//! | `Recall` | the carrier asks the worker to give chunks back |
//! | `Terminate` | the carrier tells the worker to end; if its chunk has just ended, it goes on instead |
//! | `Kill` | the carrier kills the worker |
//! | `Discard` | the worker is given up, as one that sends nothing |
//! | `Retire` | the carrier lets the worker go, which has answered everything |
//! | `Look` | the dispatcher is told what each worker is doing |
//! | `GiveUp` | the fold ends with an error: no worker lives long enough to run a chunk |
//!
//! # What comes of an event
//!
//! | event | what the run does |
//! |---|---|
//! | a worker was heard | reads whole frames from its inbox, and handles each answer ([`answers`]) |
//! | a worker is drained | tells the dispatcher, which may send more |
//! | a worker is gone | reads all that it sent, and all that it had written and not sent; then counts it as lost |
//! | a worker sent nonsense | ends the worker for this fault, and counts it as lost |
//!
//! # The end
//!
//! When all wanted chunks are done, workers may still have others, above a failure. They skip those as soon as they see
//! the limit. The run waits for their answers, so that the workers can serve the next fold. Where workers can be ended,
//! it waits for 20 ms at most, or not at all if the fold is cancelled. Whoever began the run learns which workers are
//! idle, and has the carrier end the others. Where workers cannot be ended, the run waits until the last chunk is
//! answered.

use super::carrier::{Carrier, Event, Gone, Telling};
use super::dispatch::{Block, Command, Dispatch, SPARE_STARTS, Terms};
use super::fold_port::{FoldPort, Replay, Spot};
use super::wire::{Build, Chunks, Run as Message, ToWorker};
use crate::error::{Error, Lost};

mod answers;
mod blame;
mod experience;
mod starts;
mod task;

use blame::NOTHING_BEGUN;
pub(crate) use experience::Experience;
use experience::Key;
use starts::Starts;
use task::Task;

/// An answer that is not wanted any more is waited for this long, in nanoseconds: a worker that only has such chunks
/// skips them at once. One that is in the middle of a chunk is ended.
const GRACE: u64 = 20_000_000;

/// A block ends where its chunks take this many bytes: the message is received whole before the first of them runs.
const BLOCK_BYTES: usize = 1 << 20;

/// One fold while it runs.
pub(crate) struct Run<'a, C> {
    port: FoldPort<'a>,
    carrier: C,
    dispatch: Dispatch,
    terms: Terms,
    build: Build,
    task: Task,
    /// Identifies the folds to which the measurements of this fold apply.
    key: Option<Key>,
    /// Workers that were told of this fold.
    told: Vec<bool>,
    /// Workers that are asked to give chunks back.
    recalled: Vec<bool>,
    /// The starts that observers were told of.
    starts: Starts,
    /// What is known of the spans and events of each worker.
    replays: Vec<Replay>,
    events: Vec<Event>,
    /// How the last worker ended that was never ready, or had begun no chunk.
    idle_end: Option<String>,
    /// Whether chunks are sent one by one, since one of them may be too large for a worker.
    careful: bool,
}

impl<'a, C: Carrier> Run<'a, C> {
    /// A run that has no workers yet, with the measurements of an earlier fold. If the run cannot begin, the carrier is
    /// returned with the error.
    pub(crate) fn new(
        port: FoldPort<'a>,
        carrier: C,
        terms: Terms,
        build: Build,
        last: Option<Experience>,
    ) -> Result<Self, (Error, C)> {
        let task = match Task::new(&port, carrier.maps_memory()) {
            Ok(task) => task,
            Err(error) => return Err((error, carrier)),
        };
        port.on_stop(carrier.waker());
        let key = Key::of(&task, terms.chunks);
        let mut dispatch = Dispatch::new(terms, carrier.now()).without(port.finished());
        if let Some(per_chunk) = key.and_then(|key| last?.per_chunk_of(key)) {
            dispatch.expect(per_chunk);
        }
        Ok(Self {
            dispatch,
            told: vec![false; terms.workers],
            recalled: vec![false; terms.workers],
            starts: Starts::new(port.is_observed()),
            replays: (0..terms.workers).map(|_| Replay::default()).collect(),
            events: Vec::new(),
            idle_end: None,
            careful: false,
            port,
            carrier,
            terms,
            build,
            task,
            key,
        })
    }

    /// Admits a worker of an earlier fold, that was sent so many chunks in its life; the number that it has from now on.
    pub(crate) fn admit(&mut self, preferred: usize, sent: u64) -> Option<usize> {
        self.dispatch.admit(preferred, sent)
    }

    /// What reaches the workers.
    pub(crate) fn carrier(&mut self) -> &mut C {
        &mut self.carrier
    }

    /// Runs the fold until every chunk below the limit is done. `ready` is called now and then, to use what is there.
    pub(crate) fn finish(&mut self, ready: &mut dyn FnMut()) {
        loop {
            self.publish_limit();
            self.dispatch.time(self.carrier.now());
            while let Some(command) = self.dispatch.next() {
                self.obey(command);
            }
            let may_send_more = self.publish_limit();
            if self.dispatch.is_settled() {
                break;
            }
            if may_send_more {
                // The caller took outputs on this thread, so the window has moved and more may be sent: begin the next
                // turn without waiting.
                continue;
            }
            self.turn(self.dispatch.due());
            ready();
            if self.carrier.is_inherited() {
                // The reduction has forked. The fold goes on in the parent.
                return;
            }
        }
        self.port.settled();
        // What is still out is not wanted.
        let may_end = self.carrier.ends_workers();
        let until = if may_end { self.carrier.now() + GRACE } else { u64::MAX };
        while !(may_end && self.port.is_cancelled()) && self.dispatch.is_waiting() && self.carrier.now() < until {
            self.turn(until);
            self.publish_limit();
        }
    }

    /// Returns the carrier, whose workers have nothing left to do, and the measurements of this fold.
    pub(crate) fn dismiss(mut self) -> (C, Vec<bool>, Option<Experience>) {
        self.replays.iter_mut().for_each(|replay| self.port.forget(replay));
        self.port.moved(self.carrier.take_moved());
        let idle = (0..self.terms.workers).map(|worker| self.dispatch.is_idle(worker)).collect();
        let learnt = self.key.zip(self.dispatch.mean()).map(|(key, per_chunk)| Experience::new(key, per_chunk));
        (self.carrier, idle, learnt)
    }

    /// Tells the dispatcher and the workers how far they may go. Returns whether the window has moved.
    fn publish_limit(&mut self) -> bool {
        self.dispatch.limit_fell(self.port.limit());
        let has_moved = self.dispatch.window_reaches(self.port.window_end(self.dispatch.reached()));
        self.carrier.set_limit(self.dispatch.limit());
        has_moved
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Start { worker } => {
                self.told[worker] = false;
                self.recalled[worker] = false;
                self.port.forget(&mut self.replays[worker]);
                match self.carrier.start(worker) {
                    // A worker that was made ahead of need has answered its handshake already. If the dispatcher knows
                    // this, it sends the worker two blocks at once, and the worker goes from one to the next without a
                    // wait.
                    Ok(()) => self.take(Event::Heard { worker }),
                    Err(error) => {
                        self.port.abort(error);
                        self.dispatch.limit_fell(0);
                    }
                }
            }
            Command::Send { worker, block } => self.send(worker, block),
            Command::Recall { worker, from } => {
                self.recalled[worker] = true;
                self.carrier.recall(worker, from);
            }
            Command::Terminate { worker } => {
                let timeout = self.terms.timeout.unwrap_or(u64::MAX);
                if !self.carrier.terminate(worker, timeout) {
                    self.dispatch.spare(worker);
                }
            }
            Command::Kill { worker } => self.carrier.kill(worker),
            Command::Discard { worker } => {
                self.lose(worker, Some("it sent nothing for 10 s, and no chunk was running"))
            }
            Command::Retire { worker } => self.carrier.retire(worker),
            Command::Look => {
                for worker in 0..self.terms.workers {
                    if self.carrier.has(worker) {
                        let activity = self.carrier.activity(worker);
                        self.dispatch.saw(worker, activity);
                        self.look_for_start(worker);
                    }
                }
            }
            Command::GiveUp => {
                let count = self.terms.workers + SPARE_STARTS;
                let last = self.idle_end.take().map(|last| format!("; the last one {last}")).unwrap_or_default();
                self.port.give_up(format!("{count} workers ended before they ran a chunk{last}"));
            }
        }
    }

    /// Sends `worker` the chunks of `block`.
    fn send(&mut self, worker: usize, block: Block) {
        if !std::mem::replace(&mut self.told[worker], true) {
            self.tell(worker);
        }
        if std::mem::take(&mut self.recalled[worker]) {
            // The recall was about an earlier block.
            self.carrier.restate_limit(worker);
        }
        if self.task.source.is_empty() {
            self.send_chunks(worker, block);
        } else {
            let Block { first, attempt, .. } = block;
            let message = Message { first, attempt, chunks: Chunks::Cut(block.len()) };
            ToWorker::Run(message).write(self.carrier.outbox(worker).end());
            self.carrier.count_sent(worker, block.len());
        }
        if self.dispatch.lasts_long(block) {
            self.carrier.spread(worker);
        }
        if self.carrier.send(worker) {
            self.dispatch.drained(worker);
        }
        self.note_due(worker);
    }

    fn note_due(&mut self, worker: usize) {
        self.carrier.note_due(worker, self.dispatch.due_from(worker).map(|sent| sent.chunk));
    }

    /// Writes the chunks of `block` to `worker`, as many as fit into one message.
    fn send_chunks(&mut self, worker: usize, block: Block) {
        let port = &self.port;
        let out = self.carrier.outbox(worker).end();
        let message = ToWorker::open_run(out, block.first, block.attempt);
        let (mut end, mut refused) = (block.first, None);
        let most = if self.careful { 0 } else { BLOCK_BYTES };
        while end < block.end && (end == block.first || message.len(out) < most) {
            if let Err(reason) = message.chunk(out, |out| port.encode(end, out)) {
                refused = Some(reason);
                break;
            }
            end += 1;
        }
        message.close(out);
        self.carrier.count_sent(worker, end - block.first);
        if let Some(reason) = refused {
            self.dispatch.unsendable(worker, end);
            self.port.unsendable(end, reason);
        } else if end < block.end {
            self.dispatch.cut(worker, end);
        }
    }

    /// Tells `worker` of the fold, of its task where it has another, and of memory where it does not have it.
    fn tell(&mut self, worker: usize) {
        let Task { address, captures, fingerprint, rules, source, captured, folded } = &self.task;
        self.carrier.forget_freed(worker);
        captured.iter().chain(folded).for_each(|memory| self.carrier.map(worker, memory));
        let before = self.carrier.outbox(worker).unsent().len();
        self.carrier.tell_task(worker, &Telling { address, captures, fingerprint: *fingerprint, memory: captured });
        ToWorker::Fold { rules: *rules, source }.write(self.carrier.outbox(worker).end());
        self.port.told((self.carrier.outbox(worker).unsent().len() - before) as u64);
    }

    /// Waits until something happens, but no longer than until then, and deals with it.
    fn turn(&mut self, until: u64) {
        let mut events = std::mem::take(&mut self.events);
        match self.carrier.wait(until, &mut events) {
            Ok(()) => {
                for event in events.drain(..) {
                    self.take(event);
                    let (Event::Drained { worker } | Event::Heard { worker } | Event::Gone { worker }) = event;
                    self.note_due(worker);
                }
            }
            Err(error) => self.port.abort(error),
        }
        self.events = events;
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::Drained { worker } => self.dispatch.drained(worker),
            Event::Heard { worker } | Event::Gone { worker } if self.carrier.has(worker) => {
                let gone = event == Event::Gone { worker };
                let mut fault = self.take_answers(worker, gone).err();
                if fault.is_none() && (gone || self.carrier.is_closed(worker)) {
                    // Answers that it had finished and not sent are kept. It did not send them, so errors in them
                    // are not its fault.
                    self.carrier.recover(worker);
                    let _ = self.take_frames(worker);
                    fault = Some("it closed its channel");
                }
                if gone || fault.is_some() {
                    // A dead worker is not at fault for what it could not send.
                    self.lose(worker, fault.filter(|_| !gone));
                }
            }
            _ => {}
        }
    }

    /// `worker` is gone, or must go, for that fault.
    fn lose(&mut self, worker: usize, fault: Option<&'static str>) {
        let (ready, rank) = (self.dispatch.is_ready(worker), self.carrier.rank(worker));
        let Gone { end, progress, another_way, ran_for, pid, memory, stderr_tail } =
            self.carrier.end(worker, self.dispatch.unanswered(worker), ready, fault);
        let progress = self.blamed(worker, progress, &end);
        self.start_of_lost(worker, progress, ran_for);
        self.span_of_lost(worker, progress);
        let loss =
            self.dispatch.lost(worker, progress, &|attempt| self.port.not_before(attempt, &|| self.carrier.now()));
        if another_way {
            self.dispatch.forgive_start();
        }
        if !ready || progress == NOTHING_BEGUN {
            let when = if ready { "" } else { " before it was ready" };
            let said = stderr_tail.last().map(|line| format!(": {line}")).unwrap_or_default();
            self.idle_end = Some(format!("{end}{when}{said}"));
        }
        let lost = Lost { ran_for, memory, stderr_tail, ..Lost::new(end) };
        if let Some(error) = self.port.lost(&loss, &lost, Spot { worker, pid, rank }) {
            self.carrier.lost(&error);
        }
    }
}
