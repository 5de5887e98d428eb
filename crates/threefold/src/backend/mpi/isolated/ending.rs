//! How a run on worker processes of ranks ends, and how the workers end with their executor.
//!
//! A rank is asked for a word only where there is something to wait for: workers that are ended, lines that were begun,
//! processes that are still terminating. A rank that is lost gives no word, and is not asked.

use std::time::Duration;

use super::Isolated;
use super::PATIENCE;
use crate::backend::mpi::crew_letter::{ALL, ToCrew};
use crate::backend::mpi::crews::Crews;
use crate::backend::mpi::fork;
use crate::backend::mpi::session::Member;
use crate::remote::clock;

impl Isolated {
    /// Ends all workers of `crews`, and waits until they are gone. Does nothing if this process has left the job: its
    /// ranks have ended them then. It does nothing in a fork of rank 0 either.
    pub(in crate::backend::mpi) fn end(crews: Crews, silence: Duration) {
        if !fork::is_one() && !crews.session.world.office.desk().is_closed() {
            Self::new(crews, 0, 0, silence).disband();
        }
    }

    /// Waits until all ranks have answered that are to, and deals with the letters that come.
    fn wait_for_words(&mut self) {
        while self.crews.ranks.iter().any(|branch| branch.owes_word) {
            self.wait_for_letters(clock::now() + PATIENCE);
        }
    }

    /// Ends the run: workers that are not `idle` are ended, and what is left of the prints is printed.
    pub(in crate::backend::mpi) fn dismiss(mut self, idle: &[bool]) -> Crews {
        for rank in 1..self.crews.ranks.len() {
            if !std::mem::take(&mut self.crews.ranks[rank].is_told) {
                continue;
            }
            let busy: Vec<u32> = (0..self.workers)
                .filter(|&worker| self.crews.session.rank_of(worker) == rank)
                .filter(|&worker| self.crews.lives[worker].is_there && !idle[worker])
                .map(|worker| worker as u32)
                .collect();
            for &worker in &busy {
                self.crews.lives[worker as usize].is_there = false;
            }
            let is_lost = self.is_lost(rank);
            let branch = &mut self.crews.ranks[rank];
            let wants_word = !is_lost && (!busy.is_empty() || branch.has_begun_line || branch.lingers);
            (branch.has_begun_line, branch.lingers, branch.owes_word) = (false, false, wants_word);
            self.post(rank, ALL, &ToCrew::EndRun { busy, wants_word });
        }
        self.wait_for_words();
        self.interest.end();
        self.crews.session.members.iter_mut().for_each(Member::shrink);
        self.crews
    }

    /// Ends all workers, and waits until they are gone.
    fn disband(mut self) {
        for rank in 1..self.crews.ranks.len() {
            if self.crews.ranks[rank].is_open && !self.is_lost(rank) {
                self.interest.add(rank);
                self.crews.ranks[rank].owes_word = true;
                self.post(rank, ALL, &ToCrew::Disband);
            }
        }
        self.wait_for_words();
        self.interest.end();
    }

    /// Whether the rank is lost, so that nothing will come of it any more.
    pub(super) fn is_lost(&self, rank: usize) -> bool {
        self.lost.iter().any(|&(lost, _)| lost == rank)
    }
}
