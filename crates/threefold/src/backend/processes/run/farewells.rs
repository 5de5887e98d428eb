//! `Farewells`: workers that no fold has any more, and that are not gone yet. Each is given its time, while the fold goes
//! on, and is ended then.

use std::thread;
use std::time::Duration;

use crate::backend::processes::child::{GOODBYE, Worker};
use crate::remote::clock;

/// How often it is asked whether one is gone.
const LOOK: Duration = Duration::from_millis(5);

/// Workers on their way out.
#[derive(Debug, Default)]
pub(super) struct Farewells(Vec<Farewell>);

#[derive(Debug)]
struct Farewell {
    worker: Worker,
    /// When its time is up, on the machine's clock.
    until: u64,
    /// Whether it is dead, and waits for what it started.
    dead: bool,
}

impl Farewells {
    /// `worker` was told to exit.
    pub(super) fn leave(&mut self, worker: Worker) {
        let until = clock::now() + GOODBYE.as_nanos() as u64;
        self.0.push(Farewell { worker, until, dead: false });
    }

    /// `worker` is dead, and what it started was told to terminate and has until then.
    pub(super) fn linger(&mut self, worker: Worker, until: u64) {
        self.0.push(Farewell { worker, until, dead: true });
    }

    /// When to look again.
    pub(super) fn due(&self) -> Option<u64> {
        (!self.0.is_empty()).then(|| clock::now() + LOOK.as_nanos() as u64)
    }

    /// Ends those that are gone, or whose time is up.
    pub(super) fn look(&mut self) {
        for mut farewell in self.0.extract_if(.., |farewell| farewell.is_over()) {
            farewell.worker.print_rest();
            farewell.worker.end();
        }
    }

    /// Waits until all are gone, or their time is up.
    pub(super) fn finish(&mut self) {
        self.look();
        while !self.0.is_empty() {
            thread::sleep(LOOK);
            self.look();
        }
    }
}

impl Farewell {
    fn is_over(&self) -> bool {
        let over = if self.dead { self.worker.promised().is_none() } else { self.worker.is_dead() };
        over || clock::now() >= self.until
    }
}
