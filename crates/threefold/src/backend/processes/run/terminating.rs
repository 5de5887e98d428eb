//! `Terminating`: workers that were told to exit, or that are dead while what they started is terminating. Each is
//! given its time while the fold goes on, and is killed then.

use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::backend::processes::child::{GOODBYE, Worker};
use crate::remote::clock;

/// How often it is asked whether one is gone, where nothing tells.
const LOOK: Duration = Duration::from_millis(5);

/// The workers that are terminating.
#[derive(Debug, Default)]
pub(super) struct Terminating(Vec<TerminatingWorker>);

#[derive(Debug)]
struct TerminatingWorker {
    worker: Worker,
    /// When its time is up, on the machine's clock.
    until: u64,
    /// Whether it is dead, and waits for what it started.
    dead: bool,
}

impl Terminating {
    /// `worker` was told to exit.
    pub(super) fn leave(&mut self, worker: Worker) {
        let until = clock::now() + GOODBYE.as_nanos() as u64;
        self.0.push(TerminatingWorker { worker, until, dead: false });
    }

    /// `worker` is dead, and what it started was told to terminate and has until then.
    pub(super) fn linger(&mut self, worker: Worker, until: u64) {
        self.0.push(TerminatingWorker { worker, until, dead: true });
    }

    /// When to look again.
    pub(super) fn due(&self) -> Option<u64> {
        (!self.0.is_empty()).then(|| clock::now() + LOOK.as_nanos() as u64)
    }

    /// Ends those that are gone, or whose time is up.
    pub(super) fn look(&mut self) {
        for mut one in self.0.extract_if(.., |one| one.is_over()) {
            one.worker.print_rest();
            one.worker.end();
        }
    }

    /// Waits until all are gone, or their time is up.
    pub(super) fn finish(&mut self) {
        self.look();
        while !self.0.is_empty() {
            self.wait();
            self.look();
        }
    }

    /// Waits until another one may be over. The end of a worker is told at once by its pidfd. Nothing tells when the
    /// rest of a dead worker's group is gone, so that is asked again after a while.
    fn wait(&self) {
        let now = clock::now();
        let times = self.0.iter().map(|one| match one.dead {
            true => LOOK,
            false => Duration::from_nanos(one.until.saturating_sub(now)),
        });
        let time = times.min().unwrap_or_default();
        let time = Timespec { tv_sec: time.as_secs() as _, tv_nsec: time.subsec_nanos().into() };
        let alive = self.0.iter().filter(|one| !one.dead);
        let deaths = alive.filter_map(|one| one.worker.death());
        let mut deaths: Vec<_> = deaths.map(|death| PollFd::from_borrowed_fd(death, PollFlags::IN)).collect();
        // Whatever ends the wait, each of them is looked at next.
        let _ = poll(&mut deaths, Some(&time));
    }
}

impl TerminatingWorker {
    fn is_over(&self) -> bool {
        let over = if self.dead { self.worker.promised().is_none() } else { self.worker.is_dead() };
        over || clock::now() >= self.until
    }
}
