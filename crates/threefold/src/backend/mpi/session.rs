//! `Session`: workers of other ranks that one fold at a time has, kept from fold to fold.
//!
//! A session has a thread in a rank for each of its workers. The thread is started by the first message to its worker.
//! Folds that run at the same time, such as one that a reduction begins, have a session each. So a fold never waits for
//! another one's workers, and a reduction may fold on its own executor.
//!
//! A session outlives its fold, with its threads and the tasks that the ranks have. The next fold of the executor finds
//! them warm. A session is closed when its executor is dropped, or when a worker could not read a task: what the rank
//! has is not certain then.
//!
//! Workers are numbered through all ranks in turn. With four ranks, workers 0, 1 and 2 are in ranks 1, 2 and 3, and
//! worker 3 is in rank 1 again. So a fold of few chunks uses as many ranks as it can.

use std::sync::Arc;

use super::ledger::Ledger;
use super::mailbox::Mailbox;
use super::world::{Letter, World};
use crate::remote::carrier::Fingerprint;
use crate::remote::wire::{Inbox, Outbox};

/// An open session.
pub(super) struct Session {
    pub(super) world: &'static World,
    /// Its number in the job.
    pub(super) number: u32,
    /// Where the answers of its workers come.
    pub(super) mailbox: Arc<Mailbox<Letter>>,
    /// Its workers, by their numbers.
    pub(super) members: Vec<Member>,
    /// The number of the fold that the session has, from 1.
    pub(super) fold: u32,
    /// For each rank, the task that it has.
    pub(super) tasks: Vec<TaskOfRank>,
    /// What its workers owe.
    pub(super) ledger: Arc<Ledger>,
}

/// The task that a rank was told last in a session. Its workers share it.
#[derive(Clone, Default)]
pub(super) struct TaskOfRank {
    /// The task that it has, or is being sent.
    pub(super) last: Option<Fingerprint>,
    /// The task of the last message to the rank.
    pub(super) sent: Option<Fingerprint>,
    /// How many tasks the rank was sent.
    pub(super) number: u32,
}

/// A worker of a session.
#[derive(Default)]
pub(super) struct Member {
    /// Frames that are not sent yet.
    pub(super) outbox: Outbox,
    /// Frames that have come.
    pub(super) inbox: Inbox,
    /// How many chunks it was sent.
    pub(super) sent: u64,
    /// How many messages to it are on their way.
    pub(super) on_the_way: usize,
}

impl Member {
    /// A fold is over: the room that its large messages needed is not kept for the next one.
    pub(super) fn shrink(&mut self) {
        self.outbox.shrink();
        self.inbox.shrink();
    }
}

impl Session {
    /// A new session with so many workers.
    pub(super) fn open(world: &'static World, workers: usize) -> Self {
        let ledger = Arc::new(Ledger::new(workers));
        let (number, mailbox) = world.open(&ledger);
        let members = (0..workers).map(|_| Member::default()).collect();
        Self { world, number, mailbox, members, fold: 0, tasks: vec![TaskOfRank::default(); world.size], ledger }
    }

    /// The rank of a worker.
    pub(super) fn rank_of(&self, worker: usize) -> usize {
        self.world.rank_of(worker)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.world.close(self.number);
    }
}
