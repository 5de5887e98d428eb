//! `Crews`: the worker processes that other ranks have started for one session, as rank 0 knows them between its folds.

use super::crew_letter::Wishes;
use super::session::Session;
use super::world::World;
use crate::backend::processes::run::crew::Departed;
use crate::remote::carrier::Fingerprint;

/// The worker processes of a session, kept from fold to fold.
pub(super) struct Crews {
    pub(super) session: Session,
    pub(super) wishes: Wishes,
    pub(super) lives: Vec<Life>,
    pub(super) ranks: Vec<Branch>,
}

/// What is known of the process that has a number.
#[derive(Default)]
pub(super) struct Life {
    /// Which process it is, of those that have had the number.
    pub(super) number: u32,
    /// Whether it is there.
    pub(super) is_there: bool,
    pub(super) pid: Option<u32>,
    /// The task that it was told last.
    pub(super) task: Option<Fingerprint>,
    /// Whether it was found to be doing nothing.
    pub(super) rests: bool,
    /// Whether it was told to terminate.
    pub(super) stops: bool,
    /// How it ended, until the run is told.
    pub(super) departed: Option<Departed>,
}

impl Life {
    /// If the process has ended, it had nothing to do.
    pub(super) fn forget_departed(&mut self) {
        self.is_there &= self.departed.take().is_none();
    }
}

/// What is known of a rank.
#[derive(Clone, Default)]
pub(super) struct Branch {
    /// Whether it knows of the session.
    pub(super) is_open: bool,
    /// Whether it knows of the fold.
    pub(super) is_told: bool,
    /// Whether one of its workers has begun a line and not ended it.
    pub(super) has_begun_line: bool,
    /// Whether what a late worker has started may still be terminating.
    pub(super) lingers: bool,
    /// Whether an answer is due, at the end of a fold.
    pub(super) owes_word: bool,
}

impl Crews {
    /// New crews, with so many workers in each of the other ranks.
    pub(super) fn open(world: &'static World, wishes: Wishes) -> Self {
        let workers = wishes.workers * (world.size - 1);
        let lives = (0..workers).map(|_| Life::default()).collect();
        Self { session: Session::open(world, workers), wishes, lives, ranks: vec![Branch::default(); world.size] }
    }
}
