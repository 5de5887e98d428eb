//! `Process`: a child process that does not outlive its owner, together with its process group.
//!
//! Its process id is valid only until somebody has waited for the process. The host program may do that: it may wait
//! for all children, or ignore their death, and then the kernel reuses the process id at once. So every operation that
//! can use a pidfd uses it, since a pidfd never refers to another process. Only signals to the group need the process
//! id.
//!
//! # What is done by which name of the process
//!
//! | what | by | why it is safe |
//! |---|---|---|
//! | wait for its end | the pidfd becomes readable | a pidfd never refers to another process |
//! | ask how it ended | `waitid` with the pidfd | the same |
//! | signal the process | `pidfd_send_signal` | the same |
//! | signal its group | the process id | nobody has waited for it, which is asked just before |
//! | find copies that are not started | the process id, as the number of their group | the same |
//!
//! # How it ends
//!
//! 1. If nobody has waited for it, its group and the process itself get SIGKILL. A process that is dead already is not
//!    harmed.
//! 2. Copies that are not started yet are in its group. They are waited for before the process is, since its process id
//!    names the group only until then.
//! 3. It is waited for, and its exit status is given back.
//!
//! If the host program has waited for it, nothing is killed. Then its process id may belong to a stranger. A fork of
//! the host program holds the same pidfd and is not its parent, so it kills nothing either.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{ChildStderr, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, retry_on_intr};
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitId, WaitIdOptions, WaitIdStatus, kill_process, kill_process_group, pidfd_open,
    pidfd_send_signal, waitid,
};

use super::{group, inner_threads};
use crate::backend::launcher;
use crate::backend::processes::worker::Entrance;

/// The longest wait for the end of a killed process that is found only by looking at its group repeatedly.
const PATIENCE: Duration = Duration::from_millis(100);

/// The same where the copies are killed. A process that was killed is gone as soon as the machine lets it run.
const PATIENCE_AFTER_KILL: Duration = Duration::from_secs(2);

/// The time between two such looks.
const LOOK: Duration = Duration::from_millis(1);

/// A child process that does not outlive its owner.
#[derive(Debug)]
pub(super) struct Process {
    pid: Pid,
    /// The pidfd, which is readable when the process has ended. Copies of it that are not started yet share it.
    handle: Arc<Handle>,
    /// Whether it was waited for.
    ended: bool,
}

/// The pidfd of a process, which never refers to another process.
#[derive(Debug)]
struct Handle {
    descriptor: OwnedFd,
    /// Whether the process has reached its entrance.
    arrived: AtomicBool,
}

/// The process that makes a copy of itself, with `clone3`, on the parent's request.
#[derive(Clone, Debug)]
pub(super) struct Origin {
    pid: Pid,
    handle: Arc<Handle>,
}

impl Process {
    /// Starts this executable again by `entrance`, with `channel` as its standard input; gives what it prints. Each of its
    /// tasks should use `share` threads.
    pub(super) fn start(
        entrance: Entrance,
        channel: UnixStream,
        share: usize,
    ) -> io::Result<(Self, ChildStdout, ChildStderr)> {
        // The name that stays right when the file is replaced or deleted while this program runs.
        let mut command = Command::new("/proc/self/exe");
        if let Some(name) = std::env::args_os().next() {
            command.arg0(name);
        }
        launcher::hide_from(&mut command);
        inner_threads::tell(&mut command, share);
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
        let pid = Pid::from_child(&child);
        match pidfd_open(pid, PidfdFlags::empty()) {
            Ok(handle) => Ok((Self::of(pid, handle), out, err)),
            Err(error) => {
                // It has no work yet, and is not to outlive this. Where the host has waited for it already, there is
                // nothing to kill.
                if waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT)
                    .is_ok()
                {
                    child.kill().and_then(|()| child.wait())?;
                }
                Err(error.into())
            }
        }
    }

    /// A child with that process id and that pidfd.
    pub(super) fn of(pid: Pid, descriptor: OwnedFd) -> Self {
        Self { pid, handle: Arc::new(Handle { descriptor, arrived: AtomicBool::new(false) }), ended: false }
    }

    /// The original of a copy, by which the copy is found until it has sent its process id. As long as somebody holds
    /// this value, a copy may not be started yet.
    pub(super) fn origin(&self) -> Origin {
        Origin { pid: self.pid, handle: Arc::clone(&self.handle) }
    }

    pub(super) fn pid(&self) -> u32 {
        self.pid.as_raw_pid().unsigned_abs()
    }

    /// Readable when the process has ended.
    pub(super) fn death(&self) -> BorrowedFd<'_> {
        self.handle.descriptor.as_fd()
    }

    /// Waits for its end for as long as `patience`, whatever interrupts; returns whether it has ended.
    pub(super) fn wait_for_death(&self, patience: Duration) -> bool {
        let until = Instant::now() + patience;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let time = Timespec { tv_sec: left.as_secs() as _, tv_nsec: left.subsec_nanos().into() };
            match poll(&mut [PollFd::new(&self.handle.descriptor, PollFlags::IN)], Some(&time)) {
                Ok(0) => return false,
                Ok(_) => return true,
                // Only a part of the time has passed.
                Err(Errno::INTR) if !left.is_zero() => {}
                Err(_) => return false,
            }
        }
    }

    /// Sends `signal` to the process and to everything that it started in its group. Sends nothing if the host program
    /// has waited for the process: the process id, which is also the id of the group, may belong to another process
    /// then.
    pub(super) fn signal_group(&self, signal: Signal) {
        // Between this question and the signal it would have to end, be waited for by another thread of the host, and
        // all other numbers be given away before its own.
        if self.is_ours() {
            self.signal(signal);
        }
    }

    /// Sends `signal` to the process and its group. Nobody has waited for the process.
    fn signal(&self, signal: Signal) {
        let _ = kill_process_group(self.pid, signal);
        // The process may have left the group, or be a copy that has not joined its own group yet.
        let _ = pidfd_send_signal(&self.handle.descriptor, signal);
    }

    /// Whether it is a child of this process, dead or alive, for which nobody has waited. In a fork of the host it is
    /// not.
    fn is_ours(&self) -> bool {
        let answer = self.ask(WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT);
        !self.ended && !matches!(answer, Err(Errno::CHILD))
    }

    /// The signal that has stopped it, as long as it does not go on.
    pub(super) fn stopping_signal(&self) -> Option<i32> {
        let options = WaitIdOptions::STOPPED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        waitid(WaitId::PidFd(self.handle.descriptor.as_fd()), options).ok()??.stopping_signal()
    }

    /// Kills it and its group, where they are alive, and waits for it.
    ///
    /// # Errors
    ///
    /// When the host has waited for it, so that nobody can tell any more how it ended.
    pub(super) fn end(&mut self) -> io::Result<ExitStatus> {
        if self.is_ours() {
            self.signal(Signal::KILL);
            // Copies of it that are not started yet are in its group. They are found by its process id as long as
            // nobody has waited for it.
            if Arc::strong_count(&self.handle) > 1 {
                self.wait_for_death(PATIENCE);
                self.origin().kill_copies();
            }
        }
        self.ended = true;
        let status = self.ask(WaitIdOptions::empty())?.ok_or(io::ErrorKind::Interrupted)?;
        // As `wait` would have told it.
        let code = status.exit_status().map(|code| code << 8);
        Ok(ExitStatus::from_raw(code.or(status.terminating_signal()).unwrap_or_default()))
    }

    /// How it ended. An error where it is no child of this process any more, since it was waited for.
    fn ask(&self, options: WaitIdOptions) -> rustix::io::Result<Option<WaitIdStatus>> {
        ask(&self.handle.descriptor, options)
    }
}

fn ask(handle: &OwnedFd, options: WaitIdOptions) -> rustix::io::Result<Option<WaitIdStatus>> {
    retry_on_intr(|| waitid(WaitId::PidFd(handle.as_fd()), WaitIdOptions::EXITED | options))
}

impl Origin {
    /// The process has reached its entrance.
    pub(super) fn note_arrival(&self) {
        // Relaxed, here and below: no other data depends on this flag.
        self.handle.arrived.store(true, Ordering::Relaxed);
    }

    /// Whether the process has reached its entrance.
    pub(super) fn has_arrived(&self) -> bool {
        self.handle.arrived.load(Ordering::Relaxed)
    }

    pub(super) fn kill(&self) {
        let _ = pidfd_send_signal(&self.handle.descriptor, Signal::KILL);
    }

    /// Waits for copies of this process that died before they sent their process ids. Also waits for living copies to
    /// leave its group.
    pub(super) fn collect_copies(&self) {
        self.collect(PATIENCE, |_| {});
    }

    /// The same, but the living copies are killed.
    pub(super) fn kill_copies(&self) {
        self.collect(PATIENCE_AFTER_KILL, |copy| {
            let _ = kill_process(copy, Signal::KILL);
        });
    }

    /// Waits for the copies for that long, and has `end` look after those that live.
    ///
    /// They are children of this process, and no other children of it are in that group. The group is looked at only as
    /// long as nobody has waited for the original. After that its process id may belong to another process. A host
    /// program that waits for all children has waited for the copies as well.
    fn collect(&self, patience: Duration, end: impl Fn(Pid)) {
        let until = Instant::now() + patience;
        // As long as nobody has waited for the original, its process id names its group. Otherwise the host program
        // waits for all children.
        while ask(&self.handle.descriptor, WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT).is_ok() {
            let mut lives = false;
            for (copy, is_dead) in group::children_in(self.pid) {
                if !is_dead {
                    end(copy);
                }
                // This is a child that nobody has waited for, so the process id is still its own.
                let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG;
                lives |= matches!(retry_on_intr(|| waitid(WaitId::Pid(copy), options)), Ok(None));
            }
            if !lives || Instant::now() > until {
                return;
            }
            thread::sleep(LOOK);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if !self.ended {
            let _ = self.end();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A child of this process, in the group of process `leader` or in its own group.
    #[allow(clippy::zombie_processes, reason = "it is waited for as a `Process`")]
    fn child(leader: i32) -> Process {
        let child = Command::new("sleep").arg("600").process_group(leader).spawn().unwrap();
        let pid = Pid::from_child(&child);
        Process::of(pid, pidfd_open(pid, PidfdFlags::empty()).unwrap())
    }

    #[test]
    fn children_in_the_group_of_an_original_are_collected_dead_or_alive() {
        let mut original = child(0);
        let leader = original.pid.as_raw_pid();
        let (dead, alive) = (child(leader), child(leader));
        let _ = pidfd_send_signal(&dead.handle.descriptor, Signal::KILL);
        original.origin().kill_copies();
        for mut copy in [dead, alive] {
            assert!(copy.ask(WaitIdOptions::NOHANG).is_err(), "it was waited for");
            assert!(copy.end().is_err());
        }
        assert!(original.ask(WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT).is_ok_and(|status| status.is_none()));
        assert_eq!(original.end().unwrap().signal(), Some(Signal::KILL.as_raw()));
    }

    #[test]
    fn an_original_that_ends_takes_its_unfinished_copies_along() {
        let mut original = child(0);
        let copy = child(original.pid.as_raw_pid());
        let origin = original.origin();
        original.end().unwrap();
        assert!(copy.ask(WaitIdOptions::NOHANG).is_err(), "it was waited for");
        drop(origin);
    }
}
