//! `Inbox`: bytes from a channel, until they are whole frames.

use std::io;
use std::ops::Range;
use std::os::fd::AsFd;

use rustix::buffer::spare_capacity;

use super::{missing, next_frame};

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

    /// The next frame, where it is whole.
    pub(crate) fn next(&mut self) -> Result<Option<&[u8]>, &'static str> {
        let Some((body, length)) = next_frame(&self.bytes[self.used..])? else { return Ok(None) };
        let body = body.len();
        self.used += length;
        Ok(Some(&self.bytes[self.used - body..self.used]))
    }

    /// Reads once; 0 at the end of the channel.
    pub(crate) fn read(&mut self, channel: impl AsFd) -> io::Result<usize> {
        self.forget_used();
        let missing = missing(&self.bytes).ok().and_then(|missing| usize::try_from(missing).ok()).unwrap_or(READ.end);
        self.bytes.reserve(missing.clamp(READ.start, READ.end));
        Ok(rustix::io::retry_on_intr(|| rustix::io::read(&channel, spare_capacity(&mut self.bytes)))?)
    }

    /// Makes room where the frames were that are done with; that of large ones is given back.
    pub(crate) fn forget_used(&mut self) {
        self.bytes.drain(..self.used);
        self.used = 0;
        if self.bytes.capacity() > 2 * READ.end && self.bytes.len() < READ.end {
            self.bytes.shrink_to(READ.end);
        }
    }

    /// Takes in bytes that came another way.
    pub(crate) fn extend(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// How many bytes there is room for.
    #[cfg(any(test, fuzzing))]
    pub(super) fn room(&self) -> usize {
        self.bytes.capacity()
    }
}
