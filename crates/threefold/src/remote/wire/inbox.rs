//! `Inbox`: bytes from a channel, until they are whole frames.

use std::io;
use std::ops::Range;

use super::KEPT;
use super::frame::{has_more, missing, next_frame};

/// How much room is made for one read: enough for many small frames, and never more than arrives in good time, whatever
/// length a frame claims to have.
pub(super) const READ: Range<usize> = 16 << 10..4 << 20;

/// Received bytes; those before `used` are done with.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    bytes: Vec<u8>,
    used: usize,
}

impl Inbox {
    /// Whether another frame lies ready, or one that will never be whole.
    pub(crate) fn has_frame(&self) -> bool {
        !matches!(missing(&self.bytes[self.used..]), Ok(1..))
    }

    /// Whether anything lies behind the next frame.
    pub(crate) fn has_more(&self) -> bool {
        has_more(&self.bytes[self.used..])
    }

    /// The next frame, where it is whole.
    pub(crate) fn next(&mut self) -> Result<Option<&[u8]>, &'static str> {
        let Some((body, length)) = next_frame(&self.bytes[self.used..])? else { return Ok(None) };
        let body = body.len();
        self.used += length;
        Ok(Some(&self.bytes[self.used - body..self.used]))
    }

    /// Has `read` append what has come, once, to bytes with room for it; returns what `read` does.
    pub(crate) fn receive(&mut self, read: impl FnOnce(&mut Vec<u8>) -> io::Result<usize>) -> io::Result<usize> {
        self.bytes.drain(..self.used);
        self.used = 0;
        let missing = missing(&self.bytes).ok().and_then(|missing| usize::try_from(missing).ok()).unwrap_or(READ.end);
        self.bytes.reserve(missing.clamp(READ.start, READ.end));
        read(&mut self.bytes)
    }

    /// Takes in bytes that came another way.
    pub(crate) fn extend(&mut self, bytes: &[u8]) {
        self.let_go();
        self.bytes.extend_from_slice(bytes);
    }

    /// Takes in a whole message. A large one is not copied, if no other byte waits.
    #[cfg(feature = "mpi")]
    pub(crate) fn put(&mut self, message: Vec<u8>) {
        self.let_go();
        if self.bytes.is_empty() && message.len() > self.bytes.capacity() {
            self.bytes = message;
        } else {
            self.bytes.extend_from_slice(&message);
        }
    }

    /// Removes the bytes that are done with, unless more bytes follow them. So each byte is moved once at most.
    fn let_go(&mut self) {
        self.shrink();
        if self.used >= self.bytes.len() - self.used {
            self.bytes.drain(..self.used);
            self.used = 0;
        }
    }

    /// Takes out all bytes that are not done with, whole frames or not.
    #[cfg(feature = "mpi")]
    pub(crate) fn take(&mut self) -> Vec<u8> {
        self.bytes.drain(..self.used);
        self.used = 0;
        std::mem::take(&mut self.bytes)
    }

    /// Lets go of the room that a large frame needed, where nothing is left of it.
    pub(crate) fn shrink(&mut self) {
        if self.used == self.bytes.len() && self.bytes.capacity() > KEPT {
            *self = Self::default();
        }
    }

    /// How many bytes there is room for.
    #[cfg(any(test, fuzzing))]
    pub(super) fn room(&self) -> usize {
        self.bytes.capacity()
    }
}

#[cfg(test)]
mod tests {
    use super::super::FromWorker;
    use super::*;

    /// A frame, and the serial number that it says.
    fn frame(first: u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        FromWorker::Skipped { first, count: 1 }.write(&mut bytes);
        bytes
    }

    fn first_of(inbox: &mut Inbox) -> Option<u64> {
        let body = inbox.next().unwrap()?;
        match FromWorker::read(body) {
            Some(FromWorker::Skipped { first, .. }) => Some(first),
            _ => panic!("a frame of another kind"),
        }
    }

    #[test]
    fn bytes_that_are_done_with_take_no_room() {
        for waiting in [0, 3] {
            let mut inbox = Inbox::default();
            (0..waiting).for_each(|serial| inbox.extend(&frame(serial)));
            for serial in waiting..20_000 {
                inbox.extend(&frame(serial));
                assert_eq!(first_of(&mut inbox), Some(serial - waiting));
            }
            assert!(inbox.room() < 1 << 10, "{} bytes", inbox.room());
        }
    }

    #[cfg(feature = "mpi")]
    #[test]
    fn messages_are_read_in_order_whether_they_are_copied_or_not() {
        let large = |first: u64| (first..first + 100).flat_map(frame).collect::<Vec<_>>();
        let mut inbox = Inbox::default();
        let (mut put, mut read) = (0, 0);
        for taken in [100, 250, 0, 150, 7, 93] {
            inbox.put(large(put));
            put += 100;
            for _ in 0..taken {
                if let Some(first) = first_of(&mut inbox) {
                    assert_eq!(first, read);
                    read += 1;
                }
            }
        }
        while let Some(first) = first_of(&mut inbox) {
            assert_eq!(first, read);
            read += 1;
        }
        assert_eq!(read, put);
    }

    #[cfg(feature = "mpi")]
    #[test]
    fn a_large_message_is_let_go_when_it_is_read() {
        let mut inbox = Inbox::default();
        inbox.put((0..100_000).flat_map(frame).collect());
        let room = inbox.room();
        while first_of(&mut inbox).is_some() {}
        inbox.put(frame(0));
        assert!(room > KEPT && inbox.room() < 1 << 10);
        assert_eq!(first_of(&mut inbox), Some(0));
    }
}
