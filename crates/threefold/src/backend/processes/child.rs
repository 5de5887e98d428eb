//! `Worker`: one worker process as its parent sees it: started, spoken to, and ended.
//!
//! # How a late worker is told to terminate
//!
//! 1. The status page shows that a chunk has run for longer than it may.
//! 2. The limit on the page becomes 0. From here on the worker starts nothing.
//! 3. The page is read once more. If another chunk runs by now, or none, the late chunk has ended: the limit is
//!    restored.
//! 4. Otherwise this chunk is the one to blame, and the group of the worker gets SIGTERM.
//!
//! Without step 2 the chunk might end between the look and the signal, and the next chunk would be ended for it.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;
use std::time::Duration;

use rustix::buffer::spare_capacity;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, retry_on_intr};
use rustix::net::{RecvFlags, SendFlags, recv, send};
use rustix::process::Signal;

use super::arrays::Arrays;
use super::body::Body;
use super::kept_tasks::KeptTasks;
use super::lines::Lines;
use super::mark::Mark;
use super::status_page::StatusPage;
use super::stderr_tail::StderrTail;
use super::{group, memory};
use crate::backend::{fork::Identity, processes::worker::Entrance};
use crate::error::End;
use crate::remote::clock;
use crate::remote::dispatch::{Activity, NOTICE};
use crate::remote::serve::Aside;
use crate::remote::wire::{Inbox, Outbox, ToWorker, rest_of};

mod making;
mod notes;
mod telling;
mod terminal;

pub(super) use notes::LastState;
pub(crate) use notes::Notes;

/// A worker that was told to exit gets this long before it is killed: its own exit handlers may run. The time in which it
/// drops values of the user's does not count.
pub(super) const GOODBYE: Duration = Duration::from_millis(100);

/// A worker process.
#[derive(Debug)]
pub(super) struct Worker {
    /// The process whose worker it is.
    parent: Identity,
    /// Its number among the workers of a fold.
    pub(super) number: usize,
    /// The mark by which it is watched, where it is.
    pub(super) mark: Option<Mark>,
    /// Where it was to leave the ordinary course of the program.
    pub(super) entrance: Entrance,
    body: Body,
    channel: UnixStream,
    /// Whether nothing more will come through the channel.
    closed: bool,
    pub(super) outbox: Outbox,
    pub(super) inbox: Inbox,
    prints: [Lines; 2],
    page: StatusPage,
    /// Its end of the status page, which the handshake will hand over. As long as it is here, the worker has had no
    /// handshake and makes copies of itself.
    page_for_handshake: Option<OwnedFd>,
    /// When the parent asked for this worker, on the machine's clock.
    asked: u64,
    /// The tasks that it keeps.
    pub(super) tasks: KeptTasks,
    /// The memory of this process that it was told of.
    arrays: Arrays,
    /// How many chunks it was sent in its life.
    pub(super) sent: u64,
    /// How many bytes went to it and came from it, since that was last asked.
    bytes_moved: u64,
    /// How many bytes this worker has sent in its life.
    received: u64,
    /// Whether any did since the last look.
    moved: bool,
    /// The largest resident memory that was seen, in bytes.
    memory: Option<u64>,
    timed_out: Option<TimedOut>,
    /// It is asked to give back the chunks from here on.
    recalled_from: u64,
}

/// A worker whose time is up.
#[derive(Clone, Copy, Debug)]
struct TimedOut {
    /// The serial number of the chunk that took too long.
    serial: u64,
    /// How long it may have taken.
    timeout: Duration,
    /// When its group is killed, on the machine's clock.
    until: u64,
}

impl Worker {
    /// Its process id, if it is known already. A worker that is not started yet has none.
    pub(super) fn pid(&self) -> Option<u32> {
        self.body.pid()
    }

    /// Whether it is not started yet.
    pub(super) fn is_starting(&self) -> bool {
        self.body.is_starting()
    }

    /// Checks whether it is started, or known never to start. Takes its first message out of the channel, so that only
    /// frames follow.
    pub(super) fn look_for_birth(&mut self) {
        self.body.look(&self.channel);
    }

    /// Whether it never started: it was not made, or it died before it sent its process id.
    pub(super) fn never_started(&self) -> bool {
        matches!(self.body, Body::NeverStarted { .. })
    }

    /// Whether it was not made because no copy of this program's workers can be made: they have other threads at their
    /// entrance, or a C library whose internals are not known here.
    pub(super) fn is_refused(&self) -> bool {
        matches!(self.body, Body::NeverStarted { refused: true })
    }

    /// Nothing from `chunk` on may start; nothing at all where it is to be stopped.
    pub(super) fn set_limit(&self, chunk: u64) {
        self.page.set_limit(if self.timed_out.is_some() { 0 } else { chunk.min(self.recalled_from) });
    }

    /// It is to give back the chunks from `from` on that it has not started. `limit` is the limit of the fold.
    pub(super) fn recall(&mut self, from: u64, limit: u64) {
        self.recalled_from = from;
        self.set_limit(limit);
    }

    /// The worker moves to that core when it receives the next message.
    pub(super) fn tell_core(&self, core: usize) {
        self.page.tell_core(core);
    }

    /// What there is to wait for: its death, its channel, and what it prints.
    pub(super) fn death(&self) -> Option<BorrowedFd<'_>> {
        self.body.death()
    }

    pub(super) fn channel(&self) -> BorrowedFd<'_> {
        self.channel.as_fd()
    }

    pub(super) fn prints(&self) -> [Option<BorrowedFd<'_>>; 2] {
        self.prints.each_ref().map(Lines::descriptor)
    }

    /// Sends what the channel takes now; whether that is everything.
    pub(super) fn send(&mut self) -> bool {
        while !self.outbox.is_empty() {
            match send(&self.channel, self.outbox.unsent(), SendFlags::NOSIGNAL | SendFlags::DONTWAIT) {
                Ok(sent) => {
                    self.outbox.advance(sent);
                    self.has_moved(sent);
                }
                Err(Errno::INTR) => {}
                // The channel is full, or the worker is gone, of which its death will tell.
                Err(_) => return false,
            }
        }
        true
    }

    /// Reads once into the inbox; returns whether there may be more.
    pub(super) fn receive(&mut self) -> bool {
        if self.is_starting() {
            // The first message of a copy is not a frame.
            return false;
        }
        let Self { inbox, channel, .. } = self;
        let read = |bytes: &mut Vec<u8>| -> io::Result<usize> {
            let (received, _) = retry_on_intr(|| recv(&*channel, spare_capacity(bytes), RecvFlags::DONTWAIT))?;
            Ok(received)
        };
        match inbox.receive(read) {
            Ok(received) if received > 0 => {
                self.received += received as u64;
                self.has_moved(received);
                true
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => false,
            _ => {
                self.closed = true;
                false
            }
        }
    }

    /// Adds to the inbox what the worker had written and not sent. The worker is dead, and everything that it sent has
    /// been received.
    pub(super) fn recover(&mut self) {
        self.inbox.extend(&rest_of(self.page.held(), self.received));
    }

    fn has_moved(&mut self, bytes: usize) {
        self.bytes_moved += bytes as u64;
        self.moved = true;
    }

    /// How many bytes went to it and came from it, since this was last asked.
    pub(super) fn take_moved(&mut self) -> u64 {
        std::mem::take(&mut self.bytes_moved)
    }

    /// Whether nothing more will come from it.
    pub(super) fn is_closed(&self) -> bool {
        self.closed
    }

    /// Whether it is alive and silent, as a worker without work is.
    pub(super) fn is_idle_and_alive(&self) -> bool {
        let Some(death) = self.death() else { return false };
        let mut watched = [PollFd::from_borrowed_fd(death, PollFlags::IN), PollFd::new(&self.channel, PollFlags::IN)];
        let now = Timespec { tv_sec: 0, tv_nsec: 0 };
        !self.closed && retry_on_intr(|| poll(&mut watched, Some(&now))) == Ok(0)
    }

    /// Whether it can take part in another fold, once it has answered everything.
    pub(super) fn is_whole(&self) -> bool {
        !self.closed && self.timed_out.is_none() && self.outbox.is_empty()
    }

    /// Whether it has ended.
    pub(super) fn is_dead(&self) -> bool {
        self.body.wait_for_death(Duration::ZERO)
    }

    /// Whether it has ended, after a moment's patience: a process closes its channel before it is gone.
    pub(super) fn has_ended(&self) -> bool {
        self.body.wait_for_death(GOODBYE)
    }

    /// Kills it, where it is alive, with all that it started in its group; says how it had ended.
    ///
    /// Frames that it had sent must have been used before.
    pub(super) fn end(mut self) -> End {
        match self.body.end(&self.channel) {
            Some(Ok(status)) => match (status.signal(), status.code()) {
                (Some(signal), _) => End::Signal(signal),
                (None, code) => End::Exit(code.unwrap_or_default()),
            },
            None => End::Protocol("it could not be made as a copy of another worker".into()),
            // Somebody else in this program waits for all children, and was told instead.
            Some(Err(_)) => {
                End::Protocol("its exit status is unknown, since something else in this program waited for it".into())
            }
        }
    }

    /// What it has been doing since this was last asked.
    pub(super) fn activity(&mut self) -> Activity {
        let moved = std::mem::take(&mut self.moved);
        match self.page.running() {
            Some(running) => Activity::Runs { since: running.since },
            None if moved || self.page.aside() != Aside::Nothing || self.waits_for_parent() => Activity::Moves,
            None => Activity::Rests,
        }
    }

    /// Whether the worker waits for this process: it has sent something that is not read yet, or it would be sent more.
    /// While this process restores or reduces outputs, it reads and sends nothing, however long that takes.
    fn waits_for_parent(&self) -> bool {
        let wanted = if self.outbox.is_empty() { PollFlags::IN } else { PollFlags::IN | PollFlags::OUT };
        let now = Timespec { tv_sec: 0, tv_nsec: 0 };
        retry_on_intr(|| poll(&mut [PollFd::new(&self.channel, wanted)], Some(&now))).is_ok_and(|ready| ready > 0)
    }

    /// Tells it to terminate, with all that it started, where its chunk has run for longer than `timeout`; whether that
    /// is so. `limit` is where it may go on otherwise.
    pub(super) fn terminate(&mut self, timeout: Duration, limit: u64) -> bool {
        let late = || {
            let running = self.page.running()?;
            let ran_for = Duration::from_nanos(clock::now().saturating_sub(running.since));
            (ran_for >= timeout).then_some(running.serial)
        };
        let Some(serial) = late() else { return false };
        // From here on it starts nothing. If it has come to its end just now, it is not to blame.
        self.page.set_limit(0);
        if late() != Some(serial) {
            self.set_limit(limit);
            return false;
        }
        self.timed_out = Some(TimedOut { serial, timeout, until: clock::now() + NOTICE });
        self.body.signal_group(Signal::TERM);
        true
    }

    /// Kills it and all that it started.
    pub(super) fn kill(&self) {
        self.body.signal_group(Signal::KILL);
    }

    /// Until when it and what it started were promised time to terminate, where they were and any of them is still alive.
    pub(super) fn promised(&self) -> Option<u64> {
        let until = self.timed_out?.until;
        let lives = || !self.is_dead() || self.pid().is_some_and(group::has_others);
        (clock::now() < until && lives()).then_some(until)
    }

    /// Looks at how much memory it has.
    pub(super) fn look_at_memory(&mut self) {
        self.memory = self.pid().and_then(memory::peak).max(self.memory);
    }

    /// The largest resident memory that was seen, in bytes.
    pub(super) fn memory(&self) -> Option<u64> {
        self.memory
    }

    /// Passes on what it printed on that stream.
    pub(super) fn print(&mut self, stream: usize) {
        self.prints[stream].pass_on();
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

    /// Whether it has begun a line and not ended it.
    #[cfg(feature = "mpi")]
    pub(super) fn is_unfinished(&self) -> bool {
        self.prints.iter().any(Lines::is_unfinished)
    }

    /// The last lines that it wrote to its standard error.
    pub(super) fn stderr_tail(&mut self) -> StderrTail {
        let [_, errors] = &mut self.prints;
        errors.stderr_tail()
    }

    /// Lets go of the room that large messages needed.
    pub(super) fn shrink(&mut self) {
        self.outbox.shrink();
        self.inbox.shrink();
    }

    /// Tells it to exit, without waiting.
    pub(super) fn say_goodbye(&mut self) {
        ToWorker::Bye.write(self.outbox.end());
        self.send();
    }

    /// Whether it is dropping values of the user's.
    pub(super) fn is_dropping(&self) -> bool {
        self.page.aside() == Aside::Drops
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // The process id must be known before the process can be terminated. A fork of the parent terminates nothing.
        if self.parent.is_this() {
            self.body.settle(&self.channel);
        }
    }
}
