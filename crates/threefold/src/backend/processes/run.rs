//! `Run`: one fold on worker processes, from the first chunk handed out to the last answer.
//!
//! One loop: hand out chunks, send, wait for anything to happen, take answers, look after the dead. Nothing in it
//! blocks but the wait, so large messages may go both ways at once.

use std::collections::BTreeSet;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};

use super::worker::{Events, Remains, Worker};
use crate::clock;
use crate::error::{Attempt, Cause, End, Error, Place};
use crate::fold::Fold;
use crate::model::Model;
use crate::panics::Panic;
use crate::trace::Span;
use crate::wire::{Build, FromWorker, Part, Ran};
use crate::worker::{Entrance, entrance, use_early_entrance};

/// A worker is sent chunks for about this long at once: several times what a wake-up and an answer take, so that it
/// never waits for the parent ..
const AHEAD: Duration = Duration::from_micros(400);

/// .. but not more than this many bytes beyond the first chunk.
const AHEAD_BYTES: usize = 1 << 20;

/// The answer to a chunk that is not wanted any more is waited for this long: a worker that only has such chunks
/// skips them at once, one that is in the middle of one is killed.
const GRACE: Duration = Duration::from_millis(20);

/// This many workers more than a fold has may end before they ran anything; then something is wrong with them all.
const SPARE_STARTS: usize = 3;

pub(super) struct Run<'a> {
    fold: &'a Arc<Fold>,
    /// How many workers there should be while there is work.
    size: usize,
    build: Build,
    task: Task,
    workers: Vec<Worker>,
    /// Workers that may still be started in place of others.
    starts_left: usize,
    /// Chunks that were handed out, not started, and came back.
    returned: BTreeSet<u64>,
    /// What a chunk took, lately, in nanoseconds; `None` as long as none is done.
    pace: Option<u64>,
    /// Readable when the limit falls: a failure here, or a cancel from anywhere.
    bell: Arc<OwnedFd>,
}

/// The task as it is sent to every worker.
struct Task {
    path: &'static str,
    captures: Vec<u8>,
    stops_on_err: bool,
}

impl<'a> Run<'a> {
    /// A run with the workers that are there already; they come back with the error where it cannot begin.
    pub(super) fn new(
        fold: &'a Arc<Fold>,
        size: usize,
        build: Build,
        idle: Vec<Worker>,
    ) -> Result<Self, (Error, Vec<Worker>)> {
        let (path, captures) = fold.job.encode_task();
        let captures = match captures {
            Ok(captures) => captures,
            Err(reason) => {
                return Err((Error::new(Cause::Unportable { what: "the task", reason }, fold.place_of_all()), idle));
            }
        };
        let bell = match eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK) {
            Ok(bell) => Arc::new(bell),
            Err(error) => return Err((cannot_start(&error.into()), idle)),
        };
        let rung = Arc::clone(&bell);
        fold.on_stop(move || {
            // A full counter is as good a sign as one more.
            let _ = rustix::io::write(&*rung, &1u64.to_ne_bytes());
        });
        let task = Task { path, captures, stops_on_err: fold.job.stops_on_err() };
        let mut run = Self {
            fold,
            size,
            build,
            task,
            workers: Vec::with_capacity(size),
            starts_left: size + SPARE_STARTS,
            returned: BTreeSet::new(),
            pace: None,
            bell,
        };
        for worker in idle {
            run.admit(worker);
        }
        Ok(run)
    }

    /// Runs the fold until every chunk below the limit is done.
    pub(super) fn finish(&mut self, ready: &mut dyn FnMut()) {
        loop {
            self.publish_limit();
            self.recruit();
            self.hand_out();
            if self.is_settled() {
                break;
            }
            self.turn(None);
            ready();
        }
        // What is still out is not wanted.
        let until = Instant::now() + GRACE;
        while !self.fold.is_cancelled() && self.workers.iter().any(|worker| worker.unanswered() > 0) {
            self.publish_limit();
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            self.turn(Some(left));
        }
    }

    /// Passes on what is left of the prints, ends the workers that are busy with something, and gives back the others.
    pub(super) fn dismiss(mut self) -> Vec<Worker> {
        let mut printed = [false; 2];
        for worker in &mut self.workers {
            for (lines, before) in worker.prints.iter_mut().zip(&mut printed) {
                lines.pass_on();
                if *before && lines.is_unfinished() {
                    lines.break_line();
                }
                *before |= lines.pass_on_rest();
            }
        }
        let (idle, busy): (Vec<_>, Vec<_>) =
            self.workers.drain(..).partition(|worker| worker.greeted && worker.is_idle());
        for worker in busy {
            worker.end();
        }
        idle
    }

    /// Whether nothing below the limit is left to do.
    fn is_settled(&self) -> bool {
        let limit = self.fold.claims.limit();
        !self.has_work() && !self.workers.iter().any(|worker| worker.owes_below(limit))
    }

    /// Whether there are chunks to hand out.
    fn has_work(&self) -> bool {
        self.fold.claims.is_open() || self.returned.first().is_some_and(|&chunk| self.fold.may_start(chunk))
    }

    /// Tells the workers how far they may go.
    fn publish_limit(&self) {
        let limit = self.fold.claims.limit();
        for worker in &self.workers {
            worker.set_limit(limit);
        }
    }

    /// Starts workers until there are as many as there should be, while there is work for them.
    fn recruit(&mut self) {
        while self.workers.len() < self.size && self.has_work() {
            if self.starts_left == 0 {
                // Those that are there may do.
                if self.workers.is_empty() {
                    self.fold.abort(Error::setup(
                        Some(Model::Processes),
                        format!(
                            "worker processes keep ending before they run anything: {} did",
                            self.size + SPARE_STARTS
                        ),
                    ));
                }
                return;
            }
            self.starts_left -= 1;
            let number = (0..self.size).find(|&number| self.workers.iter().all(|worker| worker.number != number));
            let number = number.expect("fewer workers than numbers");
            match Worker::start(number, entrance().unwrap_or(Entrance::Main), self.build) {
                Ok(worker) => self.admit(worker),
                Err(error) => return self.fold.abort(cannot_start(&error)),
            }
        }
    }

    fn admit(&mut self, mut worker: Worker) {
        let taken = |number| self.workers.iter().any(|worker| worker.number == number);
        if worker.number >= self.size || taken(worker.number) {
            worker.number = (0..self.size).find(|&number| !taken(number)).expect("fewer workers than numbers");
        }
        worker.set_limit(self.fold.claims.limit());
        worker.set_task(self.task.path, &self.task.captures, self.task.stops_on_err);
        self.workers.push(worker);
    }

    /// Gives every worker as many chunks as it should have, one at a time in turn.
    fn hand_out(&mut self) {
        let mut handed = true;
        while handed {
            handed = false;
            for worker in 0..self.workers.len() {
                if self.wants_more(worker)
                    && let Some(chunk) = self.next_chunk()
                {
                    handed = true;
                    let job = &self.fold.job;
                    if let Err(reason) = self.workers[worker].run(chunk, |bytes| job.encode(chunk, bytes)) {
                        let cause = Cause::Unportable { what: "the chunk", reason };
                        self.fold.fail(chunk, Error::new(cause, self.fold.place(chunk)));
                    }
                }
            }
        }
        self.workers.iter_mut().for_each(Worker::send);
    }

    fn wants_more(&self, worker: usize) -> bool {
        let worker = &self.workers[worker];
        match worker.unanswered() {
            0 => true,
            // It may never come to life: it holds one chunk until it does.
            _ if !worker.greeted => false,
            unanswered => unanswered < self.ahead() && worker.unsent_bytes() < AHEAD_BYTES,
        }
    }

    /// How many chunks a worker is sent at once.
    fn ahead(&self) -> usize {
        let Some(pace) = self.pace else { return 1 };
        let fitting = (AHEAD.as_nanos() as u64 / pace.max(1)).max(1) + 1;
        // No more than a fair share of half of what is left: the rest evens out whoever is late.
        let left = self.fold.claims.limit().saturating_sub(self.fold.claims.next()) + self.returned.len() as u64;
        let fair = left / (2 * self.size as u64) + 1;
        usize::try_from(fitting.min(fair)).unwrap_or(usize::MAX)
    }

    fn next_chunk(&mut self) -> Option<u64> {
        while let Some(chunk) = self.returned.pop_first() {
            if self.fold.may_start(chunk) {
                return Some(chunk);
            }
        }
        self.fold.claims.claim(|_| 1).map(|block| block.start)
    }

    /// Waits until something happens, and deals with it.
    fn turn(&mut self, patience: Option<Duration>) {
        let events = match self.wait(patience) {
            Ok(events) => events,
            Err(error) => return self.fold.abort(cannot_start(&error)),
        };
        // From the back, since the dead are taken out.
        for (index, events) in events.into_iter().enumerate().rev() {
            self.look_after(index, events);
        }
    }

    fn wait(&self, patience: Option<Duration>) -> io::Result<Vec<Events>> {
        let mut watched = Vec::with_capacity(1 + 4 * self.workers.len());
        watched.push(PollFd::new(&*self.bell, PollFlags::IN));
        for worker in &self.workers {
            worker.watch(&mut watched);
        }
        let patience = patience
            .map(|patience| Timespec { tv_sec: patience.as_secs() as _, tv_nsec: patience.subsec_nanos().into() });
        rustix::io::retry_on_intr(|| poll(&mut watched, patience.as_ref()))?;
        let mut entries = watched.iter();
        if entries.next().is_some_and(|bell| !bell.revents().is_empty()) {
            let _ = rustix::io::read(&*self.bell, &mut [0u8; 8]);
        }
        Ok(self.workers.iter().map(|worker| worker.events(&mut entries)).collect())
    }

    fn look_after(&mut self, index: usize, events: Events) {
        let worker = &mut self.workers[index];
        for (lines, _) in worker.prints.iter_mut().zip(events.prints).filter(|(_, happened)| *happened) {
            lines.pass_on();
        }
        let mut fault = None;
        if events.channel || events.death {
            fault = self.take_answers(index, events.death).err();
        }
        if events.death {
            self.bury(index, None);
        } else if let Some(fault) = fault {
            self.bury(index, Some(fault));
        } else if self.workers[index].is_closed() {
            let fault = (!self.workers[index].has_ended()).then_some("it closed its channel");
            self.bury(index, fault);
        }
    }

    /// Takes what has come through the channel of worker `index`: all there will ever be where it is dead.
    fn take_answers(&mut self, index: usize, dead: bool) -> Result<(), &'static str> {
        loop {
            let more = self.workers[index].receive();
            let mut inbox = std::mem::take(&mut self.workers[index].inbox);
            while let Some(frame) = inbox.next()? {
                self.take_answer(index, frame)?;
            }
            self.workers[index].inbox = inbox;
            if !(dead && more) {
                return Ok(());
            }
        }
    }

    fn take_answer(&mut self, index: usize, frame: &[u8]) -> Result<(), &'static str> {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let worker = &mut self.workers[index];
        match FromWorker::read(frame).ok_or("it sent what no worker would")? {
            FromWorker::Hello { build } if build == self.build && !worker.greeted => worker.greeted = true,
            FromWorker::Hello { .. } => return Err("it said hello twice, or is of another build"),
            FromWorker::Refused { reason } => {
                let reason = format!("a worker process could not serve: {}", text(reason));
                self.fold.abort(Error::setup(Some(Model::Processes), reason));
            }
            _ if !worker.greeted => return Err("it did not say hello first"),
            FromWorker::Skipped { chunk } => self.due(index, chunk)?,
            FromWorker::Done { ran, output } => {
                self.due(index, ran.chunk)?;
                match self.fold.job.decode(ran.chunk, output, self.fold) {
                    Ok(()) => self.done(index, ran),
                    Err(reason) => self.unportable(index, ran.chunk, "the output", reason),
                }
            }
            FromWorker::Panicked { ran, at, message } => {
                self.due(index, ran.chunk)?;
                let panic = Panic { message: text(message), at: (!at.is_empty()).then(|| text(at)) };
                let worker = &self.workers[index];
                self.fold.panicked(ran.chunk, worker.number, Some(worker.pid()), panic);
            }
            FromWorker::Unportable { ran, what, reason } => {
                self.due(index, ran.chunk)?;
                let what = match what {
                    Part::Chunk => "the chunk",
                    Part::Output => "the output",
                };
                self.unportable(index, ran.chunk, what, text(reason));
            }
        }
        Ok(())
    }

    /// The answer to `chunk` has come, in its turn.
    fn due(&mut self, index: usize, chunk: u64) -> Result<(), &'static str> {
        if self.workers[index].answered(chunk) { Ok(()) } else { Err("it answered out of turn") }
    }

    fn done(&mut self, index: usize, ran: Ran) {
        // A moving average: chunks may grow costlier as the fold goes on.
        self.pace = Some(self.pace.map_or(ran.duration, |pace| pace - pace / 8 + ran.duration / 8));
        self.fold.record(|| Span {
            chunk: ran.chunk,
            worker: self.workers[index].number,
            started: clock::instant(ran.started),
            duration: Duration::from_nanos(ran.duration),
            attempt: 1,
        });
    }

    fn unportable(&self, index: usize, chunk: u64, what: &'static str, reason: String) {
        let worker = &self.workers[index];
        let place = Place { worker: Some(worker.number), pid: Some(worker.pid()), ..self.fold.place(chunk) };
        self.fold.fail(chunk, Error::new(Cause::Unportable { what, reason }, place));
    }

    /// Worker `index` is dead, or must be, for that fault.
    fn bury(&mut self, index: usize, fault: Option<&'static str>) {
        let mut worker = self.workers.remove(index);
        let (number, pid, greeted) = (worker.number, worker.pid(), worker.greeted);
        worker.prints.iter_mut().for_each(|lines| lines.pass_on());
        let words = worker.prints.each_ref().map(|lines| lines.last_words());
        worker.prints.iter_mut().for_each(|lines| {
            lines.pass_on_rest();
        });
        let (end, remains) = worker.end();
        let end = fault.map_or(end, End::Protocol);
        let Remains { running, mut done, waiting } = remains;
        self.returned.extend(waiting);

        if !greeted {
            return self.not_started(end, &words);
        }
        // Chunks that are not wanted any more may go.
        done.retain(|&chunk| self.fold.may_start(chunk));
        let running = running.filter(|&chunk| self.fold.may_start(chunk));
        let Some(first) = done.iter().copied().chain(running).min() else { return };
        // The chunk to name is the one that was running; where there is none, the last one that was done.
        let named = running.or_else(|| done.pop()).unwrap_or(first);
        let place = Place {
            worker: Some(number),
            pid: Some(pid),
            attempt: Some(Attempt { number: 1, of: 1 }),
            ..self.fold.place(named)
        };
        self.fold.fail(first, Error::new(Cause::Lost { end, also: done }, place));
    }

    /// A worker ended before it said hello.
    fn not_started(&mut self, end: End, words: &[Option<String>; 2]) {
        if entrance() == Some(Entrance::Main) && self.workers.iter().all(|worker| !worker.greeted) {
            // `main` may be a test harness's, that knows nothing of workers: it runs a test on the main thread when it
            // runs one at a time.
            use_early_entrance();
            return;
        }
        let words = words.iter().rev().flatten().next();
        let said = words.map(|words| format!(": {words}")).unwrap_or_default();
        self.fold.abort(Error::setup(
            Some(Model::Processes),
            format!("a worker process could not be started: it {end} before it was ready{said}"),
        ));
    }
}

fn cannot_start(error: &io::Error) -> Error {
    Error::setup(Some(Model::Processes), format!("a worker process could not be started: {error}"))
}
