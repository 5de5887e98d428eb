//! The worker's end of the channel: frames in, answers out, both through buffers.

use std::fs::File;
use std::io::{self, IoSliceMut, Write};
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;

use rustix::io::retry_on_intr;
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};

use crate::remote::wire::Inbox;

/// The room for answers that is kept, in bytes: more than those hold that are sent together.
const KEPT: usize = 256 << 10;

pub(super) struct Channel {
    stream: UnixStream,
    incoming: Inbox,
    /// Answers that were not sent yet.
    pub(super) outgoing: Vec<u8>,
}

impl Channel {
    /// Moves the channel away from the standard input, where the parent put it, and leaves that empty.
    pub(super) fn take_over() -> io::Result<Self> {
        let descriptor = rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdin(), 3)?;
        rustix::stdio::dup2_stdin(File::open("/dev/null")?)?;
        Ok(Self { stream: descriptor.into(), incoming: Inbox::default(), outgoing: Vec::new() })
    }

    /// The same channel, for someone who watches it.
    pub(super) fn watch(&self) -> io::Result<UnixStream> {
        self.stream.try_clone()
    }

    /// The first receive: the parent's cell travels with the first byte.
    pub(super) fn receive_cell(&mut self) -> io::Result<OwnedFd> {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut ancillary = RecvAncillaryBuffer::new(&mut space);
        let mut bytes = [0; 1024];
        let mut buffers = [IoSliceMut::new(&mut bytes)];
        let received = retry_on_intr(|| recvmsg(&self.stream, &mut buffers, &mut ancillary, RecvFlags::CMSG_CLOEXEC))?;
        self.incoming.extend(&bytes[..received.bytes]);
        let cell = ancillary.drain().find_map(|message| match message {
            RecvAncillaryMessage::ScmRights(mut descriptors) => descriptors.next(),
            _ => None,
        });
        cell.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "the parent sent no status page"))
    }

    /// Whether the next frame need not be waited for.
    pub(super) fn has_frame(&self) -> bool {
        self.incoming.has_frame()
    }

    /// Waits until a frame lies ready, after sending what is held back; `false` when the parent has closed its end.
    pub(super) fn wait(&mut self) -> io::Result<bool> {
        while !self.incoming.has_frame() {
            self.send()?;
            if self.incoming.read(&self.stream)? == 0 {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The frame that lies ready, and where the answer to it goes.
    pub(super) fn next(&mut self) -> io::Result<(&[u8], &mut Vec<u8>)> {
        match self.incoming.next() {
            Ok(frame) => Ok((frame.unwrap_or_default(), &mut self.outgoing)),
            Err(what) => Err(io::Error::new(io::ErrorKind::InvalidData, what)),
        }
    }

    pub(super) fn send(&mut self) -> io::Result<()> {
        (&self.stream).write_all(&self.outgoing)?;
        self.outgoing.clear();
        // A large answer does not stay in memory, where it would count against the limit of the next chunks.
        self.outgoing.shrink_to(KEPT);
        Ok(())
    }
}
