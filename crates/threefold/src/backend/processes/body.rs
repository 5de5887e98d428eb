//! `Body`: the process of a worker, which may still be in the making.
//!
//! A copy of another worker process is made there, so that its parent learns its number from itself. Until then the parent
//! knows three things: its channel, which closes if it is not made or dies; the process that it is to be a copy of; and
//! that it is a member of that one's group, by which it is found if it dies before it could say anything.
//!
//! Whoever gives up a worker in the making must make sure that it does not come later: a process that nobody knows of would
//! exit soon, since its channel is closed, and then stay a zombie for as long as the program runs. So it is waited for, for as
//! long as a copy takes at most. After that its original is killed, which decides the matter: either the copy was made before,
//! and says so, or its channel closes.

use std::io;
use std::os::fd::BorrowedFd;
use std::os::unix::net::UnixStream;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::Signal;

use super::birth::{self, Birth};
use super::process::{Origin, Process};

/// A copy that is asked for and then not wanted is waited for this long before its original is killed, which makes sure of
/// it. An original that has arrived makes a copy in a tenth of a millisecond.
const PATIENCE: Duration = Duration::from_millis(100);

/// The process of a worker.
#[derive(Debug)]
pub(super) enum Body {
    /// It is to be a copy of that one.
    Unborn(Origin),
    Born(Process),
    /// It was not made, or died before its number was known.
    Stillborn {
        /// Whether none can be made of such processes.
        refused: bool,
    },
}

impl Body {
    pub(super) fn pid(&self) -> Option<u32> {
        self.process().map(Process::pid)
    }

    /// The process, where it is there.
    pub(super) fn process(&self) -> Option<&Process> {
        match self {
            Self::Born(process) => Some(process),
            _ => None,
        }
    }

    /// Readable when the process has ended.
    pub(super) fn death(&self) -> Option<BorrowedFd<'_>> {
        self.process().map(Process::death)
    }

    /// Whether it is still in the making.
    pub(super) fn is_unborn(&self) -> bool {
        matches!(self, Self::Unborn(_))
    }

    /// Takes note of what the channel tells of the birth, without waiting.
    pub(super) fn look(&mut self, channel: &UnixStream) {
        let Self::Unborn(origin) = self else { return };
        *self = match birth::look(channel) {
            Birth::Awaited => return,
            Birth::Of(number, handle) => {
                origin.note_arrival();
                Self::Born(Process::of(number, handle))
            }
            Birth::Refused => Self::Stillborn { refused: true },
            Birth::Failed => {
                origin.collect_unborn(false);
                Self::Stillborn { refused: false }
            }
        };
    }

    /// Waits until it is born or never will be, whatever that takes: the life of its original, if it must.
    pub(super) fn settle(&mut self, channel: &UnixStream) {
        self.look_for(channel, PATIENCE);
        if let Self::Unborn(origin) = self {
            origin.kill();
        }
        self.look_for(channel, PATIENCE);
        if let Self::Unborn(origin) = self {
            // It is there, and hangs.
            origin.collect_unborn(true);
            *self = Self::Stillborn { refused: false };
        }
    }

    fn look_for(&mut self, channel: &UnixStream, patience: Duration) {
        let until = Instant::now() + patience;
        self.look(channel);
        while self.is_unborn() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            let time = Timespec { tv_sec: left.as_secs() as _, tv_nsec: left.subsec_nanos().into() };
            let _ = poll(&mut [PollFd::new(channel, PollFlags::IN)], Some(&time));
            self.look(channel);
        }
    }

    /// Whether it has ended, after as much patience. One that is not there has not begun, which comes to the same.
    pub(super) fn wait_for_death(&self, patience: Duration) -> bool {
        self.process().is_none_or(|process| process.wait_for_death(patience))
    }

    /// Sends `signal` to it and to all that it started in its group.
    pub(super) fn signal_group(&self, signal: Signal) {
        if let Some(process) = self.process() {
            process.signal_group(signal);
        }
    }

    /// Kills it and its group, where they are alive, and waits for it. `None` where it was never made.
    ///
    /// # Errors
    ///
    /// When the host has waited for it, so that nobody can tell any more how it ended.
    pub(super) fn end(&mut self, channel: &UnixStream) -> Option<io::Result<ExitStatus>> {
        self.settle(channel);
        match self {
            Self::Born(process) => Some(process.end()),
            _ => None,
        }
    }
}
