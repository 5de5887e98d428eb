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
//! A process that is told to end gets SIGTERM, as does its group, and SIGKILL after the [`GRACE`]. It may have moved to
//! another group, so it is also told by its own descriptor, and so is what it has started in [other groups](super::moved).
//!
//! It is started by `posix_spawn`, which takes no copy of this process: nothing here needs code between fork and exec.

use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::{self, ExitStatus, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};
use std::{io, mem};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, ioctl_fionbio, ioctl_fionread, read};
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitId, WaitIdOptions, getpgid, kill_process_group, pidfd_open, pidfd_send_signal, waitid,
};

use super::job::Job;
use super::launch::Launch;
use super::living::{self, Living};
use super::moved::Moved;
use super::program::{Keep, Program};
use super::relay::Relay;
use super::times::GRACE;
use super::{group, guard, variables};

/// The most that is kept of what a process prints, in bytes: all of it is in memory until its turn comes.
const MOST: usize = 1 << 30;

/// A number has far fewer characters.
const MOST_OF_A_NUMBER: usize = 64 << 10;

/// How much is read at once: a quarter of a pipe.
pub(super) const PIECE: usize = 16 << 10;

/// The most that is read without a look at anything else.
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
    /// What it has started in other groups, as far as that was looked for.
    moved: Moved,
    was_killed: bool,
    is_reaped: bool,
    _living: Living,
}

/// Why a process was told to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stopped {
    Late,
    /// It printed more than is kept.
    PrintedTooMuch,
    /// Nobody wants its output any more.
    Cancelled,
    /// The system has stopped it with this signal, because it wanted something of the terminal.
    AtTerminal(i32),
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
        let mut launch = Launch::new(&means.template.path, &means.template.fill(job), means.limits.memory)?;
        variables::set(&mut launch.command, job, attempt, &means.users_variables);
        launch.command.stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        guard::ready();
        let living = Living::begin();
        let began = Instant::now();
        let mut process = launch.command.spawn()?;
        let group = Pid::from_child(&process);
        guard::begin(group);
        let stdout = process.stdout.take().map(OwnedFd::from);
        let stderr = process.stderr.take().map(OwnedFd::from);
        let ended = launch.finish().and_then(|()| {
            let ended = pidfd_open(group, PidfdFlags::empty())?;
            stdout.iter().chain(&stderr).try_for_each(|pipe| ioctl_fionbio(pipe, true))?;
            Ok(ended)
        });
        let ended = match ended {
            Ok(ended) => ended,
            Err(error) => {
                guard::end(group);
                end_at_once(&mut process, group);
                return Err(error);
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
            moved: Moved::default(),
            was_killed: false,
            is_reaped: false,
            _living: living,
        })
    }

    /// Reads what there is in stdout.
    pub(super) fn read_stdout(&mut self) {
        self.stdout = self.stdout.take().filter(|pipe| read_pieces(pipe, |piece| self.print(piece)));
    }

    /// Reads what there is in stderr, if what was read before could be passed on.
    pub(super) fn read_stderr(&mut self) {
        if !self.relay.flush() {
            return;
        }
        self.stderr = self.stderr.take().filter(|pipe| read_pieces(pipe, |piece| self.relay.add(piece)));
    }

    /// The process has printed this to stdout.
    pub(super) fn print(&mut self, piece: &[u8]) {
        if !self.printed.add(piece, self.keep) {
            self.stop(Stopped::PrintedTooMuch);
        }
    }

    /// Whether nobody reads what the process has written to stderr, so that it should not be asked for more.
    pub(super) fn is_unheard(&mut self) -> bool {
        !self.relay.flush()
    }

    /// The process has written this to stderr.
    #[cfg(feature = "async")]
    pub(super) fn relay(&mut self, piece: &[u8]) {
        self.relay.add(piece);
    }

    /// Whether the process has ended.
    pub(super) fn has_ended(&self) -> bool {
        let now = Timespec { tv_sec: 0, tv_nsec: 0 };
        poll(&mut [PollFd::new(&self.ended, PollFlags::IN)], Some(&now)).is_ok_and(|ready| ready > 0)
    }

    /// Ends the process if it is late, and kills it if it was told to end and did not.
    pub(super) fn look_at(&mut self, now: Instant) {
        match self.stopped {
            // If this process was stopped for a while, the other one may have ended long before.
            None if self.deadline.is_some_and(|deadline| deadline <= now) && !self.has_ended() => {
                self.stop(Stopped::Late)
            }
            Some((why, kill_at)) if kill_at <= now => {
                self.look_for_moved(why);
                self.signal(Signal::KILL);
                self.was_killed = true;
                self.stopped = Some((why, now + GRACE));
            }
            _ => {}
        }
    }

    /// Ends the process if it was stopped because it wanted something of the terminal. It would wait for ever: its group is
    /// not the one that has the terminal.
    pub(super) fn look_for_terminal(&mut self) {
        if self.stopped.is_some() || !has_terminal() {
            return;
        }
        let options = WaitIdOptions::STOPPED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        let state = waitid(WaitId::PidFd(self.ended.as_fd()), options).ok().flatten();
        let signal = state.and_then(|state| state.stopping_signal());
        let of_terminal = [Signal::TTIN, Signal::TTOU].map(Signal::as_raw);
        if let Some(signal) = signal.filter(|signal| of_terminal.contains(signal)) {
            self.stop(Stopped::AtTerminal(signal));
            // So that it can do what it does when it is told to end.
            self.signal(Signal::CONT);
        }
    }

    /// When [`look_at`](Self::look_at) has something to do, if that is known.
    pub(super) fn due(&self) -> Option<Instant> {
        self.stopped.map(|(_, kill_at)| kill_at).or(self.deadline)
    }

    /// Tells the process to end, and what it has started.
    pub(super) fn stop(&mut self, why: Stopped) {
        if self.stopped.is_none() {
            living::one_is_told();
            self.look_for_moved(why);
            self.stopped = Some((why, Instant::now() + GRACE));
            self.signal(Signal::TERM);
        }
    }

    /// Looks for what it has started in other groups. When all children end, the guard does that once for all.
    fn look_for_moved(&mut self, why: Stopped) {
        if why != Stopped::Cancelled {
            self.moved.look(self.group);
        }
    }

    /// Sends a signal to the process, its group and what has moved to others. All may have ended, which is not an
    /// error.
    fn signal(&self, signal: Signal) {
        let _ = kill_process_group(self.group, signal);
        if getpgid(Some(self.group)) != Ok(self.group) {
            let _ = pidfd_send_signal(&self.ended, signal);
        }
        self.moved.signal(signal);
    }

    /// Whether others of its group, or those that have moved, still have time to end, after the process itself has ended:
    /// they were told to end and are not killed yet.
    pub(super) fn has_rest(&self, now: Instant) -> bool {
        let has_time = |&(_, kill_at): &(Stopped, Instant)| !self.was_killed && now < kill_at;
        self.stopped.as_ref().is_some_and(has_time) && (self.moved.is_any_alive() || group::has_others(self.group))
    }

    /// The process has ended. What it has left is killed first, so that it writes nothing more. Then what is left in the
    /// pipes is read to its end.
    ///
    /// # Errors
    ///
    /// The system does not say how, or does not give all that the process has printed.
    pub(super) fn finish(mut self) -> io::Result<Ended> {
        let ran_for = self.began.elapsed();
        let _ = kill_process_group(self.group, Signal::KILL);
        self.moved.signal(Signal::KILL);
        if let Some(pipe) = self.stdout.take() {
            read_rest(&pipe, |piece| self.print(piece))?;
        }
        if let Some(pipe) = self.stderr.take() {
            read_rest(&pipe, |piece| self.relay.add(piece))?;
        }
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

/// A child that nobody waits for any more is killed with its group. The guard looks for what has moved to others.
impl Drop for Child {
    fn drop(&mut self) {
        if !self.is_reaped {
            living::one_is_told();
            guard::end(self.group);
            end_at_once(&mut self.process, self.group);
        }
    }
}

fn end_at_once(process: &mut process::Child, group: Pid) {
    let _ = kill_process_group(group, Signal::KILL);
    let _ = process.kill();
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

/// Whether there is a terminal from which this process, and so its children, can be stopped.
fn has_terminal() -> bool {
    static HAS_ONE: OnceLock<bool> = OnceLock::new();
    *HAS_ONE.get_or_init(|| File::open("/dev/tty").is_ok())
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

/// Reads as much as there is in a pipe whose writers have ended. A pipe in packet mode gives less in each piece than there
/// is room for, and a pipe may have been made larger.
fn read_rest(pipe: &OwnedFd, mut take: impl FnMut(&[u8])) -> io::Result<()> {
    let mut left = ioctl_fionread(pipe)?;
    let mut piece = [0; PIECE];
    while left > 0 {
        match read(pipe, &mut piece) {
            Ok(count @ 1..) => {
                take(&piece[..count]);
                left = left.saturating_sub(count as u64);
            }
            Err(Errno::INTR) => {}
            Ok(0) | Err(_) => return Err(io::Error::other(format!("{left} bytes that it had written are gone"))),
        }
    }
    Ok(())
}
