//! How a worker is made: as a start of this executable, or as a copy of a worker that has only come as far as its entrance.
//!
//! Either way it makes copies of itself when asked, until it is greeted. From then on it serves.
//!
//! Everything by which a worker is reached is made here, by its parent: the channel, the pipes for what it prints, and the
//! status page. One that is started gets them as the standard library hands them on; a copy gets them with the request. The
//! page comes with the greeting in both cases.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;

use rustix::io::Errno;
use rustix::pipe::{PipeFlags, pipe_with};

use super::Worker;
use crate::backend::processes::body::Body;
use crate::backend::processes::lines::{Lines, Stream};
use crate::backend::processes::process::Process;
use crate::backend::processes::status_page::StatusPage;
use crate::backend::processes::worker::Entrance;
use crate::backend::processes::{clock, descriptors};
use crate::remote::wire::{Build, Inbox, Outbox, ToWorker};

/// The bytes of a request for a copy. The descriptors that are sent with it tell what it is.
const COPY: &[u8] = b"c";

/// A copy that an original which has arrived does not make in this time, in nanoseconds, is given up. It takes a tenth of a
/// millisecond, and on a busy machine some tens.
const PATIENCE: u64 = 2_000_000_000;

impl Worker {
    /// Starts this executable again as a worker. It is not greeted yet.
    pub(in crate::backend::processes) fn start(number: usize, entrance: Entrance) -> io::Result<Self> {
        let (channel, theirs) = UnixStream::pair()?;
        let (process, out, err) = Process::start(entrance, theirs)?;
        Self::of(number, entrance, Body::Born(process), channel, [out.into(), err.into()])
    }

    /// Asks this worker, which is not greeted, for a copy of itself. The copy can be written to at once, and be greeted: what
    /// is sent waits for it.
    ///
    /// # Errors
    ///
    /// When this worker is dead, or takes no more requests, or there are no descriptors left. Nothing was asked for then.
    pub(in crate::backend::processes) fn copy(&self, number: usize) -> io::Result<Self> {
        let process = self.body.process().ok_or(io::ErrorKind::NotConnected)?;
        let (channel, theirs) = UnixStream::pair()?;
        let (out, their_out) = pipe_with(PipeFlags::CLOEXEC)?;
        let (err, their_err) = pipe_with(PipeFlags::CLOEXEC)?;
        let body = Body::Unborn(process.origin());
        let copy = Self::of(number, self.entrance, body, channel, [out, err])?;
        // The channel of a worker that has not arrived takes some hundred requests. More are an error.
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
        let (page, greeting) = StatusPage::create()?;
        Ok(Self {
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
            greeting: Some(greeting),
            asked: clock::now(),
            task: None,
            sent: 0,
            bytes_moved: 0,
            received: 0,
            moved: true,
            memory: None,
            condemned: None,
        })
    }

    /// Greets it. It says hello later, by itself, and makes no more copies. A second greeting does nothing.
    pub(in crate::backend::processes) fn greet(&mut self, build: Build, memory_limit: Option<u64>) -> io::Result<()> {
        let Some(page) = self.greeting.take() else { return Ok(()) };
        let mut hello = Vec::new();
        ToWorker::Hello { build, memory_limit: memory_limit.unwrap_or(0) }.write(&mut hello);
        match descriptors::send(&self.channel, &hello, &[page.as_fd()]) {
            // It is dead already. That is an event like any death, and another may live.
            Ok(()) | Err(Errno::PIPE | Errno::CONNRESET) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether it makes no more copies.
    pub(in crate::backend::processes) fn is_greeted(&self) -> bool {
        self.greeting.is_none()
    }

    /// It is ready: it has come as far as its entrance long ago.
    pub(in crate::backend::processes) fn note_arrival(&self) {
        if let Some(process) = self.body.process() {
            process.origin().note_arrival();
        }
    }

    /// Whether it should be there by now, and is not.
    pub(in crate::backend::processes) fn is_overdue(&self) -> bool {
        match &self.body {
            Body::Unborn(origin) => origin.has_arrived() && clock::now() > self.asked + PATIENCE,
            _ => false,
        }
    }

    /// Lets it exit where it was not greeted.
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
        let body = Body::Stillborn { refused: false };
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
