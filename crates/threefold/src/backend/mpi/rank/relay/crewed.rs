//! `Crewed`: the worker processes of one relay, and the loop that serves them.
//!
//! # The loop
//!
//! The thread has two sources of news that cannot be waited for together. Workers are watched with epoll. Messages of MPI
//! can only be looked for. So each turn looks for messages, obeys them, looks at the time, and then waits for workers:
//! not at all shortly after something has happened, and longer and longer after that. Another thread of the rank may
//! take a message in for this one. It wakes this thread, which ends the wait.
//!
//! A wait that is not a mere look also ends the making of workers: the worker that makes copies of itself gets its
//! handshake then (see the crew). Rank 0 asks for one worker after another, in messages that are some microseconds
//! apart, and this thread does not wait for so short a time. So all workers of a fold are asked for before.
//!
//! # Prints
//!
//! A worker's output comes through pipes to this process, which prints whole lines on its own standard output and error.
//! These are pipes as well, whose contents the rank sends to rank 0. Both steps are done before an answer of the worker
//! is passed on. The beginning of a line stays here: lines of two workers must not run into each other. Rank 0 is told
//! that there is one, and asks for it at the end of the fold.
//!
//! # A worker that is gone
//!
//! First everything that it had sent is passed on. Then what it had written and not sent is taken from its status page,
//! as on processes, and passed on as if it had been sent. Then the process is waited for, and what is left of its
//! prints is printed. The letter to rank 0 comes last.

use std::sync::atomic::Ordering;
use std::task::Waker;
use std::thread;

use super::watch::{Doing, Watch};
use super::{Order, Relay};
use crate::backend::mpi;
use crate::backend::mpi::crew_letter::{self, ALL, FromCrew, ToCrew, Wishes};
use crate::backend::mpi::letter::{self, Address};
use crate::backend::mpi::mailbox::{LONGEST, LOOKS, SHORTEST, SPIN_FOR_PROCESS};
use crate::backend::mpi::rank::Rank;
use crate::backend::options::fair_share;
use crate::backend::processes::run::crew::{Crew, Departed};
use crate::remote::carrier::{Carrier, Event};
use crate::remote::clock;
use crate::remote::wire::{Build, FromWorker};

/// After so long a silence, in nanoseconds, the relay leaves it to the rank's main thread to look for messages.
const SILENCE: u64 = 50 * LONGEST;

/// The worker processes of a session in this rank.
///
/// A worker has three numbers. Rank 0 numbers the workers of all ranks. The crew numbers those of this rank, which is the
/// worker's *place*. Its *life* tells it from others that have had its place.
pub(super) struct Crewed {
    rank: &'static Rank,
    session: u32,
    crew: Crew,
    build: Build,
    lives: Vec<Option<Life>>,
    watch: Watch,
    /// Whether rank 0 knows that a worker has begun a line.
    has_begun_line: bool,
}

/// A worker that is there.
struct Life {
    number: u32,
    is_ready: bool,
    /// Whether it has begun a line and not ended it.
    has_begun_line: bool,
}

impl Crewed {
    pub(super) fn new(rank: &'static Rank, session: u32, wishes: &Wishes) -> Result<Self, String> {
        let Wishes { workers, memory_limit, replaces, timeout } = *wishes;
        let (crew, build) = Crew::of_rank(workers, memory_limit, replaces, fair_share(mpi::cores(), workers))
            .map_err(|error| error.to_string())?;
        let lives = (0..workers).map(|_| None).collect();
        Ok(Self { rank, session, crew, build, lives, watch: Watch::new(workers, timeout), has_begun_line: false })
    }

    /// What wakes the thread that serves.
    pub(super) fn waker(&self) -> Waker {
        self.crew.waker()
    }

    /// Serves until the session is over.
    pub(super) fn serve(mut self, relay: &Relay) {
        let (mut quiet_since, mut nap) = (clock::now(), 0);
        let mut events = Vec::new();
        loop {
            let mut has_moved = false;
            for _ in 0..LOOKS {
                self.rank.office.poll();
                while let Some(order) = relay.mailbox.take() {
                    has_moved = true;
                    match order {
                        Order::Came { worker, life, bytes } => self.send(worker, life, &bytes),
                        Order::Told { worker, life, bytes } => match crew_letter::read(&bytes) {
                            Some(ToCrew::Disband) => return self.disband(),
                            Some(letter) => self.obey(worker, life, letter),
                            None => {}
                        },
                        Order::Close => return self.crew.disband(),
                    }
                }
            }
            self.look();
            let now = clock::now();
            if has_moved {
                (quiet_since, nap) = (now, 0);
            }
            let quiet = now.saturating_sub(quiet_since);
            let until = if quiet < SPIN_FOR_PROCESS {
                now
            } else {
                nap = (2 * nap).clamp(SHORTEST, LONGEST);
                let nap = if quiet > SILENCE { 10 * SILENCE } else { nap };
                self.watch.due().map_or(now + nap, |due| due.min(now + nap))
            };
            relay.is_asleep.store(until > now, Ordering::Relaxed);
            let until = if relay.mailbox.is_empty() { until } else { now };
            let waited = self.crew.wait(until, &mut events);
            relay.is_asleep.store(false, Ordering::Relaxed);
            if let Err(error) = waited {
                self.tell(ALL, 0, &FromCrew::Refused { reason: error.to_string() });
            }
            if !events.is_empty() {
                (quiet_since, nap) = (clock::now(), 0);
            } else if until == now {
                thread::yield_now();
            }
            for event in events.drain(..) {
                self.take(event);
            }
        }
    }

    /// The place in the crew of a worker in this life, if it is there.
    fn place(&self, worker: u32, life: u32) -> Option<usize> {
        let place = self.rank.place_of(worker);
        let known = self.lives.get(place)?.as_ref()?;
        (known.number == life && self.crew.has(place)).then_some(place)
    }

    /// Sends `bytes` through the channel of a worker.
    fn send(&mut self, worker: u32, life: u32, bytes: &[u8]) {
        if let Some(place) = self.place(worker, life) {
            self.crew.outbox(place).end().extend_from_slice(bytes);
            self.crew.send(place);
        }
    }

    fn obey(&mut self, worker: u32, life: u32, letter: ToCrew) {
        match letter {
            ToCrew::Open(_) | ToCrew::Disband => {}
            ToCrew::Begin { limit } => {
                self.crew.begin();
                self.crew.set_limit(limit);
                self.watch.begin();
            }
            ToCrew::Start => {
                let place = self.rank.place_of(worker);
                match self.crew.start(place) {
                    Ok(()) => {
                        self.lives[place] = Some(Life { number: life, is_ready: false, has_begun_line: false });
                        self.watch.forget(place);
                    }
                    Err(error) => self.tell(worker, life, &FromCrew::Refused { reason: error.to_string() }),
                }
            }
            ToCrew::Limit { limit } => {
                self.crew.set_limit(limit);
                if let Some(place) = self.place(worker, life) {
                    self.crew.restate_limit(place);
                }
            }
            ToCrew::Recall { from } => {
                if let Some(place) = self.place(worker, life) {
                    self.crew.recall(place, from);
                }
            }
            ToCrew::Retire => {
                if let Some(place) = self.place(worker, life) {
                    self.crew.print(place);
                    self.crew.retire(place);
                    self.lives[place] = None;
                }
            }
            ToCrew::End { fault } => {
                // If it is gone already, rank 0 is about to be told.
                if let Some(place) = self.place(worker, life) {
                    self.part(place, fault);
                }
            }
            ToCrew::EndRun { busy, wants_word } => self.end_run(&busy, wants_word),
        }
    }

    /// The executor is gone.
    fn disband(self) {
        let Self { rank, session, crew, .. } = self;
        crew.disband();
        rank.pipes.pass_on(&rank.office);
        let address = Address { session, worker: ALL, ..Address::default() };
        rank.tell(&FromCrew::Rested { rank: rank.number }, address);
    }

    /// A fold is over.
    fn end_run(&mut self, busy: &[u32], wants_word: bool) {
        let is_busy = |place: usize| busy.contains(&self.rank.worker_at(place));
        self.crew.end_run(|place| !is_busy(place));
        for place in 0..self.lives.len() {
            let Some(life) = self.lives[place].as_mut() else { continue };
            life.has_begun_line = false;
            if !self.crew.has(place) {
                let worker = self.rank.worker_at(place);
                if !busy.contains(&worker) {
                    let number = life.number;
                    self.tell(worker, number, &FromCrew::Gone(Departed::idle()));
                }
                self.lives[place] = None;
            }
        }
        self.has_begun_line = false;
        self.watch.end();
        self.rank.pipes.pass_on(&self.rank.office);
        if wants_word {
            self.tell(ALL, 0, &FromCrew::Rested { rank: self.rank.number });
        }
    }

    /// A worker has done something.
    fn take(&mut self, event: Event) {
        let (Event::Heard { worker: place } | Event::Gone { worker: place }) = event else { return };
        if !self.crew.has(place) {
            return;
        }
        let is_gone = matches!(event, Event::Gone { .. });
        while self.crew.receive(place) && is_gone {}
        let mut fault = self.pass_on(place).err();
        if fault.is_none() && (is_gone || self.crew.is_closed(place)) {
            self.crew.recover(place);
            let _ = self.pass_on(place);
            fault = Some("it closed its channel");
        }
        if is_gone || fault.is_some() {
            self.part(place, fault.filter(|_| !is_gone).map(str::to_string));
        }
    }

    /// Passes on what a worker has sent. An error is a fault of its handshake.
    fn pass_on(&mut self, place: usize) -> Result<(), &'static str> {
        let Some(Life { number, is_ready, .. }) = self.lives[place] else { return Ok(()) };
        let address =
            Address { session: self.session, worker: self.rank.worker_at(place), fold: number, ..Address::default() };
        if !is_ready {
            let Some(frame) = self.crew.inbox(place).next()? else { return Ok(()) };
            match FromWorker::read(frame).ok_or("it sent an invalid message")? {
                FromWorker::Hello { build } if build == self.build => {}
                FromWorker::Hello { .. } => return Err("it was started from another build"),
                FromWorker::Refused { reason } => {
                    let mut bytes = Vec::new();
                    FromWorker::Refused { reason }.write(&mut bytes);
                    letter::post(&self.rank.office, 0, &mut bytes, address, None);
                    return Ok(());
                }
                _ => return Err("its first message was not a handshake"),
            }
            self.crew.answered_handshake(place);
            if let Some(life) = &mut self.lives[place] {
                life.is_ready = true;
            }
            self.rank.tell(&FromCrew::Ready { pid: self.crew.pid(place) }, address);
        }
        let mut bytes = self.crew.inbox(place).take();
        if bytes.is_empty() {
            return Ok(());
        }
        self.print(place);
        letter::post(&self.rank.office, 0, &mut bytes, address, None);
        Ok(())
    }

    /// Sends to rank 0 what a worker has printed.
    fn print(&mut self, place: usize) {
        let has_begun_line = self.crew.print(place);
        self.rank.pipes.pass_on(&self.rank.office);
        if let Some(life) = &mut self.lives[place] {
            life.has_begun_line = has_begun_line;
        }
        if has_begun_line != self.has_begun_line {
            let any = self.lives.iter().flatten().any(|life| life.has_begun_line);
            if any != self.has_begun_line {
                self.has_begun_line = any;
                self.tell(ALL, 0, &FromCrew::HasBegunLine { rank: self.rank.number, has: any });
            }
        }
    }

    /// Ends a worker, dead or alive, and tells rank 0 all that is known of it.
    fn part(&mut self, place: usize, fault: Option<String>) {
        let Some(life) = self.lives[place].take() else { return };
        let departed = self.crew.part(place, life.is_ready, fault.map(Into::into));
        self.watch.forget(place);
        self.rank.pipes.pass_on(&self.rank.office);
        self.tell(self.rank.worker_at(place), life.number, &FromCrew::Gone(departed));
    }

    /// Looks at what the workers are doing, if it is time.
    fn look(&mut self) {
        let now = clock::now();
        while let Some(place) = self.watch.kill(now) {
            if self.crew.has(place) {
                self.crew.kill(place);
            }
        }
        if !self.watch.is_due(now) {
            return;
        }
        for place in 0..self.lives.len() {
            let Some(life) = &self.lives[place] else { continue };
            let (worker, life) = (self.rank.worker_at(place), life.number);
            let activity = self.crew.activity(place);
            let crew = &mut self.crew;
            match self.watch.saw(place, activity, now, |timeout| crew.terminate(place, timeout)) {
                Some(Doing::Stops) => self.tell(worker, life, &FromCrew::Stops),
                Some(Doing::Rests(rests)) => self.tell(worker, life, &FromCrew::Rests(rests)),
                None => {}
            }
        }
    }

    fn tell(&self, worker: u32, life: u32, letter: &FromCrew) {
        self.rank.tell(letter, Address { session: self.session, worker, fold: life, ..Address::default() });
    }
}
