//! The worker's end of the channel: frames in, answers out, both through buffers.
//!
//! Answers that are held back lie on the status page too, where they outlive this process.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;

use rustix::buffer::spare_capacity;
use rustix::io::retry_on_intr;
use rustix::net::RecvFlags;

use crate::backend::processes::descriptors;
use crate::backend::processes::status_page::{Copied, HELD_BYTES, StatusPage};
use crate::remote::wire::{Inbox, OpenDone};

/// The room for answers that is kept, in bytes: more than those hold that are sent together.
const KEPT: usize = 256 << 10;

pub(super) struct Channel {
    stream: UnixStream,
    incoming: Inbox,
    /// Answers that were not sent yet.
    pub(super) outgoing: Vec<u8>,
    /// How much of them lies on the status page, as it will be sent.
    held: Copied,
    /// How many bytes were sent in this process's life.
    sent: u64,
}

/// What comes before a worker serves.
pub(super) enum First {
    /// A greeting, which is still to be read, and the status page.
    Hello { page: OwnedFd },
    /// Make a copy, with this channel, that prints there.
    Copy { channel: OwnedFd, out: OwnedFd, err: OwnedFd },
    /// The parent wants nothing more.
    End,
}

impl Channel {
    /// Moves the channel away from the standard input, where the parent put it, and leaves that empty.
    pub(super) fn take_over() -> io::Result<Self> {
        let descriptor = rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdin(), 3)?;
        rustix::stdio::dup2_stdin(File::open("/dev/null")?)?;
        Ok(Self::of(descriptor))
    }

    /// The channel at the other end of which the parent is.
    pub(super) fn of(descriptor: OwnedFd) -> Self {
        Self {
            stream: descriptor.into(),
            incoming: Inbox::default(),
            outgoing: Vec::new(),
            held: Copied::default(),
            sent: 0,
        }
    }

    /// What there is to wait for.
    pub(super) fn stream(&self) -> &UnixStream {
        &self.stream
    }

    /// The same channel, for someone who watches it.
    pub(super) fn watch(&self) -> io::Result<UnixStream> {
        self.stream.try_clone()
    }

    /// What comes before this process serves. The descriptors tell what it is: one is a status page, and three are what a copy
    /// is reached by. A receive ends behind them, so that two messages are never taken for one.
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

    /// Whether the next frame need not be waited for.
    pub(super) fn has_frame(&self) -> bool {
        self.incoming.has_frame()
    }

    /// Waits until a frame lies ready; `false` when the parent has closed its end.
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

    /// The frame that lies ready, and where the answers to it go.
    pub(super) fn next<'a>(&'a mut self, page: &'a StatusPage) -> io::Result<(&'a [u8], Answers<'a>)> {
        let Self { stream, incoming, outgoing, held, sent } = self;
        match incoming.next() {
            Ok(frame) => Ok((frame.unwrap_or_default(), Answers { stream, outgoing, held, sent, page })),
            Err(what) => Err(io::Error::new(io::ErrorKind::InvalidData, what)),
        }
    }

    /// Sends all answers that are held back.
    pub(super) fn send(&mut self, page: &StatusPage) -> io::Result<()> {
        let Self { stream, outgoing, held, sent, .. } = self;
        Answers { stream, outgoing, held, sent, page }.send()
    }
}

/// Answers that were not sent yet, and where they go.
pub(super) struct Answers<'a> {
    stream: &'a UnixStream,
    pub(super) outgoing: &'a mut Vec<u8>,
    held: &'a mut Copied,
    sent: &'a mut u64,
    page: &'a StatusPage,
}

impl Answers<'_> {
    /// Sends them.
    pub(super) fn send(&mut self) -> io::Result<()> {
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

    /// Closes the frame of outputs, where there is one: the last of its chunks ended at that time.
    pub(super) fn close(&mut self, open: &mut Option<OpenDone>, ended: u64) {
        if let Some(open) = open.take() {
            self.held.cut(self.outgoing, open.start());
            open.close(self.outgoing, ended);
        }
    }

    /// Puts what is new of them on the status page; whether they have room there. What has none is sent soon.
    pub(super) fn hold(&mut self) -> bool {
        let fits = self.outgoing.len() <= HELD_BYTES;
        if fits {
            self.page.hold(self.outgoing, self.held);
        }
        fits
    }
}

/// What chunks printed is in the pipe before their outputs are: the parent counts on that. Standard error has no buffer.
fn flush_prints() {
    let _ = io::stdout().flush();
}
