//! `Child`: one process that runs one attempt at a chunk.
//!
//! It leads a process group of its own, so that whatever it starts is ended with it. It is a state machine without a wait
//! of its own: [`drive`](super::drive) waits for its descriptors, on a thread or in an async runtime, and calls it when
//! there is something to do.
//!
//! The chunk ends when this process ends, not when its stdout is closed: a process that it has left behind could keep
//! that open for ever. What is left of its group is then killed. Until the process is waited for, which comes last, its
//! number belongs to nobody else, so the right group is killed.
//!
//! It is started by `posix_spawn`, which takes no copy of this process: nothing here needs code between fork and exec.

use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::process::{self, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};
use std::{io, mem};

use rustix::io::{Errno, ioctl_fionbio, read};
use rustix::process::{Pid, PidfdFlags, Resource, Rlimit, Signal, kill_process_group, pidfd_open, prlimit};

use super::guard;
use super::job::Job;
use super::program::{Keep, Program};
use super::relay::Relay;
use super::variables;

/// A process that is told to end has this time to do so before it is killed.
const GRACE: Duration = Duration::from_millis(100);

/// The most that is kept of what a process prints, in bytes: all of it is in memory until its turn comes.
const MOST: usize = 1 << 30;

/// A number has far fewer characters.
const MOST_OF_A_NUMBER: usize = 64 << 10;

/// How much is read at once: a quarter of a pipe.
pub(super) const PIECE: usize = 16 << 10;

/// The most that is read without a look at anything else. A pipe holds no more, unless root has made it larger, so this
/// is all that a process can have left when it ends.
const MOST_PIECES: usize = (1 << 20) / PIECE;

/// A process that runs one attempt at a chunk.
#[derive(Debug)]
pub(super) struct Child {
    process: process::Child,
    /// The process, which leads the group of the same number.
    group: Pid,
    /// Can be read when the process has ended.
    pub(super) ended: OwnedFd,
    /// `None` once it is closed, or watched by somebody else.
    pub(super) stdout: Option<OwnedFd>,
    pub(super) stderr: Option<OwnedFd>,
    keep: Keep,
    printed: Printed,
    relay: Relay,
    began: Instant,
    deadline: Option<Instant>,
    /// Why it was told to end, and when it is killed.
    stopped: Option<(Stopped, Instant)>,
    is_reaped: bool,
}

/// Why a process was told to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stopped {
    Late,
    /// It printed more than is kept.
    PrintedTooMuch,
    /// Nobody wants its output any more.
    Cancelled,
}

/// What a process has printed.
#[derive(Debug, Default)]
pub(super) struct Printed {
    pub(super) bytes: Vec<u8>,
    /// How many lines, if only they are counted.
    lines: u64,
    /// Whether the last of them has not ended.
    is_open: bool,
}

/// How a process has ended.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) pid: u32,
    pub(super) status: ExitStatus,
    pub(super) stopped: Option<Stopped>,
    pub(super) printed: Printed,
    pub(super) stderr_tail: String,
    pub(super) ran_for: Duration,
}

impl Child {
    /// Starts the process for `job`, which runs for the `attempt`th time.
    ///
    /// # Errors
    ///
    /// The system's reason.
    pub(super) fn start(program: &Program, job: &Job, attempt: u32, keep: Keep) -> io::Result<Self> {
        let means = program.means();
        let words = means.template.fill(job);
        let mut command = Command::new(&means.template.path);
        if let Some((name, arguments)) = words.split_first() {
            command.arg0(name).args(arguments);
        }
        variables::set(&mut command, job, attempt, &means.users_variables);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        guard::ready();
        let began = Instant::now();
        let mut process = command.spawn()?;
        let group = Pid::from_child(&process);
        guard::begin(group);
        let stdout = process.stdout.take().map(OwnedFd::from);
        let stderr = process.stderr.take().map(OwnedFd::from);
        let ended = pidfd_open(group, PidfdFlags::empty()).and_then(|ended| {
            stdout.iter().chain(&stderr).try_for_each(|pipe| ioctl_fionbio(pipe, true))?;
            if let Some(bytes) = means.limits.memory {
                let limit = Rlimit { current: Some(bytes), maximum: Some(bytes) };
                // It may have ended already.
                prlimit(Some(group), Resource::Data, limit).map(drop).or_else(unless_gone)?;
            }
            Ok(ended)
        });
        let ended = match ended {
            Ok(ended) => ended,
            Err(error) => {
                guard::end(group);
                end_at_once(&mut process, group);
                return Err(error.into());
            }
        };
        let tag = if means.tag { format!("chunk {}: ", job.chunk) } else { String::new() };
        Ok(Self {
            process,
            group,
            ended,
            stdout,
            stderr,
            keep,
            printed: Printed::default(),
            relay: Relay::new(tag),
            began,
            deadline: means.limits.timeout.and_then(|timeout| began.checked_add(timeout)),
            stopped: None,
            is_reaped: false,
        })
    }

    /// Reads what there is in stdout.
    pub(super) fn read_stdout(&mut self) {
        self.stdout = self.stdout.take().filter(|pipe| read_pieces(pipe, |piece| self.print(piece)));
    }

    /// Reads what there is in stderr.
    pub(super) fn read_stderr(&mut self) {
        self.stderr = self.stderr.take().filter(|pipe| read_pieces(pipe, |piece| self.relay.add(piece)));
    }

    /// The process has printed this to stdout.
    pub(super) fn print(&mut self, piece: &[u8]) {
        if !self.printed.add(piece, self.keep) {
            self.stop(Stopped::PrintedTooMuch);
        }
    }

    /// The process has written this to stderr.
    pub(super) fn relay(&mut self, piece: &[u8]) {
        self.relay.add(piece);
    }

    /// Ends the process if it is late, and kills it if it was told to end and did not.
    pub(super) fn look_at(&mut self, now: Instant) {
        match self.stopped {
            None if self.deadline.is_some_and(|deadline| deadline <= now) => self.stop(Stopped::Late),
            Some((why, kill_at)) if kill_at <= now => {
                self.kill();
                self.stopped = Some((why, now + GRACE));
            }
            _ => {}
        }
    }

    /// When [`look_at`](Self::look_at) has something to do, if that is known.
    pub(super) fn due(&self) -> Option<Instant> {
        self.stopped.map(|(_, kill_at)| kill_at).or(self.deadline)
    }

    /// Tells the process and its group to end.
    pub(super) fn stop(&mut self, why: Stopped) {
        if self.stopped.is_none() {
            self.stopped = Some((why, Instant::now() + GRACE));
            // It may be a zombie, which is no error.
            let _ = kill_process_group(self.group, Signal::TERM);
        }
    }

    /// Kills the process and what is left of its group.
    fn kill(&self) {
        let _ = kill_process_group(self.group, Signal::KILL);
    }

    /// The process has ended. What it has left is killed first, so that it writes nothing more.
    ///
    /// # Errors
    ///
    /// The system does not say how.
    pub(super) fn finish(mut self) -> io::Result<Ended> {
        let ran_for = self.began.elapsed();
        self.kill();
        self.read_stdout();
        self.read_stderr();
        self.relay.finish();
        guard::end(self.group);
        self.is_reaped = true;
        let status = self.process.wait()?;
        Ok(Ended {
            pid: self.process.id(),
            status,
            stopped: self.stopped.map(|(why, _)| why),
            printed: mem::take(&mut self.printed),
            stderr_tail: self.relay.tail(),
            ran_for,
        })
    }
}

/// A child that nobody waits for any more is killed with its group.
impl Drop for Child {
    fn drop(&mut self) {
        if !self.is_reaped {
            guard::end(self.group);
            end_at_once(&mut self.process, self.group);
        }
    }
}

fn end_at_once(process: &mut process::Child, group: Pid) {
    let _ = kill_process_group(group, Signal::KILL);
    // It was killed, so this does not take long.
    let _ = process.wait();
}

impl Printed {
    /// Adds some bytes. Whether it is still not too much.
    fn add(&mut self, piece: &[u8], keep: Keep) -> bool {
        let most = match keep {
            Keep::Everything => MOST,
            Keep::Number => MOST_OF_A_NUMBER,
            Keep::Count => {
                self.lines += piece.iter().filter(|&&byte| byte == b'\n').count() as u64;
                self.is_open = piece.last().is_some_and(|&byte| byte != b'\n');
                return true;
            }
        };
        let has_room = self.bytes.len() + piece.len() <= most;
        if has_room {
            self.bytes.extend_from_slice(piece);
        }
        has_room
    }

    /// The number of lines, if they are counted. The last one need not have ended.
    pub(super) fn line_count(&self) -> u64 {
        self.lines + u64::from(self.is_open)
    }
}

/// Reads what there is in a pipe, piece by piece. Whether it is still open.
fn read_pieces(pipe: &OwnedFd, mut take: impl FnMut(&[u8])) -> bool {
    let mut piece = [0; PIECE];
    for _ in 0..MOST_PIECES {
        match read(pipe, &mut piece) {
            Ok(0) => return false,
            Ok(count) => take(&piece[..count]),
            Err(Errno::INTR) => {}
            // Nothing yet; no other error is known that a pipe could have.
            Err(error) => return error == Errno::AGAIN,
        }
    }
    true
}

fn unless_gone(error: Errno) -> Result<(), Errno> {
    if error == Errno::SRCH { Ok(()) } else { Err(error) }
}
