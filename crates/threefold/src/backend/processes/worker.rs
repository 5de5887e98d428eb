//! `Worker`: one worker process as its parent sees it: started, spoken to, and ended.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, send, sendmsg};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open};

use super::lines::{Lines, Stream};
use crate::cell::{Cell, Progress};
use crate::error::End;
use crate::wire::{Build, Inbox, ToWorker};
use crate::worker::{EARLY_MARK, Entrance, MARK};

/// A worker that was told to exit gets this long before it is killed: its own exit handlers may run.
const GOODBYE: Duration = Duration::from_millis(100);

/// A chunk that was sent and not answered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sent {
    pub(super) chunk: u64,
    /// The number of its `Run` frame.
    frame: u64,
}

/// A worker process.
#[derive(Debug)]
pub(super) struct Worker {
    /// Its number among the workers of a fold.
    pub(super) number: usize,
    child: Child,
    /// Readable when the process has ended.
    death: OwnedFd,
    channel: UnixStream,
    /// Whether nothing more will come through the channel.
    closed: bool,
    outgoing: Vec<u8>,
    pub(super) inbox: Inbox,
    pub(super) prints: [Lines; 2],
    cell: Cell,
    /// Whether it has said hello.
    pub(super) greeted: bool,
    sent: VecDeque<Sent>,
    frames: u64,
}

/// What of a worker there is to wait for.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Events {
    pub(super) channel: bool,
    pub(super) prints: [bool; 2],
    pub(super) death: bool,
}

/// Chunks that a dead worker had been sent.
#[derive(Debug, Default)]
pub(super) struct Remains {
    /// The one that it was running.
    pub(super) running: Option<u64>,
    /// Those that were done and whose outputs did not come.
    pub(super) done: Vec<u64>,
    /// Those that were not started.
    pub(super) waiting: Vec<u64>,
}

impl Worker {
    /// Starts this executable again as a worker. It greets later, by itself.
    pub(super) fn start(number: usize, entrance: Entrance, build: Build) -> io::Result<Self> {
        let (channel, theirs) = UnixStream::pair()?;
        channel.set_nonblocking(true)?;
        let (cell, descriptor) = Cell::create()?;
        // On Linux the name that stays right when the file is replaced or deleted while this program runs.
        let itself = if cfg!(target_os = "linux") { "/proc/self/exe".into() } else { std::env::current_exe()? };
        let mut command = Command::new(itself);
        if let Some(name) = std::env::args_os().next() {
            command.arg0(name);
        }
        // Nothing here makes the standard library fork: it spawns, which costs the same for a parent of any size.
        let mut child = command
            .arg(match entrance {
                Entrance::Main => MARK,
                Entrance::Early => EARLY_MARK,
            })
            .stdin(OwnedFd::from(theirs))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // A group of its own: what it starts can be ended with it, and a terminal's Ctrl-C is the parent's affair.
            .process_group(0)
            .spawn()?;
        // From here on the child is owned by `worker`, which ends it.
        let death = pidfd_open(Pid::from_child(&child), PidfdFlags::empty());
        let prints = child.stdout.take().zip(child.stderr.take()).ok_or(io::ErrorKind::BrokenPipe);
        let made = death.map_err(io::Error::from).and_then(|death| {
            let (out, err) = prints?;
            Ok((death, [Lines::new(out.into(), Stream::Out)?, Lines::new(err.into(), Stream::Err)?]))
        });
        let (death, prints) = match made {
            Ok(made) => made,
            Err(error) => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(error);
            }
        };
        let mut worker = Self {
            number,
            child,
            death,
            channel,
            closed: false,
            outgoing: Vec::new(),
            inbox: Inbox::default(),
            prints,
            cell,
            greeted: false,
            sent: VecDeque::new(),
            frames: 0,
        };
        worker.say_hello(build, &descriptor)?;
        Ok(worker)
    }

    fn say_hello(&mut self, build: Build, cell: &OwnedFd) -> io::Result<()> {
        let mut hello = Vec::new();
        ToWorker::Hello { build }.write(&mut hello);
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut ancillary = SendAncillaryBuffer::new(&mut space);
        let descriptors = [cell.as_fd()];
        ancillary.push(SendAncillaryMessage::ScmRights(&descriptors));
        // A few bytes into an empty socket: they fit.
        let sent = sendmsg(&self.channel, &[IoSlice::new(&hello)], &mut ancillary, SendFlags::NOSIGNAL)?;
        if sent == hello.len() { Ok(()) } else { Err(io::ErrorKind::WriteZero.into()) }
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Nothing from `chunk` on may start.
    pub(super) fn set_limit(&self, chunk: u64) {
        self.cell.set_limit(chunk);
    }

    /// From now on chunks are for this task.
    pub(super) fn set_task(&mut self, path: &str, captures: &[u8], stops_on_err: bool) {
        ToWorker::Task { path: path.as_bytes(), captures, stops_on_err }.write(&mut self.outgoing);
    }

    /// Sends `chunk`, whose bytes `encode` appends; not at all when that fails.
    pub(super) fn run<E>(&mut self, chunk: u64, encode: impl FnOnce(&mut Vec<u8>) -> Result<(), E>) -> Result<(), E> {
        ToWorker::write_run(&mut self.outgoing, chunk, 1, encode)?;
        self.frames += 1;
        self.sent.push_back(Sent { chunk, frame: self.frames });
        Ok(())
    }

    /// How many chunks were sent and not answered.
    pub(super) fn unanswered(&self) -> usize {
        self.sent.len()
    }

    /// How many bytes are waiting to be sent.
    pub(super) fn unsent_bytes(&self) -> usize {
        self.outgoing.len()
    }

    /// Whether any chunk below `limit` is unanswered.
    pub(super) fn owes_below(&self, limit: u64) -> bool {
        self.sent.iter().any(|sent| sent.chunk < limit)
    }

    /// The answer to `chunk` has come: whether it was this one's turn.
    pub(super) fn answered(&mut self, chunk: u64) -> bool {
        let due = self.sent.front().is_some_and(|sent| sent.chunk == chunk);
        if due {
            self.sent.pop_front();
        }
        due
    }

    /// Sends what the channel takes now.
    pub(super) fn send(&mut self) {
        let mut from = 0;
        while from < self.outgoing.len() {
            match send(&self.channel, &self.outgoing[from..], SendFlags::NOSIGNAL) {
                Ok(sent) => from += sent,
                Err(Errno::INTR) => {}
                // The channel is full, or the worker is gone, of which its death will tell.
                Err(_) => break,
            }
        }
        self.outgoing.drain(..from);
    }

    /// Reads once into the inbox; returns whether there may be more.
    pub(super) fn receive(&mut self) -> bool {
        match self.inbox.read(&self.channel) {
            Ok(received) if received > 0 => true,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => false,
            _ => {
                self.closed = true;
                false
            }
        }
    }

    /// Whether nothing more will come from it.
    pub(super) fn is_closed(&self) -> bool {
        self.closed
    }

    /// Appends what there is to wait for; [`events`](Self::events) reads it back in the same order.
    pub(super) fn watch<'a>(&'a self, watched: &mut Vec<PollFd<'a>>) {
        let sending = if self.outgoing.is_empty() { PollFlags::empty() } else { PollFlags::OUT };
        watched.push(PollFd::new(&self.death, PollFlags::IN));
        watched.push(PollFd::new(&self.channel, PollFlags::IN | sending));
        for lines in &self.prints {
            if let Some(descriptor) = lines.descriptor() {
                watched.push(PollFd::from_borrowed_fd(descriptor, PollFlags::IN));
            }
        }
    }

    /// What has happened, from the entries that [`watch`](Self::watch) appended.
    pub(super) fn events<'a>(&self, watched: &mut impl Iterator<Item = &'a PollFd<'a>>) -> Events {
        let mut happened = || watched.next().is_some_and(|entry| !entry.revents().is_empty());
        let (death, channel) = (happened(), happened());
        let prints = std::array::from_fn(|stream| self.prints[stream].descriptor().is_some() && happened());
        Events { channel, prints, death }
    }

    /// Whether it owes no answer.
    pub(super) fn is_idle(&self) -> bool {
        self.sent.is_empty() && self.outgoing.is_empty()
    }

    /// Whether it is alive and silent, as a worker without work is.
    pub(super) fn is_idle_and_alive(&self) -> bool {
        let mut watched = [PollFd::new(&self.death, PollFlags::IN), PollFd::new(&self.channel, PollFlags::IN)];
        let now = Timespec { tv_sec: 0, tv_nsec: 0 };
        !self.closed && self.is_idle() && matches!(poll(&mut watched, Some(&now)), Ok(0))
    }

    /// Whether it has ended, after a moment's patience: a process closes its channel before it is gone.
    pub(super) fn has_ended(&self) -> bool {
        self.wait_for_death(GOODBYE)
    }

    fn wait_for_death(&self, patience: Duration) -> bool {
        let patience = Timespec { tv_sec: 0, tv_nsec: patience.as_nanos() as _ };
        let watched = &mut [PollFd::new(&self.death, PollFlags::IN)];
        rustix::io::retry_on_intr(|| poll(watched, Some(&patience))).is_ok_and(|ended| ended > 0)
    }

    /// Kills it, where it is alive, with all that it started in its group; says how it had ended and what was left.
    ///
    /// Frames that it had sent must have been used before.
    pub(super) fn end(mut self) -> (End, Remains) {
        let end = match self.kill_and_wait() {
            Ok(status) => match (status.signal(), status.code()) {
                (Some(signal), _) => End::Signal(signal),
                (None, code) => End::Exit(code.unwrap_or_default()),
            },
            // Somebody else in this program waits for all children, and was told instead.
            Err(_) => {
                End::Protocol("its end was not seen, since something else in this program waits for its children")
            }
        };
        let Progress { started, done } = self.cell.progress();
        let mut remains = Remains::default();
        for sent in self.sent.drain(..) {
            match sent.frame {
                frame if frame > started => remains.waiting.push(sent.chunk),
                frame if frame > done => remains.running = Some(sent.chunk),
                _ => remains.done.push(sent.chunk),
            }
        }
        (end, remains)
    }

    fn kill_and_wait(&mut self) -> io::Result<ExitStatus> {
        // Its number stays taken until it is waited for, so this group is its own, dead or alive.
        let _ = kill_process_group(Pid::from_child(&self.child), Signal::KILL);
        let _ = self.child.kill();
        self.child.wait()
    }

    /// Tells it to exit, without waiting.
    pub(super) fn say_goodbye(&mut self) {
        ToWorker::Bye.write(&mut self.outgoing);
        self.send();
    }

    /// Waits a little for the exit, then sees to it.
    pub(super) fn finish(mut self) {
        self.wait_for_death(GOODBYE);
        for lines in &mut self.prints {
            lines.pass_on_rest();
        }
        let _ = self.kill_and_wait();
    }
}
