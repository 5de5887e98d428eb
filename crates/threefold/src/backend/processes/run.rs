//! `Run`: one fold on worker processes, from the first chunk handed out to the last answer.
//!
//! One loop: hand out chunks, send, wait for anything to happen, take answers, look after the dead. Nothing in it
//! blocks but the wait, so large messages may go both ways at once.

use std::collections::BTreeMap;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::task::{Wake, Waker};
use std::time::{Duration, Instant};

use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};
use rustix::io::Errno;

use super::Processes;
use super::child::{Events, Worker};
use super::memory::OomKills;
use crate::error::Error;
use crate::fold::Fold;
use crate::remote::wire::{Build, Rules};

mod answers;
mod crew;
mod deal;

use crew::{SPARE_STARTS, cannot_start};

/// The answer to a chunk that is not wanted any more is waited for this long: a worker that only has such chunks
/// skips them at once, one that is in the middle of one is killed.
const GRACE: Duration = Duration::from_millis(20);

/// How often busy workers are looked at, their memory and whether they still do anything: some ten microseconds each.
const LOOK: Duration = Duration::from_millis(50);

pub(super) struct Run<'a> {
    fold: &'a Arc<Fold>,
    /// How many workers there should be while there is work.
    size: usize,
    build: Build,
    memory_limit: Option<u64>,
    chunks_per_worker: Option<usize>,
    oom_kills: OomKills,
    task: Task,
    workers: Vec<Worker>,
    /// Workers that may still be started in place of others.
    starts_left: usize,
    /// Chunks that were handed out and came back, and which attempt is next.
    returned: BTreeMap<u64, u32>,
    /// What a chunk took, lately, in nanoseconds; `None` as long as none is done.
    pace: Option<u64>,
    /// Readable when the limit falls: a failure here, or a cancel from anywhere.
    bell: Arc<OwnedFd>,
    /// When busy workers were last looked at.
    looked: Instant,
}

/// Writes to an event descriptor.
struct Bell(Arc<OwnedFd>);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        // A full counter is as good a sign as one more.
        let _ = rustix::io::write(&*self.0, &1u64.to_ne_bytes());
    }
}

/// The task as it is sent to every worker.
struct Task {
    path: &'static str,
    captures: Vec<u8>,
    rules: Rules,
}

impl<'a> Run<'a> {
    /// A run with the workers that are there already; they come back with the error where it cannot begin.
    pub(super) fn new(
        fold: &'a Arc<Fold>,
        backend: &'a Processes,
        size: usize,
        idle: Vec<Worker>,
    ) -> Result<Self, (Error, Vec<Worker>)> {
        let (path, captures) = fold.job.encode_task();
        let captures = match captures {
            Ok(captures) => captures,
            Err(cause) => return Err((Error::new(cause, fold.place_of_all()), idle)),
        };
        let bell = match eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK) {
            Ok(bell) => Arc::new(bell),
            Err(error) => return Err((cannot_start(&error.into()), idle)),
        };
        fold.workers.register(Waker::from(Arc::new(Bell(Arc::clone(&bell)))));
        let rules = Rules {
            stop_on_err: fold.job.stops_on_err(),
            stop_on_panic: (!fold.policy.keeps_going && fold.policy.attempts_at_panics() == 1),
            // An answer that is held back would fail, or use up an attempt, with a chunk that is not its own.
            answer_each: fold.policy.keeps_going || fold.policy.attempts() > 1,
        };
        let mut run = Self {
            fold,
            size,
            build: backend.build,
            memory_limit: backend.memory_limit,
            chunks_per_worker: backend.chunks_per_worker,
            oom_kills: OomKills::now(),
            task: Task { path, captures, rules },
            workers: Vec::with_capacity(size),
            starts_left: size + SPARE_STARTS,
            returned: BTreeMap::new(),
            pace: None,
            bell,
            looked: Instant::now(),
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
            self.retire();
            self.recruit();
            self.hand_out();
            if self.is_settled() {
                break;
            }
            let patience = self.keep_deadlines();
            self.turn(patience);
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
        let mut unfinished = [false; 2];
        for worker in &mut self.workers {
            worker.print_rest_after(&mut unfinished);
            self.fold.moved(worker.take_moved());
        }
        let (idle, busy): (Vec<_>, Vec<_>) =
            self.workers.drain(..).partition(|worker| worker.greeted && worker.is_idle() && !worker.is_condemned());
        for worker in busy {
            worker.end();
        }
        idle
    }

    /// Whether nothing below the limit is left to do.
    fn is_settled(&self) -> bool {
        let limit = self.fold.claims().limit();
        self.fold.claims().is_over() && !self.has_work() && !self.workers.iter().any(|worker| worker.owes_below(limit))
    }

    /// Tells the workers how far they may go.
    fn publish_limit(&self) {
        let limit = self.fold.claims().limit();
        for worker in &self.workers {
            worker.set_limit(limit);
        }
    }

    /// Waits until something happens, but no longer than `patience`, and deals with it.
    fn turn(&mut self, patience: Option<Duration>) {
        let patience = patience.map_or(LOOK, |patience| patience.min(LOOK));
        let events = match self.wait(patience) {
            Ok(events) => events,
            Err(error) => return self.fold.abort(cannot_start(&error)),
        };
        // From the back, since the dead are taken out.
        for (index, events) in events.into_iter().enumerate().rev() {
            self.look_after(index, events);
        }
        if self.looked.elapsed() >= LOOK {
            self.looked = Instant::now();
            self.workers.iter_mut().for_each(Worker::look_at_memory);
            self.end_stalled();
        }
    }

    fn wait(&self, patience: Duration) -> io::Result<Vec<Events>> {
        let mut watched = Vec::with_capacity(1 + 4 * self.workers.len());
        watched.push(PollFd::new(&*self.bell, PollFlags::IN));
        for worker in &self.workers {
            worker.watch(&mut watched);
        }
        let patience = Timespec { tv_sec: patience.as_secs() as _, tv_nsec: patience.subsec_nanos().into() };
        match poll(&mut watched, Some(&patience)) {
            // A signal may come again and again: the deadlines are looked at in between.
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let mut entries = watched.iter();
        if entries.next().is_some_and(|bell| !bell.revents().is_empty()) {
            let _ = rustix::io::read(&*self.bell, &mut [0u8; 8]);
        }
        Ok(self.workers.iter().map(|worker| worker.events(&mut entries)).collect())
    }

    fn look_after(&mut self, index: usize, events: Events) {
        self.workers[index].print(events.prints);
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
}
