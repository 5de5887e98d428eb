//! `Worker`: one worker process as its parent sees it: started, spoken to, and ended.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, retry_on_intr};
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, send, sendmsg};
use rustix::process::Signal;

use super::lines::{Lines, Stream};
use super::memory;
use super::process::Process;
use super::stderr_tail::StderrTail;
use crate::backend::processes::clock;
use crate::backend::processes::status_page::Cell;
use crate::backend::processes::worker::Entrance;
use crate::error::End;
use crate::remote::wire::{Build, Inbox, Rules, ToWorker};

/// A worker that was told to exit gets this long before it is killed: its own exit handlers may run.
const GOODBYE: Duration = Duration::from_millis(100);

/// A chunk that was sent and not answered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sent {
    pub(super) chunk: u64,
    pub(super) attempt: u32,
    /// The number of its `Run` frame.
    frame: u64,
}

/// A worker process.
#[derive(Debug)]
pub(super) struct Worker {
    /// Its number among the workers of a fold.
    pub(super) number: usize,
    /// Where it was to leave the ordinary course of the program.
    pub(super) entrance: Entrance,
    process: Process,
    channel: UnixStream,
    /// Whether nothing more will come through the channel.
    closed: bool,
    outgoing: Vec<u8>,
    pub(super) inbox: Inbox,
    prints: [Lines; 2],
    cell: Cell,
    /// Whether it has said hello.
    pub(super) greeted: bool,
    sent: VecDeque<Sent>,
    frames: u64,
    /// How many bytes went to it and came from it, since that was last asked.
    moved: u64,
    /// When it was last seen to do anything.
    active: Instant,
    /// The largest resident memory that was seen, in bytes.
    memory: Option<u64>,
    condemned: Option<Condemned>,
}

/// A worker whose time is up.
#[derive(Clone, Copy, Debug)]
struct Condemned {
    /// The frame of the chunk that took too long.
    frame: u64,
    /// When it is killed.
    until: Instant,
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
    pub(super) running: Option<Sent>,
    /// Those that were done and whose outputs did not come.
    pub(super) done: Vec<Sent>,
    /// Those that were not started.
    pub(super) waiting: Vec<Sent>,
    /// When the one that was running had been started, on the machine's clock.
    since: u64,
    /// Whether it was stopped because that one took too long.
    pub(super) out_of_time: bool,
}

impl Remains {
    /// How long the chunk had been running.
    pub(super) fn ran_for(&self, now: u64) -> Option<Duration> {
        self.running.map(|_| Duration::from_nanos(now.saturating_sub(self.since)))
    }
}

impl Worker {
    /// Starts this executable again as a worker. It greets later, by itself.
    pub(super) fn start(
        number: usize,
        entrance: Entrance,
        build: Build,
        memory_limit: Option<u64>,
    ) -> io::Result<Self> {
        let (channel, theirs) = UnixStream::pair()?;
        channel.set_nonblocking(true)?;
        let (cell, descriptor) = Cell::create()?;
        let (process, out, err) = Process::start(entrance, theirs)?;
        let mut worker = Self {
            number,
            entrance,
            prints: [Lines::new(out.into(), Stream::Out)?, Lines::new(err.into(), Stream::Err)?],
            process,
            channel,
            closed: false,
            outgoing: Vec::new(),
            inbox: Inbox::default(),
            cell,
            greeted: false,
            sent: VecDeque::new(),
            frames: 0,
            moved: 0,
            active: Instant::now(),
            memory: None,
            condemned: None,
        };
        worker.say_hello(build, memory_limit, &descriptor)?;
        Ok(worker)
    }

    fn say_hello(&mut self, build: Build, memory_limit: Option<u64>, cell: &OwnedFd) -> io::Result<()> {
        let mut hello = Vec::new();
        ToWorker::Hello { build, memory_limit: memory_limit.unwrap_or(0) }.write(&mut hello);
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut ancillary = SendAncillaryBuffer::new(&mut space);
        let descriptors = [cell.as_fd()];
        ancillary.push(SendAncillaryMessage::ScmRights(&descriptors));
        // A few bytes into an empty socket: they fit.
        match sendmsg(&self.channel, &[IoSlice::new(&hello)], &mut ancillary, SendFlags::NOSIGNAL) {
            Ok(sent) if sent == hello.len() => Ok(()),
            Ok(_) => Err(io::ErrorKind::WriteZero.into()),
            // The worker is gone, of which its death will tell.
            Err(Errno::PIPE | Errno::CONNRESET) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    pub(super) fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// Nothing from `chunk` on may start; nothing at all where it is to be stopped.
    pub(super) fn set_limit(&self, chunk: u64) {
        self.cell.set_limit(if self.is_condemned() { 0 } else { chunk });
    }

    /// From now on chunks are for this task.
    pub(super) fn set_task(&mut self, address: &[u8], captures: &[u8], rules: Rules) {
        ToWorker::Task { path: address, captures, rules }.write(&mut self.outgoing);
    }

    /// Sends `chunk`, whose bytes `encode` appends; not at all when that fails.
    pub(super) fn run<E>(
        &mut self,
        chunk: u64,
        attempt: u32,
        encode: impl FnOnce(&mut Vec<u8>) -> Result<(), E>,
    ) -> Result<(), E> {
        ToWorker::write_run(&mut self.outgoing, chunk, attempt, encode)?;
        self.frames += 1;
        if self.sent.is_empty() {
            self.active = Instant::now();
        }
        self.sent.push_back(Sent { chunk, attempt, frame: self.frames });
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

    /// How many chunks it was sent in its life.
    pub(super) fn ran(&self) -> usize {
        usize::try_from(self.frames).unwrap_or(usize::MAX)
    }

    /// The answer to `chunk` has come: which attempt it was; `None` where it was not this one's turn.
    pub(super) fn answered(&mut self, chunk: u64) -> Option<u32> {
        self.sent.pop_front_if(|sent| sent.chunk == chunk).map(|sent| sent.attempt)
    }

    /// Sends what the channel takes now.
    pub(super) fn send(&mut self) {
        let mut from = 0;
        while from < self.outgoing.len() {
            match send(&self.channel, &self.outgoing[from..], SendFlags::NOSIGNAL) {
                Ok(sent) => {
                    from += sent;
                    self.moved += sent as u64;
                    self.active = Instant::now();
                }
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
            Ok(received) if received > 0 => {
                self.moved += received as u64;
                self.active = Instant::now();
                true
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => false,
            _ => {
                self.closed = true;
                false
            }
        }
    }

    /// How many bytes went to it and came from it, since this was last asked.
    pub(super) fn take_moved(&mut self) -> u64 {
        std::mem::take(&mut self.moved)
    }

    /// Whether nothing more will come from it.
    pub(super) fn is_closed(&self) -> bool {
        self.closed
    }

    /// Appends what there is to wait for; [`events`](Self::events) reads it back in the same order.
    pub(super) fn watch<'a>(&'a self, watched: &mut Vec<PollFd<'a>>) {
        let sending = if self.outgoing.is_empty() { PollFlags::empty() } else { PollFlags::OUT };
        watched.push(PollFd::from_borrowed_fd(self.process.death(), PollFlags::IN));
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
        let mut watched =
            [PollFd::from_borrowed_fd(self.process.death(), PollFlags::IN), PollFd::new(&self.channel, PollFlags::IN)];
        let now = Timespec { tv_sec: 0, tv_nsec: 0 };
        !self.closed && self.is_idle() && retry_on_intr(|| poll(&mut watched, Some(&now))) == Ok(0)
    }

    /// Whether it has ended, after a moment's patience: a process closes its channel before it is gone.
    pub(super) fn has_ended(&self) -> bool {
        self.process.wait_for_death(GOODBYE)
    }

    /// Kills it, where it is alive, with all that it started in its group; says how it had ended and what was left.
    ///
    /// Frames that it had sent must have been used before.
    pub(super) fn end(mut self) -> (End, Remains) {
        let end = match self.process.end() {
            Ok(status) => match (status.signal(), status.code()) {
                (Some(signal), _) => End::Signal(signal),
                (None, code) => End::Exit(code.unwrap_or_default()),
            },
            // Somebody else in this program waits for all children, and was told instead.
            Err(_) => End::Protocol("its exit status is unknown, since something else in this program waited for it"),
        };
        let progress = self.cell.progress();
        let mut remains = Remains { since: progress.since, ..Remains::default() };
        for sent in self.sent.drain(..) {
            match sent.frame {
                frame if frame > progress.started => remains.waiting.push(sent),
                frame if frame > progress.done => {
                    remains.out_of_time = self.condemned.is_some_and(|condemned| condemned.frame == frame);
                    remains.running = Some(sent);
                }
                _ => remains.done.push(sent),
            }
        }
        (end, remains)
    }

    /// Whether it should be doing something and has not been seen to for longer than `patience`: it neither greets, nor
    /// runs a chunk, nor takes or sends a byte. A task that takes its time runs, and is none of these.
    pub(super) fn has_stalled(&mut self, patience: Duration, now: Instant) -> bool {
        let owes = !self.greeted || !self.sent.is_empty();
        if !owes || self.cell.progress().running().is_some() {
            self.active = now;
        }
        now.duration_since(self.active) > patience
    }

    /// Whether it is to be stopped.
    pub(super) fn is_condemned(&self) -> bool {
        self.condemned.is_some()
    }

    /// Stops it where its chunk has run for longer than `timeout`; returns when to look again.
    pub(super) fn keep_deadline(&mut self, timeout: Duration, notice: Duration, now: Instant) -> Option<Duration> {
        if let Some(condemned) = self.condemned {
            let left = condemned.until.saturating_duration_since(now);
            if left.is_zero() {
                self.process.signal_group(Signal::KILL);
            }
            // Its death wakes whoever waits.
            return (!left.is_zero()).then_some(left);
        }
        if self.sent.is_empty() {
            return None;
        }
        let Some((frame, since)) = self.cell.progress().running() else { return Some(timeout) };
        let ran_for = Duration::from_nanos(clock::now().saturating_sub(since));
        if ran_for < timeout {
            return Some(timeout - ran_for);
        }
        // From here on it starts nothing. If it has come to its end just now, it is not to blame.
        self.cell.set_limit(0);
        if self.cell.progress().running() != Some((frame, since)) {
            return Some(Duration::ZERO);
        }
        self.condemned = Some(Condemned { frame, until: now + notice });
        self.process.signal_group(Signal::TERM);
        Some(notice)
    }

    /// Looks at how much memory it has, while it has something to do.
    pub(super) fn look_at_memory(&mut self) {
        if !self.sent.is_empty() {
            self.memory = memory::peak(self.pid()).max(self.memory);
        }
    }

    /// The largest resident memory that was seen, in bytes.
    pub(super) fn memory(&self) -> Option<u64> {
        self.memory
    }

    /// Passes on what it printed on the streams that have something.
    pub(super) fn print(&mut self, streams: [bool; 2]) {
        for (lines, _) in self.prints.iter_mut().zip(streams).filter(|(_, has_something)| *has_something) {
            lines.pass_on();
        }
    }

    /// Passes on all that it printed, whole lines or not.
    pub(super) fn print_rest(&mut self) {
        self.print_rest_after(&mut [false; 2]);
    }

    /// The same, on lines of its own where others left one unfinished; says whether it did.
    pub(super) fn print_rest_after(&mut self, unfinished: &mut [bool; 2]) {
        for (lines, unfinished) in self.prints.iter_mut().zip(unfinished) {
            lines.pass_on();
            if *unfinished && lines.is_unfinished() {
                lines.break_line();
            }
            *unfinished |= lines.pass_on_rest();
        }
    }

    /// The last lines that it wrote to its standard error.
    pub(super) fn stderr_tail(&mut self) -> StderrTail {
        let [_, errors] = &mut self.prints;
        errors.stderr_tail()
    }

    /// Tells it to exit, without waiting.
    pub(super) fn say_goodbye(&mut self) {
        ToWorker::Bye.write(&mut self.outgoing);
        self.send();
    }

    /// Waits a little for the exit, then sees to it.
    pub(super) fn finish(mut self) {
        self.process.wait_for_death(GOODBYE);
        self.print_rest();
        let _ = self.process.end();
    }
}
