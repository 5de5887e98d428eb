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
        self.bytes.extend_from_slice(bytes);
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
