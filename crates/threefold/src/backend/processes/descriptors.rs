//! File descriptors that one process sends to another with a message.
//!
//! The kernel keeps the descriptors with the first byte of the message. If nobody receives that byte, the kernel closes
//! them.

use std::io::{IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;

use rustix::io::{Errno, retry_on_intr};
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags,
    recvmsg, sendmsg,
};

/// The largest number of descriptors in one message.
const MOST: usize = 3;

/// Sends a few bytes with descriptors, either all of them or none. Returns an error instead of waiting for room.
pub(super) fn send(channel: &UnixStream, bytes: &[u8], descriptors: &[BorrowedFd<'_>]) -> Result<(), Errno> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    if !descriptors.is_empty() {
        ancillary.push(SendAncillaryMessage::ScmRights(descriptors));
    }
    let send = || sendmsg(channel, &[IoSlice::new(bytes)], &mut ancillary, SendFlags::NOSIGNAL | SendFlags::DONTWAIT);
    let sent = retry_on_intr(send)?;
    if sent == bytes.len() { Ok(()) } else { Err(Errno::NOBUFS) }
}

/// Receives bytes and the descriptors that were sent with them. Returns the number of bytes, and the descriptors. One
/// call never returns bytes of two messages that came with descriptors: the kernel ends a receive after such a message.
pub(super) fn receive(
    channel: &UnixStream,
    bytes: &mut [u8],
    flags: RecvFlags,
) -> Result<(usize, [Option<OwnedFd>; MOST]), Errno> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let mut buffers = [IoSliceMut::new(bytes)];
    let receive = || recvmsg(channel, &mut buffers, &mut ancillary, flags | RecvFlags::CMSG_CLOEXEC);
    let received = retry_on_intr(receive)?;
    let mut sent = ancillary.drain().find_map(|message| match message {
        RecvAncillaryMessage::ScmRights(descriptors) => Some(descriptors),
        _ => None,
    });
    let mut next = || sent.as_mut()?.next();
    Ok((received.bytes, [next(), next(), next()]))
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsFd;

    use super::*;

    #[test]
    fn each_message_comes_with_its_own_descriptors() {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let file = std::fs::File::open("/dev/null").unwrap();
        send(&ours, b"one", &[file.as_fd()]).unwrap();
        send(&ours, b"three", &[file.as_fd(); 3]).unwrap();
        send(&ours, b"none", &[]).unwrap();
        for (length, count) in [(3, 1), (5, 3), (4, 0)] {
            let (received, descriptors) = receive(&theirs, &mut [0; 64], RecvFlags::empty()).unwrap();
            assert_eq!((received, descriptors.iter().flatten().count()), (length, count));
        }
    }
}
