//! `Session`: workers of other ranks that one fold at a time has, kept from fold to fold.
//!
//! A session has a thread in a rank for each of its workers. The thread is started by the first message to its worker.
//! Folds that run at the same time, such as one that a reduction begins, have a session each.
//!
//! # From fold to fold
//!
//! A session keeps three things that would cost time to make again: the threads in the ranks, the task
//! that each rank has, and the buffers. So a fold with the task of the fold before sends only its rules and its chunks.
//!
//! An executor has as many sessions as it has had folds at one time. They are closed when the executor is dropped. A
//! session is also closed when a worker could not read its task, since the worker then has no task.
//!
//! Workers are numbered through all ranks in turn. With four ranks, workers 0, 1 and 2 are in ranks 1, 2 and 3, and
//! worker 3 is in rank 1 again. So a fold of few chunks uses as many ranks as it can.

use std::sync::Arc;

use super::mailbox::Mailbox;
use super::world::{Letter, World};
use crate::remote::carrier::Fingerprint;
use crate::remote::wire::{Inbox, Outbox};

/// An open session.
pub(super) struct Session {
    pub(super) world: &'static World,
    pub(super) number: u32,
    pub(super) mailbox: Arc<Mailbox<Letter>>,
    pub(super) members: Vec<Member>,
    /// The number of the fold that the session has, from 1.
    pub(super) fold: u32,
    /// For each rank, the task that it has.
    pub(super) tasks: Vec<TaskOfRank>,
}

/// The task that a rank was told last in a session. Its workers share it.
#[derive(Clone, Default)]
pub(super) struct TaskOfRank {
    pub(super) last: Option<Fingerprint>,
    /// The task of the last message to the rank.
    pub(super) sent: Option<Fingerprint>,
    /// How many tasks the rank was sent.
    pub(super) number: u32,
}

/// A worker of a session.
#[derive(Default)]
pub(super) struct Member {
    pub(super) outbox: Outbox,
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
