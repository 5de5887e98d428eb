//! `Moved`: processes that a child has started, directly or not, and that have left its group for another one, as what
//! `timeout` runs has.
//!
//! A signal to the group does not reach them. So they are looked for when a child is late, among all processes of the
//! machine: nothing else tells who has started whom. They are found as long as those that have started them live. What is
//! left when the run ends is found by the guard, and so is everything if all children are to end. What has left for a
//! session of its own (`setsid`) is meant to go on.
//!
//! Each is held by a descriptor, so that no signal goes to another process that has the same number later.

use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use super::group::{Standing, every_process, standing};
use super::times::LOOK;

/// Those that were found, each with its number.
#[derive(Debug, Default)]
pub(super) struct Moved(Vec<(i32, OwnedFd)>);

impl Moved {
    /// Looks for those that `leader` has started, and for those that these have started since.
    pub(super) fn look(&mut self, leader: Pid) {
        let all = processes();
        let leader = leader.as_raw_pid();
        let Some(session) = all.iter().find(|(pid, _)| *pid == leader).map(|(_, it)| it.session) else { return };
        let alive = self.0.iter().filter(|(_, handle)| !has_ended(handle));
        let mut known: Vec<i32> = alive.map(|(pid, _)| *pid).chain([leader]).collect();
        let mut next = 0;
        while let Some(&parent) = known.get(next) {
            let children = all.iter().filter(|(_, it)| it.parent == parent && it.session == session && !it.is_over);
            let new: Vec<_> = children.filter(|(pid, _)| !known.contains(pid)).collect();
            for &&(pid, it) in &new {
                known.push(pid);
                // Asked once more: the number may belong to another process since the list was made.
                if it.group != leader
                    && let Some(handle) = Pid::from_raw(pid).and_then(|pid| pidfd_open(pid, PidfdFlags::empty()).ok())
                    && standing(pid).is_some_and(|now| (now.parent, now.session) == (parent, session))
                {
                    self.0.push((pid, handle));
                }
            }
            next += 1;
        }
    }

    /// Sends a signal to all. They may have ended, which is not an error.
    pub(super) fn signal(&self, signal: Signal) {
        for (_, handle) in &self.0 {
            let _ = pidfd_send_signal(handle, signal);
        }
    }

    /// Whether one of them has not ended.
    pub(super) fn is_any_alive(&self) -> bool {
        self.0.iter().any(|(_, handle)| !has_ended(handle))
    }
}

fn has_ended(handle: &OwnedFd) -> bool {
    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
    poll(&mut [PollFd::new(handle, PollFlags::IN)], Some(&now)).is_ok_and(|ready| ready > 0)
}

/// Where each process of the machine stands, by its number.
type Processes = Vec<(i32, Standing)>;

/// All processes of the machine. There may be thousands, and many children may be late at the same time. So a look serves
/// for some time, at least four times as long as it takes.
fn processes() -> Arc<Processes> {
    static LATEST: Mutex<Option<(Instant, Arc<Processes>)>> = Mutex::new(None);

    let mut latest = LATEST.lock().unwrap_or_else(PoisonError::into_inner);
    match &*latest {
        Some((until, found)) if Instant::now() < *until => Arc::clone(found),
        _ => {
            let began = Instant::now();
            let found = every_process().filter_map(|pid| Some((pid, standing(pid)?))).collect();
            let until = Instant::now() + LOOK.max(4 * began.elapsed());
            Arc::clone(&latest.insert((until, Arc::new(found))).1)
        }
    }
}
