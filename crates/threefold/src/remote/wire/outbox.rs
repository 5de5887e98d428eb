//! `Outbox`: frames on their way into a channel.

use super::KEPT;

/// Frames that were written, of which the first bytes may have been sent.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    bytes: Vec<u8>,
    sent: usize,
}

impl Outbox {
    /// What is to be sent next.
    pub(crate) fn unsent(&self) -> &[u8] {
        &self.bytes[self.sent..]
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.sent == self.bytes.len()
    }

    /// The first `count` unsent bytes are sent. They stay until all are: to move the others each time would take time
    /// that grows with the square of a message's length.
    pub(crate) fn advance(&mut self, count: usize) {
        self.sent += count;
        if self.is_empty() {
            self.bytes.clear();
            self.sent = 0;
        }
    }

    /// Where frames are appended.
    pub(crate) fn end(&mut self) -> &mut Vec<u8> {
        // Where more is written than sent for long, what is sent goes once it is the larger part.
        if self.sent > self.bytes.len() / 2 {
            self.bytes.drain(..self.sent);
            self.sent = 0;
        }
        &mut self.bytes
    }

    /// Takes out what is to be sent. Nothing of it may have been sent before.
    #[cfg(feature = "mpi")]
    pub(crate) fn take(&mut self) -> Vec<u8> {
        debug_assert_eq!(self.sent, 0);
        std::mem::take(&mut self.bytes)
    }

    /// Takes back an empty buffer, for the next frames.
    #[cfg(feature = "mpi")]
    pub(crate) fn put_back(&mut self, buffer: Vec<u8>) {
        if self.bytes.capacity() == 0 && buffer.is_empty() {
            self.bytes = buffer;
        }
    }

    /// Lets go of the room that a large frame needed, once it is sent.
    pub(crate) fn shrink(&mut self) {
        if self.is_empty() && self.bytes.capacity() > KEPT {
            *self = Self::default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_in_any_pieces_is_what_was_written() {
        for piece in 1..40 {
            let (mut outbox, mut sent) = (Outbox::default(), Vec::new());
            for part in 0..5u8 {
                outbox.end().extend([part; 20]);
                let count = piece.min(outbox.unsent().len());
                sent.extend_from_slice(&outbox.unsent()[..count]);
                outbox.advance(count);
            }
            while !outbox.is_empty() {
                let count = piece.min(outbox.unsent().len());
                sent.extend_from_slice(&outbox.unsent()[..count]);
                outbox.advance(count);
            }
            assert_eq!(sent, (0..5u8).flat_map(|part| [part; 20]).collect::<Vec<_>>());
        }
    }

    #[test]
    fn room_for_a_large_message_is_let_go() {
        let mut outbox = Outbox::default();
        outbox.end().extend(vec![0; KEPT + 1]);
        outbox.shrink();
        assert_eq!(outbox.unsent().len(), KEPT + 1, "not before it is sent");
        outbox.advance(KEPT + 1);
        outbox.shrink();
        assert_eq!(outbox.end().capacity(), 0);
    }
}
