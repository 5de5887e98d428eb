//! `Terminating`: workers that no fold has any more, and that are not gone yet. Each is given its time, while the fold goes
//! on, and is ended then. The times of all run at once.

use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::backend::processes::child::{GOODBYE, Worker};
use crate::remote::clock;

/// How often it is asked whether one is gone, where nothing tells.
const LOOK: Duration = Duration::from_millis(5);

/// A worker that was told to exit has this long to drop values of the user's, in nanoseconds: it may be about to write
/// something to a slow disk. One that takes longer counts as hung.
const DESTRUCTORS: u64 = 10_000_000_000;

/// The workers that are terminating.
#[derive(Debug, Default)]
pub(in crate::backend::processes) struct Terminating(Vec<TerminatingWorker>);

#[derive(Debug)]
struct TerminatingWorker {
    worker: Worker,
    /// When its time is up, on the machine's clock.
    until: u64,
    /// When its time is up if it drops values of the user's until then.
    latest: u64,
}

impl Terminating {
    /// Tells `worker` to exit.
    pub(in crate::backend::processes) fn leave(&mut self, mut worker: Worker) {
        worker.say_goodbye();
        self.wait_for(worker);
    }

    /// `worker` was told to exit.
    pub(super) fn wait_for(&mut self, worker: Worker) {
        let now = clock::now();
        self.0.push(TerminatingWorker { worker, until: now + GOODBYE.as_nanos() as u64, latest: now + DESTRUCTORS });
    }

    /// `worker` and what it started were told to terminate, and have until then.
    pub(super) fn linger(&mut self, worker: Worker, until: u64) {
        self.0.push(TerminatingWorker { worker, until, latest: until });
    }

    /// When to look again.
    pub(super) fn due(&self) -> Option<u64> {
        (!self.0.is_empty()).then(|| clock::now() + LOOK.as_nanos() as u64)
    }

    /// Ends those that are gone, or whose time is up.
    pub(super) fn look(&mut self) {
        let over: Vec<Worker> = self.0.extract_if(.., TerminatingWorker::is_over).map(|one| one.worker).collect();
        // All of them first, since each takes a moment to be gone.
        over.iter().for_each(Worker::kill);
        for mut worker in over {
            worker.print_rest();
            worker.end();
        }
    }

    /// Waits until all are gone, or their time is up.
    pub(in crate::backend::processes) fn finish(&mut self) {
        self.look();
        while !self.0.is_empty() {
            self.wait();
            self.look();
        }
    }

    /// Waits until another one may be over. The end of a worker is told at once by its pidfd. Nothing tells when the
    /// rest of a dead worker's group is gone, so that is asked again after a while. What the others print is passed on
    /// meanwhile, so that none of them waits for that.
    fn wait(&mut self) {
        let now = clock::now();
        let mut time = u64::MAX;
        let mut watched = Vec::new();
        for TerminatingWorker { worker, until, .. } in &mut self.0 {
            [0, 1].iter().for_each(|&stream| worker.print(stream));
            let is_dead = worker.is_dead();
            time = time.min(if is_dead { LOOK.as_nanos() as u64 } else { until.saturating_sub(now) });
            if !is_dead {
                let [out, err] = worker.prints();
                watched.extend([worker.death(), out, err].into_iter().flatten());
            }
        }
        let mut watched: Vec<_> =
            watched.iter().map(|source| PollFd::from_borrowed_fd(*source, PollFlags::IN)).collect();
        let time = Duration::from_nanos(time);
        let time = Timespec { tv_sec: time.as_secs() as _, tv_nsec: time.subsec_nanos().into() };
        // Whatever ends the wait, each of them is looked at next.
        let _ = poll(&mut watched, Some(&time));
    }
}

impl TerminatingWorker {
    fn is_over(&mut self) -> bool {
        let now = clock::now();
        if self.worker.is_dropping() {
            [0, 1].iter().for_each(|&stream| self.worker.print(stream));
            // What it does at its exit has its time after that.
            self.until = self.latest.min(now + GOODBYE.as_nanos() as u64);
        }
        now >= self.until || self.worker.is_dead() && self.worker.promised().is_none()
    }
}
