//! `Session`: workers of other ranks that one fold at a time has, kept from fold to fold.
//!
//! A session has a thread in a rank for each of its workers. The thread is started by the first message to its worker.
//! Folds that run at the same time, such as one that a reduction begins, have a session each. So a fold never waits for
//! another one's workers, and a reduction may fold on its own executor.
//!
//! A session outlives its fold, with its threads and the tasks that the ranks have. The next fold of the executor finds
//! them warm. A session is closed when its executor is dropped, or when a worker could not read a task: what the rank
//! has is not certain then.

use std::sync::Arc;

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

impl Session {
    /// A new session with so many workers.
    pub(super) fn open(world: &'static World, workers: usize) -> Self {
        let (number, mailbox) = world.open();
        let members = (0..workers).map(|_| Member::default()).collect();
        Self { world, number, mailbox, members, fold: 0, tasks: vec![TaskOfRank::default(); world.size] }
    }

    /// The rank of a worker. The first workers are in different ranks.
    pub(super) fn rank_of(&self, worker: usize) -> usize {
        1 + worker % (self.world.size - 1)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.world.close(self.number);
    }
}
