//! `Ranks`: the workers of one run in the other ranks of the job, and how they are reached: by messages of MPI.
//!
//! Every worker is there from the beginning of the run, and none can be started, ended or killed. A run that ends early
//! therefore waits for the chunks that run, as on threads.
//!
//! # How this carrier keeps its contract
//!
//! - *Messages arrive whole, in order, once.* An outbox is sent as one message, or in pieces if it is very large, and
//!   the bytes of an answer are appended to the inbox of its worker. An answer of an earlier fold cannot come: a run ends
//!   when its workers have answered everything. Its number is compared all the same.
//! - *Nothing but `wait` blocks.* `send` hands its bytes to MPI. A message that is not sent at once is counted as on its
//!   way, and `wait` reports when the last one is sent.
//! - *A worker that is gone is reported once.* It is gone with its rank, and all workers of the rank are reported
//!   together. How far they had come is not known, so each of their chunks counts as started.
//! - *The limit reaches workers faster than messages do.* It is a message, but no worker has to finish its chunk to
//!   receive it: the thread that takes it in notes it, and that is usually the rank's main thread. A limit is sent only
//!   to ranks that have chunks of this fold.
//! - *Time is one number.* Ranks of other hosts have other clocks. How far each is ahead was measured, and the times of
//!   spans are corrected.
//!
//! # What a fold costs
//!
//! A fold of a session that is there already sends one message to each worker that gets chunks, and gets one back. A
//! fold begins a new number and sends nothing for it. Ranks that have nothing to do in a fold hear nothing of it.

use std::sync::Arc;
use std::task::{Wake, Waker};
use std::time::{Duration, Instant};

use super::interest::Interest;
use super::letter::{self, Address};
use super::mailbox::Mailbox;
use super::session::{Member, Session};
use super::world::Letter;
use crate::error::{End, Error, Rank};
use crate::model::Model;
use crate::remote::carrier::{Carrier, Event, Gone, Telling};
use crate::remote::clock;
use crate::remote::dispatch::{Activity, Progress};
use crate::remote::wire::{Inbox, Outbox};

/// The workers of one run.
pub(super) struct Ranks {
    session: Session,
    /// One past the last chunk that may start, as the workers know it.
    limit: u64,
    /// The ranks to which anything was sent in this fold.
    interest: Interest,
    /// Bytes sent and received since this was last asked.
    moved: u64,
    /// Whether a worker cannot read its task.
    is_refused: bool,
    /// Workers whose rank is lost.
    gone: Vec<bool>,
    /// The ranks that are lost, and how.
    lost: Vec<(usize, End)>,
}

impl Ranks {
    /// The workers of `session`, for a fold of so many chunks, whose ranks may be silent for so long.
    pub(super) fn new(mut session: Session, chunks: u64, silence: Duration) -> Self {
        session.fold = session.fold.wrapping_add(1);
        let interest = Interest::new(session.world, silence);
        let gone = vec![false; session.members.len()];
        Self { session, limit: chunks, interest, moved: 0, is_refused: false, gone, lost: Vec::new() }
    }

    /// Ends the run. Prints what is left of the ranks' output.
    /// Gives back the session, unless a worker has refused its task.
    pub(super) fn dismiss(mut self) -> Option<Session> {
        self.interest.end();
        self.session.members.iter_mut().for_each(Member::shrink);
        (!self.is_refused).then_some(self.session)
    }

    /// Notes the ranks that were lost since this was last asked, with what they had.
    fn look_for_lost(&mut self, events: &mut Vec<Event>) {
        self.interest.look();
        let lost = self.session.world.lost();
        for (rank, end) in lost.into_iter().skip(self.lost.len()) {
            let workers = (0..self.session.members.len()).filter(|&worker| self.session.rank_of(worker) == rank);
            events.extend(workers.map(|worker| Event::Gone { worker }));
            self.lost.push((rank, end));
        }
    }

    /// A worker of the session.
    fn member(&mut self, worker: usize) -> &mut Member {
        &mut self.session.members[worker]
    }

    /// Tells `worker` of that rank that nothing from `limit` on may start.
    fn send_limit(&self, rank: usize, worker: u32, limit: u64) {
        let Session { world, number, fold, .. } = self.session;
        let mut bytes = limit.to_le_bytes().to_vec();
        Address { session: number, worker, fold, ..Address::default() }.append(&mut bytes);
        world.office.send(rank, letter::LIMIT, &mut bytes, None);
    }

    /// Takes what has come in the session.
    fn take(&mut self, letter: Letter, events: &mut Vec<Event>) {
        match letter {
            Letter::Came { worker, fold, bytes } => {
                if fold == self.session.fold && worker < self.session.members.len() {
                    self.moved += bytes.len() as u64;
                    self.member(worker).inbox.put(bytes);
                    events.push(Event::Heard { worker });
                }
            }
            Letter::Crew { .. } => {}
            Letter::Sent { worker } => {
                let member = self.member(worker);
                member.on_the_way = member.on_the_way.saturating_sub(1);
                if member.on_the_way == 0 {
                    events.push(Event::Drained { worker });
                }
            }
        }
    }
}

impl Carrier for Ranks {
    fn now(&self) -> u64 {
        clock::now()
    }

    fn instant(&self, worker: usize, then: u64) -> Instant {
        let ahead = self.session.world.ahead.get().map_or(0, |ahead| ahead[self.session.rank_of(worker)]);
        clock::instant(then.wrapping_add_signed(ahead.wrapping_neg()))
    }

    fn waker(&self) -> Waker {
        Arc::new(WakeUp(Arc::clone(&self.session.mailbox))).into()
    }

    fn start(&mut self, worker: usize) -> Result<(), Error> {
        Err(Error::setup(Some(Model::Mpi), format!("rank {} is lost", self.session.rank_of(worker))))
    }

    fn has(&self, worker: usize) -> bool {
        self.gone.get(worker) == Some(&false)
    }

    fn answered_handshake(&mut self, _worker: usize) {}

    fn outbox(&mut self, worker: usize) -> &mut Outbox {
        &mut self.member(worker).outbox
    }

    fn spread(&mut self, _worker: usize) {}

    fn send(&mut self, worker: usize) -> bool {
        let rank = self.session.rank_of(worker);
        let Session { world, number, fold, members, tasks, .. } = &mut self.session;
        let workers = members.len();
        let member = &mut members[worker];
        if member.outbox.is_empty() {
            return member.on_the_way == 0;
        }
        let mut bytes = member.outbox.take();
        self.moved += bytes.len() as u64;
        self.interest.add(rank);
        let task = &mut tasks[rank];
        // The run writes the task for the worker that it sends to next.
        let brings_task = task.sent != task.last;
        if brings_task {
            (task.sent, task.number) = (task.last, task.number.wrapping_add(1));
        }
        let (session, task, brings_task) = (*number, task.number, brings_task.into());
        let threads = workers.div_ceil(world.size - 1) as u32;
        let address = Address { session, worker: worker as u32, fold: *fold, task, brings_task, threads };
        if !letter::post(&world.office, rank, &mut bytes, address, Some((*number, worker))) {
            member.on_the_way += 1;
        }
        member.outbox.put_back(bytes);
        member.on_the_way == 0
    }

    fn receive(&mut self, _worker: usize) -> bool {
        false
    }

    fn is_closed(&self, _worker: usize) -> bool {
        false
    }

    fn inbox(&mut self, worker: usize) -> &mut Inbox {
        &mut self.member(worker).inbox
    }

    fn recover(&mut self, _worker: usize) {}

    fn tell_task(&mut self, worker: usize, task: &Telling<'_>) {
        let rank = self.session.rank_of(worker);
        if self.session.tasks[rank].last.replace(task.fingerprint) != Some(task.fingerprint) {
            task.message().write(self.outbox(worker).end());
        }
    }

    fn count_sent(&mut self, worker: usize, count: u64) {
        self.member(worker).sent += count;
    }

    fn pid(&self, worker: usize) -> Option<u32> {
        self.rank(worker).map(|rank| rank.pid)
    }

    fn rank(&self, worker: usize) -> Option<Rank> {
        self.session.world.rank(self.session.rank_of(worker))
    }

    fn set_limit(&mut self, limit: u64) {
        if limit >= self.limit {
            return;
        }
        self.limit = limit;
        for rank in self.interest.ranks() {
            self.send_limit(rank, letter::ALL, limit);
        }
    }

    fn recall(&mut self, worker: usize, from: u64) {
        // A fall of the limit takes the place of the recall. Then the worker gives back what the limit forbids.
        self.send_limit(self.session.rank_of(worker), worker as u32, from.min(self.limit));
    }

    fn restate_limit(&mut self, worker: usize) {
        self.send_limit(self.session.rank_of(worker), worker as u32, self.limit);
    }

    fn lost(&mut self, error: &Error) {
        self.session.world.tell_loss(error);
    }

    fn refused(&mut self, _worker: usize) {
        self.is_refused = true;
    }

    fn note_due(&mut self, worker: usize, due: Option<u64>) {
        self.session.ledger.note(worker, due);
    }

    fn ends_workers(&self) -> bool {
        false
    }

    fn wait(&mut self, until: u64, events: &mut Vec<Event>) -> Result<(), Error> {
        let (world, mailbox) = (self.session.world, Arc::clone(&self.session.mailbox));
        let mut next = mailbox.wait(&world.office, until, false);
        while let Some(letter) = next {
            self.take(letter, events);
            next = mailbox.take();
        }
        world.print();
        self.look_for_lost(events);
        Ok(())
    }

    fn activity(&mut self, _worker: usize) -> Activity {
        // A rank that is silent is noticed as such, and a chunk may take as long as it likes.
        Activity::Moves
    }

    fn terminate(&mut self, _worker: usize, _timeout: u64) -> bool {
        false
    }

    fn kill(&mut self, _worker: usize) {}

    fn retire(&mut self, _worker: usize) {}

    fn end(&mut self, worker: usize, _unanswered: u64, _ready: bool, fault: Option<&'static str>) -> Gone {
        self.gone[worker] = true;
        let rank = self.session.rank_of(worker);
        let lost = self.lost.iter().find(|&&(lost, _)| lost == rank).map(|(_, end)| end.clone());
        Gone {
            end: lost.unwrap_or(End::Protocol(fault.unwrap_or("it was not expected to end").into())),
            progress: Progress::Unknown,
            another_way: false,
            ran_for: None,
            pid: self.pid(worker),
            memory: None,
            stderr_tail: Vec::new(),
        }
    }

    fn take_moved(&mut self) -> u64 {
        std::mem::take(&mut self.moved)
    }
}

/// Wakes the thread that waits for messages of a session.
pub(super) struct WakeUp(pub(super) Arc<Mailbox<Letter>>);

impl Wake for WakeUp {
    fn wake(self: Arc<Self>) {
        self.0.wake_up();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.wake_up();
    }
}
