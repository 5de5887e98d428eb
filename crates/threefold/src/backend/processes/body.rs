//! `Body`: the process of a worker, which may not be started yet.
//!
//! A worker may be a copy of another worker process, made with `clone3`. The parent learns the process id of a copy
//! only from the copy itself. Until then the parent knows three things:
//!
//! - The channel of the copy. It closes if the copy is not made, or dies.
//! - The original: the process that makes the copy.
//! - The process group. The copy is a member of the original's group until it has sent its process id. If it dies
//!   before that, the parent finds it in this group.
//!
//! A parent that gives up a requested copy must make sure that the copy is not made later. Such a copy would exit soon,
//! since its channel is closed. But nobody would know its process id, so it would stay a zombie for as long as the
//! program runs. So the parent first waits for as long as a copy takes at most. Then it kills the original, which
//! leaves two cases: either the copy was made before and sends its process id, or its channel closes.

use std::io;
use std::os::fd::BorrowedFd;
use std::os::unix::net::UnixStream;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::Signal;

use super::birth::{self, Birth};
use super::process::{Origin, Process};

/// How long the parent waits for a copy that it no longer wants. After that it kills the original, so that the copy
/// cannot be made later. An original that has reached its entrance makes a copy in a tenth of a millisecond.
const PATIENCE: Duration = Duration::from_millis(100);

/// How long the parent waits for a copy after that. It has been made, or it never will be. A machine that stands still for a
/// moment must not make the parent forget a child.
const LONG_PATIENCE: Duration = Duration::from_secs(2);

/// The process of a worker.
#[derive(Debug)]
pub(super) enum Body {
    /// Not started yet: a copy of this original was requested.
    Starting(Origin),
    Started(Process),
    /// Never started: the copy was not made, or it died before it sent its process id.
    NeverStarted {
        /// Whether no copy can be made of this program's workers.
        refused: bool,
    },
}

impl Body {
    pub(super) fn pid(&self) -> Option<u32> {
        self.process().map(Process::pid)
    }

    /// The process, if it is started.
    pub(super) fn process(&self) -> Option<&Process> {
        match self {
            Self::Started(process) => Some(process),
            _ => None,
        }
    }

    /// The pidfd, which is readable when the process has ended.
    pub(super) fn death(&self) -> Option<BorrowedFd<'_>> {
        self.process().map(Process::death)
    }

    /// Whether it is not started yet.
    pub(super) fn is_starting(&self) -> bool {
        matches!(self, Self::Starting(_))
    }

    /// Updates this from what the channel says about the copy, without waiting.
    pub(super) fn look(&mut self, channel: &UnixStream) {
        let Self::Starting(origin) = self else { return };
        *self = match birth::look(channel) {
            Birth::Awaited => return,
            Birth::Of(number, handle) => {
                origin.note_arrival();
                Self::Started(Process::of(number, handle))
            }
            Birth::Refused => Self::NeverStarted { refused: true },
            Birth::Failed => {
                origin.collect_copies();
                Self::NeverStarted { refused: false }
            }
        };
    }

    /// Waits until the process is started or is known never to start. If the copy does not answer in time, this kills
    /// the original.
    pub(super) fn settle(&mut self, channel: &UnixStream) {
        self.look_for(channel, PATIENCE);
        if let Self::Starting(origin) = self {
            origin.kill();
        }
        self.look_for(channel, LONG_PATIENCE);
        if let Self::Starting(origin) = self {
            // The copy was made, but it hangs.
            origin.kill_copies();
            *self = Self::NeverStarted { refused: false };
        }
    }

    fn look_for(&mut self, channel: &UnixStream, patience: Duration) {
        let until = Instant::now() + patience;
        self.look(channel);
        while self.is_starting() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            let time = Timespec { tv_sec: left.as_secs() as _, tv_nsec: left.subsec_nanos().into() };
            let _ = poll(&mut [PollFd::new(channel, PollFlags::IN)], Some(&time));
            self.look(channel);
        }
    }

    /// Waits for at most `patience`; returns whether the process has ended. A process that is not started counts as
    /// ended.
    pub(super) fn wait_for_death(&self, patience: Duration) -> bool {
        self.process().is_none_or(|process| process.wait_for_death(patience))
    }

    /// Sends `signal` to the process and to everything that it started in its group.
    pub(super) fn signal_group(&self, signal: Signal) {
        if let Some(process) = self.process() {
            process.signal_group(signal);
        }
    }

    /// Kills the process and its group, if they are alive, and waits for the process. `None` if it was never started.
    ///
    /// # Errors
    ///
    /// When the host program has already waited for the process, so that its exit status is no longer known.
    pub(super) fn end(&mut self, channel: &UnixStream) -> Option<io::Result<ExitStatus>> {
        self.settle(channel);
        match self {
            Self::Started(process) => Some(process.end()),
            _ => None,
        }
    }
}
