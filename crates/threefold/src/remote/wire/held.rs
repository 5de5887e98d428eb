//! The answers that a worker had written and not sent when it was lost.
//!
//! Answers of cheap chunks are held back and sent together. A finished chunk should not be lost with a later one. So a
//! copy of the answers that are held back lies in memory that outlives the worker. The parent takes from this copy what
//! did not arrive through the channel, as if it had been sent. So the error of the fold is that of the chunk that was
//! running. Chunks below it count as if each had been answered at once.
//!
//! The copy is a part of the stream of all bytes that the worker sends in its life. So its position behind the received
//! bytes is known, even if the worker died while it was sending. The last frame of the copy may be open, and then its
//! head is zero. All other errors in the copy are found when the frames are read.

use super::frame::{HEAD, close};

/// The answers that are held back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Held {
    /// How many bytes the worker had sent in its life before these bytes.
    pub(crate) before: u64,
    pub(crate) bytes: Vec<u8>,
}

/// The bytes that follow the first `received` bytes of a worker's stream. The last frame is closed if it was open.
pub(crate) fn rest_of(held: Held, received: u64) -> Vec<u8> {
    let Held { before, mut bytes } = held;
    let known = received.checked_sub(before).and_then(|known| usize::try_from(known).ok());
    let Some(known) = known.filter(|&known| known < bytes.len()) else { return Vec::new() };
    close_last(&mut bytes);
    bytes.split_off(known)
}

/// Closes the last frame, if it is open.
fn close_last(bytes: &mut [u8]) {
    let mut rest = bytes;
    // A closed frame has the length of its body in its head, and a body is never empty.
    while rest.len() > HEAD {
        let length = rest.first_chunk().map_or(0, |length| u64::from_le_bytes(*length));
        if length == 0 {
            return close(rest);
        }
        let length = usize::try_from(length).unwrap_or(usize::MAX).saturating_add(HEAD);
        let Some((_, behind)) = rest.split_at_mut_checked(length) else { return };
        rest = behind;
    }
}

#[cfg(test)]
mod tests {
    use super::super::{FromWorker, Inbox};
    use super::*;

    /// A closed frame, and one that is open.
    fn held() -> (Vec<u8>, usize) {
        let mut bytes = Vec::new();
        FromWorker::Skipped { first: 4, count: 2 }.write(&mut bytes);
        let sent = bytes.len();
        let open = FromWorker::open_done(&mut bytes, 6, 1);
        for output in [b"one", b"two"] {
            open.output(&mut bytes, |out| out.extend_from_slice(output), |()| true);
        }
        (bytes, sent)
    }

    #[test]
    fn what_was_not_received_is_taken_from_where_the_channel_ended() {
        let (bytes, sent) = held();
        for known in 0..=sent {
            let rest = rest_of(Held { before: 100, bytes: bytes.clone() }, 100 + known as u64);
            let mut inbox = Inbox::default();
            inbox.extend(&bytes[..known]);
            inbox.extend(&rest);
            let skipped = inbox.next().unwrap().map(FromWorker::read);
            assert_eq!(skipped, Some(Some(FromWorker::Skipped { first: 4, count: 2 })));
            let Some(Some(FromWorker::Done { ran, outputs })) = inbox.next().unwrap().map(FromWorker::read) else {
                panic!("the outputs are there");
            };
            assert_eq!((ran.chunk, outputs.iter().collect::<Vec<_>>()), (6, vec![&b"one"[..], b"two"]));
        }
    }

    #[test]
    fn what_was_received_or_cannot_be_is_not_taken() {
        let (bytes, _) = held();
        let end = 100 + bytes.len() as u64;
        for received in [0, 99, end, end + 1, u64::MAX] {
            assert!(rest_of(Held { before: 100, bytes: bytes.clone() }, received).is_empty(), "{received}");
        }
    }

    #[test]
    fn whatever_lies_there_is_no_more_than_bytes() {
        for word in [0, 1, 11, u64::MAX] {
            let bytes: Vec<u8> = (0..7u64).flat_map(|_| u64::to_le_bytes(word)).collect();
            for length in 0..bytes.len() {
                let rest = rest_of(Held { before: 0, bytes: bytes[..length].to_vec() }, 0);
                assert_eq!(rest.len(), length);
            }
        }
    }
}
