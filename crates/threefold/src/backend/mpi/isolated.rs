//! `Isolated`: the workers of one run where each is a process that another rank has started, and how they are reached.
//!
//! To the dispatcher they are like the workers of `processes`: they are started, lost, terminated and replaced. What has
//! to be done to a process is done by a [relay](super::rank) in its rank, on the same host. This carrier asks for it
//! in [letters](super::crew_letter), and learns from them what has happened. It waits for an answer in two cases only:
//! when a worker that is alive has to be ended for a fault, and at the end of a fold, if a rank has something to clear
//! up.
//!
//! # A fold, message by message
//!
//! The first fold of an executor with one worker in rank 1, whose task crashes the worker once and is retried:
//!
//! ```text
//! rank 0                                    rank 1
//!   Open, Begin { limit } ->                  the relay begins
//!   Start (life 1) ->                         a worker process is started
//!   bytes: Task, Fold, Run ->                 they wait in the channel of the worker
//!                                          <- Ready { pid }        the handshake is done
//!                                          <- what the chunk has printed
//!                                          <- Gone(how it ended)   the chunk has crashed the worker
//!   Start (life 2) ->                         another worker process
//!   bytes: Task, Fold, Run ->
//!                                          <- Ready { pid }
//!                                          <- bytes: Done
//!   EndRun ->                                 the worker is kept for the next fold
//! ```
//!
//! # What is in order and what is not
//!
//! MPI keeps the messages of two ranks in order, and bytes and letters share one order. So everything that a worker had
//! sent is here before the letter that it is gone. And a worker is told the limit of a fold before its first chunk.
//!
//! Messages in the two directions may cross. When rank 0 sends chunks to a worker, the letter that the worker is gone
//! may be on its way. Two rules follow:
//!
//! - Each letter and each piece of a stream has the number of the worker's life. What is for a life that is over is
//!   dropped, on both sides.
//! - Chunks that were dropped on their way count as sent and not answered. The worker had not noted their start, so the
//!   dispatcher gives them to another worker.
//!
//! # Who notices what
//!
//! | what happens | who notices, and when | what the run is told |
//! |---|---|---|
//! | a worker crashes | the relay, by its pidfd, at once | `Gone`, with all that the worker's status page says |
//! | a chunk runs too long | the relay, at a look after at most 50 ms | `Stops` at the SIGTERM, and `Gone` at its end |
//! | the worker goes on after SIGTERM | the relay, 100 ms later | nothing: it is killed, and `Gone` follows |
//! | a worker does nothing | the relay, which tells only the change | `Rests`; the dispatcher gives it up after 10 s |
//! | a worker sends nonsense | the run, when it reads the frame | nothing: the run asks for its end, and waits for it |
//! | a process cannot be started | the relay | `Refused`, which ends the fold with an error |
//! | the rank itself is lost | the pulse of rank 0 | each of its workers is gone, and nothing is known of it |

use std::sync::Arc;
use std::task::Waker;
use std::time::{Duration, Instant};

use super::crew_letter::{self, ALL, ToCrew};
use super::crews::{Crews, Life};
use super::interest::Interest;
use super::letter::{self, Address};
use super::mailbox::SPIN_FOR_PROCESS;
use super::ranks::WakeUp;
use super::session::Session;
use crate::backend::processes::run::crew::Departed;
use crate::error::{End, Error, Rank};
use crate::model::Model;
use crate::remote::carrier::{Carrier, Event, Gone, Telling};
use crate::remote::clock;
use crate::remote::dispatch::Activity;
use crate::remote::wire::{Build, Inbox, Outbox};

mod ending;
mod letters;

/// The build that all workers say they are of: their ranks were compared when the job began, and each compares its
/// workers with itself.
pub(super) const BUILD: Build = Build([0; 5]);

/// How often it is asked whether an answer that is waited for will come, in nanoseconds.
const PATIENCE: u64 = 100_000_000;

/// The workers of one run.
pub(super) struct Isolated {
    crews: Crews,
    /// How many workers the fold may have.
    workers: usize,
    /// One past the last chunk that may start.
    limit: u64,
    moved: u64,
    /// The ranks that are lost, and how.
    lost: Vec<(usize, End)>,
    /// What has happened while an answer was waited for.
    events: Vec<Event>,
    /// Why a rank has no workers.
    refused: Option<Error>,
    interest: Interest,
}

impl Isolated {
    /// At most so many workers of `crews`, for a fold of so many chunks.
    pub(super) fn new(crews: Crews, workers: usize, chunks: u64, silence: Duration) -> Self {
        let interest = Interest::new(crews.session.world, silence);
        let (limit, lost, events, refused) = (chunks, Vec::new(), Vec::new(), None);
        let mut new = Self { crews, workers, limit, moved: 0, lost, events, refused, interest };
        // Workers may have ended since the last fold, and had nothing to lose.
        new.wait_for_letters(0);
        new.events.clear();
        new.crews.lives.iter_mut().for_each(Life::forget_departed);
        new.refused = None;
        new
    }

    /// The workers that are there, each with the number of chunks that it was sent in its life.
    pub(super) fn idle(&self) -> Vec<(usize, u64)> {
        let members = self.crews.lives.iter().zip(&self.crews.session.members).enumerate().take(self.workers);
        members.filter(|(_, (life, _))| life.is_there).map(|(worker, (_, member))| (worker, member.sent)).collect()
    }

    /// Sends a letter about a worker, or about all workers, to a rank.
    fn post(&mut self, rank: usize, worker: u32, letter: &ToCrew) {
        let Session { world, number, .. } = self.crews.session;
        let life = self.crews.lives.get(worker as usize).map_or(0, |life| life.number);
        let mut bytes =
            crew_letter::write(letter, Address { session: number, worker, fold: life, ..Address::default() });
        world.office.send(rank, crew_letter::TAG, &mut bytes, None);
    }

    /// Sends a letter about a worker, which may be the first of this fold to its rank.
    fn tell(&mut self, worker: usize, letter: &ToCrew) {
        let rank = self.reach(worker);
        self.post(rank, worker as u32, letter);
    }

    /// The rank of a worker, which knows of the fold from now on.
    fn reach(&mut self, worker: usize) -> usize {
        let rank = self.crews.session.rank_of(worker);
        if !std::mem::replace(&mut self.crews.ranks[rank].is_open, true) {
            self.post(rank, ALL, &ToCrew::Open(self.crews.wishes.clone()));
        }
        if !std::mem::replace(&mut self.crews.ranks[rank].is_told, true) {
            self.interest.add(rank);
            self.post(rank, ALL, &ToCrew::Begin { limit: self.limit });
        }
        rank
    }

    /// Waits for letters, and deals with those that have come.
    fn wait_for_letters(&mut self, until: u64) {
        let (world, mailbox) = (self.crews.session.world, Arc::clone(&self.crews.session.mailbox));
        let mut next = mailbox.wait_spinning(&world.office, until, false, SPIN_FOR_PROCESS);
        while let Some(letter) = next {
            self.take(letter);
            next = mailbox.take();
        }
        self.look_for_lost();
    }

    /// Notes the ranks that were lost since this was last asked, with what they had.
    fn look_for_lost(&mut self) {
        let world = self.crews.session.world;
        self.interest.look();
        for (rank, end) in world.lost().into_iter().skip(self.lost.len()) {
            self.crews.ranks[rank].owes_word = false;
            for worker in 0..self.crews.lives.len() {
                let life = &mut self.crews.lives[worker];
                if self.crews.session.rank_of(worker) == rank && life.is_there && life.departed.is_none() {
                    life.departed = Some(Departed::unknown(end.clone(), None));
                    self.note(Event::Gone { worker });
                }
            }
            self.lost.push((rank, end));
        }
    }
}

impl Carrier for Isolated {
    fn now(&self) -> u64 {
        clock::now()
    }

    fn instant(&self, worker: usize, then: u64) -> Instant {
        let ahead = self.crews.session.world.ahead.get().map_or(0, |ahead| ahead[self.crews.session.rank_of(worker)]);
        clock::instant(then.wrapping_add_signed(ahead.wrapping_neg()))
    }

    fn waker(&self) -> Waker {
        Arc::new(WakeUp(Arc::clone(&self.crews.session.mailbox))).into()
    }

    fn start(&mut self, worker: usize) -> Result<(), Error> {
        let rank = self.crews.session.rank_of(worker);
        if self.is_lost(rank) {
            return Err(Error::setup(Some(Model::Mpi), format!("rank {rank} is lost")));
        }
        let life = &mut self.crews.lives[worker];
        *life = Life { number: life.number.wrapping_add(1), is_there: true, ..Life::default() };
        let member = &mut self.crews.session.members[worker];
        (member.inbox, member.outbox, member.sent) = Default::default();
        self.tell(worker, &ToCrew::Start);
        Ok(())
    }

    fn has(&self, worker: usize) -> bool {
        self.crews.lives.get(worker).is_some_and(|life| life.is_there)
    }

    fn answered_handshake(&mut self, _worker: usize) {}

    fn outbox(&mut self, worker: usize) -> &mut Outbox {
        &mut self.crews.session.members[worker].outbox
    }

    fn spread(&mut self, _worker: usize) {
        // Ranks that share a host know nothing of each other's workers. The kernel, or the launcher, spreads them.
    }

    fn send(&mut self, worker: usize) -> bool {
        if !self.crews.session.members[worker].outbox.is_empty() {
            let rank = self.reach(worker);
            let Session { world, number, ref mut members, .. } = self.crews.session;
            let member = &mut members[worker];
            let mut bytes = member.outbox.take();
            self.moved += bytes.len() as u64;
            let life = self.crews.lives[worker].number;
            let address = Address { session: number, worker: worker as u32, fold: life, ..Address::default() };
            if !letter::post(&world.office, rank, &mut bytes, address, Some((number, worker))) {
                member.on_the_way += 1;
            }
            member.outbox.put_back(bytes);
        }
        self.crews.session.members[worker].on_the_way == 0
    }

    fn receive(&mut self, _worker: usize) -> bool {
        false
    }

    fn is_closed(&self, _worker: usize) -> bool {
        // Its rank would have said that it is gone.
        false
    }

    fn inbox(&mut self, worker: usize) -> &mut Inbox {
        &mut self.crews.session.members[worker].inbox
    }

    fn recover(&mut self, _worker: usize) {
        // Its rank has done so.
    }

    fn tell_task(&mut self, worker: usize, task: &Telling<'_>) {
        if self.crews.lives[worker].task.replace(task.fingerprint) != Some(task.fingerprint) {
            task.message().write(self.outbox(worker).end());
        }
    }

    fn count_sent(&mut self, worker: usize, count: u64) {
        self.crews.session.members[worker].sent += count;
    }

    fn pid(&self, worker: usize) -> Option<u32> {
        self.crews.lives[worker].pid
    }

    fn rank(&self, worker: usize) -> Option<Rank> {
        self.crews.session.world.rank(self.crews.session.rank_of(worker))
    }

    fn lost(&mut self, error: &Error) {
        if !self.lost.is_empty() {
            self.crews.session.world.tell_loss(error);
        }
    }

    fn set_limit(&mut self, limit: u64) {
        if limit == self.limit {
            return;
        }
        self.limit = limit;
        for rank in 1..self.crews.ranks.len() {
            if self.crews.ranks[rank].is_told {
                self.post(rank, ALL, &ToCrew::Limit { limit });
            }
        }
    }

    fn recall(&mut self, worker: usize, from: u64) {
        self.tell(worker, &ToCrew::Recall { from });
    }

    fn restate_limit(&mut self, worker: usize) {
        let limit = self.limit;
        self.tell(worker, &ToCrew::Limit { limit });
    }

    fn wait(&mut self, until: u64, events: &mut Vec<Event>) -> Result<(), Error> {
        let until = if self.events.is_empty() { until } else { 0 };
        self.wait_for_letters(until);
        events.append(&mut self.events);
        self.crews.session.world.print();
        self.refused.take().map_or(Ok(()), Err)
    }

    fn activity(&mut self, worker: usize) -> Activity {
        if self.crews.lives[worker].stops {
            // It has been running for too long.
            return Activity::Runs { since: 0 };
        }
        // What has come from it may not be used yet, since the caller was busy.
        let Session { world, mailbox, .. } = &self.crews.session;
        world.office.poll();
        let waits_for_caller = !mailbox.is_empty() || self.crews.session.members[worker].on_the_way > 0;
        if self.crews.lives[worker].rests && !waits_for_caller { Activity::Rests } else { Activity::Moves }
    }

    fn terminate(&mut self, worker: usize, _timeout: u64) -> bool {
        // Its rank has done so.
        self.crews.lives[worker].stops
    }

    fn kill(&mut self, _worker: usize) {
        // Its rank does so.
    }

    fn retire(&mut self, worker: usize) {
        self.tell(worker, &ToCrew::Retire);
        self.crews.lives[worker].is_there = false;
    }

    fn end(&mut self, worker: usize, unanswered: u64, _ready: bool, fault: Option<&'static str>) -> Gone {
        if self.crews.lives[worker].departed.is_none() {
            self.tell(worker, &ToCrew::End { fault: fault.map(str::to_string) });
        }
        let departed = loop {
            if let Some(departed) = self.crews.lives[worker].departed.take() {
                break departed;
            }
            self.wait_for_letters(clock::now() + PATIENCE);
        };
        self.crews.lives[worker].is_there = false;
        // Another worker may have its number soon.
        self.events.retain(|&event| event != Event::Gone { worker } && event != Event::Heard { worker });
        departed.after(self.crews.session.members[worker].sent, unanswered)
    }

    fn note_due(&mut self, worker: usize, due: Option<u64>) {
        self.crews.session.ledger.note(worker, due);
    }

    fn ends_workers(&self) -> bool {
        true
    }

    fn take_moved(&mut self) -> u64 {
        std::mem::take(&mut self.moved)
    }
}
