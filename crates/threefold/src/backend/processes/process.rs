//! `Process`: a child process that does not outlive its owner, and its group with it.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStderr, ChildStdout, Command, ExitStatus, Stdio};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open};

use crate::backend::processes::worker::Entrance;

/// A child process that does not outlive its owner.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    /// Readable when the process has ended.
    death: OwnedFd,
    /// Whether it was waited for: its number may be another's by now.
    ended: bool,
}

impl Process {
    /// Starts this executable again by `entrance`, with `channel` as its standard input; gives what it prints.
    pub(super) fn start(entrance: Entrance, channel: UnixStream) -> io::Result<(Self, ChildStdout, ChildStderr)> {
        // On Linux the name that stays right when the file is replaced or deleted while this program runs.
        let itself = if cfg!(target_os = "linux") { "/proc/self/exe".into() } else { std::env::current_exe()? };
        let mut command = Command::new(itself);
        if let Some(name) = std::env::args_os().next() {
            command.arg0(name);
        }
        // Nothing here makes the standard library fork: it spawns, which costs the same for a parent of any size.
        let mut child = command
            .arg(entrance.mark())
            .stdin(OwnedFd::from(channel))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // A group of its own: what it starts can be ended with it, and a terminal's Ctrl-C is the parent's affair.
            .process_group(0)
            .spawn()?;
        let (Some(out), Some(err)) = (child.stdout.take(), child.stderr.take()) else {
            unreachable!("both were asked to be pipes");
        };
        match pidfd_open(Pid::from_child(&child), PidfdFlags::empty()) {
            Ok(death) => Ok((Self { child, death, ended: false }, out, err)),
            Err(error) => {
                // It has no work yet, and is not to outlive this.
                child.kill().and_then(|()| child.wait())?;
                Err(error.into())
            }
        }
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Readable when the process has ended.
    pub(super) fn death(&self) -> BorrowedFd<'_> {
        self.death.as_fd()
    }

    /// Waits for its end for as long as `patience`; returns whether it has ended.
    pub(super) fn wait_for_death(&self, patience: Duration) -> bool {
        let patience = Timespec { tv_sec: patience.as_secs() as _, tv_nsec: patience.subsec_nanos().into() };
        let watched = &mut [PollFd::new(&self.death, PollFlags::IN)];
        rustix::io::retry_on_intr(|| poll(watched, Some(&patience))).is_ok_and(|ended| ended > 0)
    }

    /// Sends `signal` to it and to all that it started in its group.
    pub(super) fn signal_group(&self, signal: Signal) {
        if !self.ended {
            // Its number stays taken until it is waited for, so this group is its own, dead or alive.
            let _ = kill_process_group(Pid::from_child(&self.child), signal);
        }
    }

    /// Kills it and its group, where they are alive, and waits for it. Once is enough.
    pub(super) fn end(&mut self) -> io::Result<ExitStatus> {
        if !self.ended {
            self.signal_group(Signal::KILL);
            let _ = self.child.kill();
            self.ended = true;
        }
        self.child.wait()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.end();
    }
}
