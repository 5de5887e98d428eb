//! `Interest`: the ranks that have chunks of one fold, as the other folds of rank 0 know them.
//!
//! Several threads of rank 0 may wait for folds at the same time. Two things then depend on all of them:
//!
//! - *Which ranks are asked whether they are alive.* The thread that looks first asks the ranks of all folds. If it
//!   asked only the ranks of its own fold, it would take the rank of another fold for one that has nothing to do, and
//!   would forget how long that rank has been silent. How long a rank may be silent depends on the executor, so each fold
//!   looks for silent ranks among its own.
//! - *Which unfinished lines are printed.* A fold that ends prints the lines that its ranks have begun. But where another
//!   fold has chunks in the same rank, the line may belong to that fold, and waits until that fold ends, too.
//!
//! So the job counts for each rank how many folds have chunks there.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::world::World;
use crate::remote::clock;

/// A fold looks for silent ranks this often at least, in nanoseconds: twice while ranks are asked once.
const LOOK: u64 = 125_000_000;

/// The ranks that have chunks of one fold.
pub(super) struct Interest {
    world: &'static World,
    ranks: Vec<bool>,
    /// When the fold looks for silent ranks again; 0 before it has waited.
    look_at: u64,
    /// How long a rank may be silent.
    silence: Duration,
}

impl Interest {
    /// That of a fold that has chunks nowhere yet, and whose ranks may be silent for so long.
    pub(super) fn new(world: &'static World, silence: Duration) -> Self {
        Self { world, ranks: vec![false; world.size], look_at: 0, silence }
    }

    /// The rank has chunks of the fold from now on, or something else to answer. Returns whether it had none before.
    pub(super) fn add(&mut self, rank: usize) -> bool {
        let is_new = !std::mem::replace(&mut self.ranks[rank], true);
        if is_new {
            // Relaxed, here and below: a thread that sees the number a moment later looks once more.
            self.world.folds_of[rank].fetch_add(1, Ordering::Relaxed);
        }
        is_new
    }

    /// The ranks.
    pub(super) fn ranks(&self) -> impl Iterator<Item = usize> + use<> {
        let ranks: Vec<_> = (1..self.ranks.len()).filter(|&rank| self.ranks[rank]).collect();
        ranks.into_iter()
    }

    /// The fold ends: no rank has chunks of it any more. Prints what has come, and the unfinished lines of ranks in which
    /// no other fold has chunks. If several folds end at the same time, the last of them prints these lines: each fold is
    /// subtracted from the counts before it reads them.
    pub(super) fn end(&mut self) {
        self.leave();
        self.world.print_rest(|rank| self.world.folds_of[rank].load(Ordering::Relaxed) == 0);
    }

    fn leave(&mut self) {
        for rank in self.ranks() {
            self.ranks[rank] = false;
            self.world.folds_of[rank].fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Has the ranks of all folds asked whether they are alive, if it is time, and notes those of this fold that have
    /// been silent for too long.
    ///
    /// Every wait asks this. So it is one reading of the coarse clock as long as there is nothing to do: a fold that is
    /// over before its first look learns nothing, and ranks are asked by whichever fold comes first.
    pub(super) fn look(&mut self) {
        let now = clock::coarse();
        if self.look_at == 0 {
            self.look_at = now + LOOK;
        }
        // Relaxed: see `World::look`.
        if now < self.look_at && now < self.world.ask_at.load(Ordering::Relaxed) {
            return;
        }
        let now = clock::now();
        self.look_at = now + LOOK;
        self.world.look(now, &self.ranks, self.silence);
    }
}

impl Drop for Interest {
    fn drop(&mut self) {
        self.leave();
    }
}
