//! The worker's end of the channel. It reads frames and writes answers, both through buffers.
//!
//! Answers that are held back also lie on the status page, where they outlive this process.

use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;

use rustix::buffer::spare_capacity;
use rustix::io::retry_on_intr;
use rustix::net::{RecvFlags, recv};

use super::c_library;
use crate::backend::fork::Identity;
use crate::backend::processes::descriptors;
use crate::backend::processes::status_page::{Copied, HELD_BYTES, StatusPage};
use crate::backend::streams::empty_stdin;
use crate::remote::wire::Inbox;

/// The capacity that the buffer for answers keeps, in bytes. It is larger than the answers that are sent together.
const KEPT: usize = 256 << 10;

/// What a fork of a worker writes to its standard error before it ends.
const FORKED: &str = "threefold: a task has forked its worker process, and the fork has returned from the task or \
     panicked: only the worker answers, so the fork ends here\n";

pub(super) struct Channel {
    /// The process that serves the parent. A task may fork, and return in both processes.
    process: Identity,
    stream: UnixStream,
    incoming: Inbox,
    /// Answers that are not sent yet.
    pub(super) outgoing: Vec<u8>,
    /// How much of these answers lies on the status page, exactly as it will be sent.
    held: Copied,
    /// How many bytes this process has sent in its life.
    sent: u64,
}

/// What the parent sends before a worker serves.
pub(super) enum First {
    /// The handshake. Its frame is still to be read; the status page came with it.
    Hello { page: OwnedFd },
    /// A request for a copy, with the channel of the copy and the pipes for what it prints.
    Copy { channel: OwnedFd, out: OwnedFd, err: OwnedFd },
    /// The parent has closed the channel.
    End,
}

impl Channel {
    /// Moves the channel away from the standard input, where the parent put it, and leaves that empty.
    pub(super) fn take_over() -> io::Result<Self> {
        let descriptor = rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdin(), 3)?;
        empty_stdin()?;
        Ok(Self::of(descriptor))
    }

    /// The channel whose other end the parent holds.
    pub(super) fn of(descriptor: OwnedFd) -> Self {
        Self {
            process: Identity::this(),
            stream: descriptor.into(),
            incoming: Inbox::default(),
            outgoing: Vec::new(),
            held: Copied::default(),
            sent: 0,
        }
    }

    /// The stream, to wait on.
    pub(super) fn stream(&self) -> &UnixStream {
        &self.stream
    }

    /// A second descriptor of the channel, for the thread that watches it.
    pub(super) fn watch(&self) -> io::Result<UnixStream> {
        self.stream.try_clone()
    }

    /// What the parent sends before this process serves. The number of descriptors tells what it is: one descriptor is
    /// a status page, and three belong to a copy. A receive ends after a message with descriptors, so two messages are
    /// never taken for one.
    pub(super) fn receive_first(&mut self) -> io::Result<First> {
        let mut bytes = [0; 1024];
        let (length, descriptors) = descriptors::receive(&self.stream, &mut bytes, RecvFlags::empty())?;
        match descriptors {
            [Some(channel), Some(out), Some(err)] => Ok(First::Copy { channel, out, err }),
            [Some(page), ..] => {
                self.incoming.extend(&bytes[..length]);
                Ok(First::Hello { page })
            }
            [None, ..] if length == 0 => Ok(First::End),
            [None, ..] => Err(io::Error::new(io::ErrorKind::InvalidData, "the parent sent no status page")),
        }
    }

    /// Whether the next frame has been received completely.
    pub(super) fn has_frame(&self) -> bool {
        self.incoming.has_frame()
    }

    /// Whether the next frame has arrived completely, which may take a system call to find out.
    pub(super) fn finds_frame(&mut self) -> io::Result<bool> {
        if !self.incoming.has_frame() {
            let Self { stream, incoming, .. } = self;
            let read = |bytes: &mut Vec<u8>| {
                let (length, _) = retry_on_intr(|| recv(&*stream, spare_capacity(bytes), RecvFlags::DONTWAIT))?;
                Ok(length)
            };
            match incoming.receive(read) {
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
        Ok(self.incoming.has_frame())
    }

    /// Waits until a frame has arrived. Returns `false` when the parent has closed its end.
    pub(super) fn wait(&mut self) -> io::Result<bool> {
        while !self.incoming.has_frame() {
            // A large frame does not stay in memory, where it would count against the limit of the next chunks.
            self.incoming.shrink();
            let read = |bytes: &mut Vec<u8>| retry_on_intr(|| rustix::io::read(&self.stream, spare_capacity(bytes)));
            if self.incoming.receive(|bytes| Ok(read(bytes)?))? == 0 {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The frame that has arrived, and the buffer for the answers to it.
    pub(super) fn next<'a>(&'a mut self, page: &'a StatusPage) -> io::Result<(&'a [u8], Answers<'a>)> {
        let Self { process, stream, incoming, outgoing, held, sent } = self;
        let has_more = incoming.has_more();
        match incoming.next() {
            Ok(frame) => {
                let answers = Answers { process: *process, stream, outgoing, held, sent, page, has_more };
                Ok((frame.unwrap_or_default(), answers))
            }
            Err(what) => Err(io::Error::new(io::ErrorKind::InvalidData, what)),
        }
    }

    /// Sends all answers that are held back.
    pub(super) fn send(&mut self, page: &StatusPage) -> io::Result<()> {
        let Self { process, stream, outgoing, held, sent, .. } = self;
        Answers { process: *process, stream, outgoing, held, sent, page, has_more: false }.send_all()
    }
}

/// Answers that are not sent yet, and where they are sent.
pub(super) struct Answers<'a> {
    /// The process that may send them.
    process: Identity,
    stream: &'a UnixStream,
    pub(super) outgoing: &'a mut Vec<u8>,
    pub(super) held: &'a mut Copied,
    sent: &'a mut u64,
    pub(super) page: &'a StatusPage,
    /// Whether another message was received with this one.
    has_more: bool,
}

impl Answers<'_> {
    /// Sends them.
    pub(super) fn send_all(&mut self) -> io::Result<()> {
        self.leave_in_fork();
        if self.outgoing.is_empty() {
            return Ok(());
        }
        flush_prints();
        self.stream.write_all(self.outgoing)?;
        *self.sent += self.outgoing.len() as u64;
        self.page.sent(*self.sent);
        *self.held = Copied::default();
        self.outgoing.clear();
        // A large answer does not stay in memory, where it would count against the limit of the next chunks.
        self.outgoing.shrink_to(KEPT);
        Ok(())
    }

    /// Ends this process if it is a fork of the worker. The worker answers by itself: an answer of the fork would be
    /// taken for another chunk's.
    pub(super) fn leave_in_fork(&self) {
        if !self.process.is_this() {
            // Without the locks of the standard library: another thread of the worker may have held them.
            let _ = rustix::io::write(rustix::stdio::stderr(), FORKED.as_bytes());
            c_library::exit_at_once(1);
        }
    }

    /// Whether something more has come from the parent.
    pub(super) fn has_received_more(&self) -> bool {
        let flags = RecvFlags::PEEK | RecvFlags::DONTWAIT;
        self.has_more || recv(self.stream, &mut [0u8][..], flags).is_ok()
    }

    /// Copies the new part of the answers to the status page. Returns whether they fit there; if not, they are sent
    /// soon.
    pub(super) fn hold_on_page(&mut self) -> bool {
        let fits = self.outgoing.len() <= HELD_BYTES;
        if fits {
            self.page.hold(self.outgoing, self.held);
        }
        fits
    }
}

/// What chunks printed must be in the pipe before their outputs are sent: the parent relies on it. Standard error has
/// no buffer.
fn flush_prints() {
    let _ = io::stdout().flush();
}
