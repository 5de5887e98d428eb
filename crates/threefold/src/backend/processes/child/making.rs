//! How a worker is made. The parent starts this executable, or it asks a worker at its entrance for a copy, made with
//! `clone3`.
//!
//! A worker made in either way makes copies of itself on request until the handshake. From then on it serves.
//!
//! The parent makes everything by which it reaches a worker: the channel, the pipes for what the worker prints, and the
//! status page. A worker started from the executable gets the channel and the pipes from the standard library. A copy
//! gets them with the request. Both get the status page with the handshake.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;

use rustix::io::Errno;
use rustix::pipe::{PipeFlags, pipe_with};

use super::Worker;
use crate::backend::fork::Identity;
use crate::backend::processes::arrays::Arrays;
use crate::backend::processes::body::Body;
use crate::backend::processes::descriptors;
use crate::backend::processes::kept_tasks::KeptTasks;
use crate::backend::processes::lines::Lines;
use crate::backend::processes::process::Process;
use crate::backend::processes::status_page::StatusPage;
use crate::backend::processes::worker::Entrance;
use crate::backend::streams::Stream;
use crate::model::Model;
use crate::remote::clock;
use crate::remote::wire::{Build, Inbox, Outbox, ToWorker};

/// The bytes of a request for a copy. The worker recognizes the request by the number of descriptors that come with it.
const COPY: &[u8] = b"c";

/// If an original has reached its entrance and does not make a copy within this time, in nanoseconds, the copy is given
/// up. A copy takes a tenth of a millisecond, and some tens of milliseconds on a busy machine.
const PATIENCE: u64 = 2_000_000_000;

impl Worker {
    /// Starts this executable again as a worker. The handshake is sent later.
    pub(in crate::backend::processes) fn start(number: usize, entrance: Entrance, share: usize) -> io::Result<Self> {
        let (channel, theirs) = UnixStream::pair()?;
        let (process, out, err) = Process::start(entrance, theirs, share)?;
        Self::of(number, entrance, Body::Started(process), channel, [out.into(), err.into()])
    }

    /// Asks this worker, which has had no handshake yet, for a copy of itself. The parent may send the handshake and
    /// other messages to the copy at once: they wait in its channel.
    ///
    /// # Errors
    ///
    /// When this worker is dead, takes no more requests, or no descriptors are left. In these cases no request was
    /// sent.
    pub(in crate::backend::processes) fn copy(&self, number: usize) -> io::Result<Self> {
        let process = self.body.process().ok_or(io::ErrorKind::NotConnected)?;
        let (channel, theirs) = UnixStream::pair()?;
        let (out, their_out) = pipe_with(PipeFlags::CLOEXEC)?;
        let (err, their_err) = pipe_with(PipeFlags::CLOEXEC)?;
        let body = Body::Starting(process.origin());
        let copy = Self::of(number, self.entrance, body, channel, [out, err])?;
        // Until the worker reaches its entrance, its channel holds some hundred requests. One more is refused with an
        // error.
        descriptors::send(&self.channel, COPY, &[theirs.as_fd(), their_out.as_fd(), their_err.as_fd()])?;
        Ok(copy)
    }

    fn of(
        number: usize,
        entrance: Entrance,
        body: Body,
        channel: UnixStream,
        [out, err]: [OwnedFd; 2],
    ) -> io::Result<Self> {
        let (page, page_for_handshake) = StatusPage::create()?;
        Ok(Self {
            parent: Identity::this(),
            number,
            mark: None,
            entrance,
            prints: [Lines::new(out, Stream::Out)?, Lines::new(err, Stream::Err)?],
            body,
            channel,
            closed: false,
            outbox: Outbox::default(),
            inbox: Inbox::default(),
            page,
            page_for_handshake: Some(page_for_handshake),
            asked: clock::now(),
            tasks: KeptTasks::none(),
            arrays: Arrays::default(),
            sent: 0,
            bytes_moved: 0,
            received: 0,
            moved: true,
            memory: None,
            timed_out: None,
            recalled_from: u64::MAX,
        })
    }

    /// Sends the handshake, after which the worker makes no more copies. The worker answers later. A second call does
    /// nothing.
    pub(in crate::backend::processes) fn send_handshake(
        &mut self,
        build: Build,
        memory_limit: Option<u64>,
        model: Model,
    ) -> io::Result<()> {
        let Some(page) = self.page_for_handshake.take() else { return Ok(()) };
        if memory_limit.is_some() {
            self.tasks.keep_the_last_alone();
        }
        let mut hello = Vec::new();
        ToWorker::Hello { build, memory_limit: memory_limit.unwrap_or(0), model }.write(&mut hello);
        match descriptors::send(&self.channel, &hello, &[page.as_fd()]) {
            // The worker is dead already. That is reported like any death, and another worker may be started.
            Ok(()) | Err(Errno::PIPE | Errno::CONNRESET) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether the handshake was sent, so that it makes no more copies.
    pub(in crate::backend::processes) fn has_handshake(&self) -> bool {
        self.page_for_handshake.is_none()
    }

    /// The worker is ready, so it has reached its entrance before.
    pub(in crate::backend::processes) fn note_arrival(&self) {
        if let Some(process) = self.body.process() {
            process.origin().note_arrival();
        }
    }

    /// Whether it should be started by now, and is not.
    pub(in crate::backend::processes) fn is_overdue(&self) -> bool {
        match &self.body {
            Body::Starting(origin) => origin.has_arrived() && clock::now() > self.asked + PATIENCE,
            _ => false,
        }
    }

    /// Closes the channel for writing, so that a worker without a handshake exits.
    pub(in crate::backend::processes) fn hang_up(&self) {
        let _ = self.channel.shutdown(std::net::Shutdown::Write);
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use super::*;
    use crate::remote::dispatch::Activity;

    /// A parent that restores a large output, or reduces, for as long as it takes does not read or write meanwhile.
    #[test]
    fn a_worker_that_waits_for_its_parent_does_not_rest() {
        let (channel, mut theirs) = UnixStream::pair().unwrap();
        let pipe = || pipe_with(PipeFlags::CLOEXEC).unwrap().0;
        let body = Body::NeverStarted { refused: false };
        let mut worker = Worker::of(0, Entrance::of_workers(), body, channel, [pipe(), pipe()]).unwrap();
        assert_eq!([(); 2].map(|()| worker.activity()), [Activity::Moves, Activity::Rests]);
        theirs.write_all(b"answer").unwrap();
        assert_eq!(worker.activity(), Activity::Moves, "its answer is not read yet");
        worker.channel.read_exact(&mut [0; 6]).unwrap();
        assert_eq!(worker.activity(), Activity::Rests);
        worker.outbox.end().extend(b"chunk");
        assert_eq!(worker.activity(), Activity::Moves, "it is not sent yet, and there is room");
        assert!(worker.send());
        assert_eq!([(); 2].map(|()| worker.activity()), [Activity::Moves, Activity::Rests]);
        worker.outbox.end().extend(vec![0; 16 << 20]);
        assert!(!worker.send());
        assert_eq!([(); 2].map(|()| worker.activity()), [Activity::Moves, Activity::Rests], "it does not read");
    }
}
