//! `Arrivals`: large messages that have begun to arrive, and the order in which messages are handed over.
//!
//! MPI transfers a large message only while its sender takes part. If the sender is stopped in the middle of it, a call
//! that receives the message would not return. So no call waits for a large message. The sender announces it in a small
//! message. The receiver then begins to receive the large one, and asks now and then whether it has arrived.
//!
//! The messages of a rank are handed over in the order in which they were sent. Messages that come from a rank after a
//! large one wait until the large one has arrived. Signs of life do not wait: their order does not matter, and a slow link
//! may be busy with a large message for a long time.
//!
//! # Why the body is never taken for a message of its own
//!
//! MPI keeps the messages of two ranks in order. So the announcement is found before the body is. The receiver
//! begins to receive the body at once, before it looks for other messages. From then on MPI gives the body to this
//! receive alone. All bodies have one tag: they are received in the order in which they are announced.

use std::collections::VecDeque;

/// Messages with this tag or a larger one are signs of life, which wait for no other message.
pub(super) const URGENT: i32 = 100;

/// A message that has arrived.
pub(super) struct Mail {
    /// The rank that has sent it.
    pub(super) from: usize,
    /// What kind of message it is.
    pub(super) tag: i32,
    pub(super) bytes: Vec<u8>,
}

/// What is arriving, of all ranks. `R` is a large message that is being received.
pub(super) struct Arrivals<R> {
    /// For each rank that has sent a large message, what is to be handed over, the oldest first.
    queues: Vec<(usize, VecDeque<Arrival<R>>)>,
}

enum Arrival<R> {
    Whole(Mail),
    Begun { tag: i32, receiving: R },
}

impl<R> Default for Arrivals<R> {
    fn default() -> Self {
        Self { queues: Vec::new() }
    }
}

impl<R> Arrivals<R> {
    /// A message that can be handed over. `is_here` says whether a large message is, and `take` gives its bytes.
    pub(super) fn next<E>(
        &mut self,
        mut is_here: impl FnMut(&mut R) -> Result<bool, E>,
        take: impl FnOnce(R) -> Result<Vec<u8>, E>,
    ) -> Result<Option<Mail>, E> {
        for at in 0..self.queues.len() {
            let (from, queue) = &mut self.queues[at];
            let from = *from;
            if let Some(Arrival::Begun { receiving, .. }) = queue.front_mut()
                && !is_here(receiving)?
            {
                continue;
            }
            let first = queue.pop_front();
            if queue.is_empty() {
                self.queues.swap_remove(at);
            }
            return Ok(match first {
                Some(Arrival::Whole(mail)) => Some(mail),
                Some(Arrival::Begun { tag, receiving }) => Some(Mail { from, tag, bytes: take(receiving)? }),
                None => None,
            });
        }
        Ok(None)
    }

    /// Whether nothing is arriving.
    pub(super) fn is_empty(&self) -> bool {
        self.queues.is_empty()
    }

    /// A small message is here. Returns it, unless it must wait for a large one.
    pub(super) fn pass(&mut self, mail: Mail) -> Option<Mail> {
        if mail.tag >= URGENT {
            return Some(mail);
        }
        match self.queues.iter_mut().find(|(from, _)| *from == mail.from) {
            Some((_, queue)) => {
                queue.push_back(Arrival::Whole(mail));
                None
            }
            None => Some(mail),
        }
    }

    /// A large message with that tag begins to arrive.
    pub(super) fn begin(&mut self, from: usize, tag: i32, receiving: R) {
        let arrival = Arrival::Begun { tag, receiving };
        match self.queues.iter_mut().find(|(other, _)| *other == from) {
            Some((_, queue)) => queue.push_back(arrival),
            None => self.queues.push((from, VecDeque::from([arrival]))),
        }
    }
}

/// What announces a large message with that tag, and of so many bytes.
pub(super) fn announce(tag: i32, length: usize) -> Vec<u8> {
    [tag.to_le_bytes().as_slice(), &(length as u64).to_le_bytes()].concat()
}

/// The tag and the length of the large message that these bytes announce.
pub(super) fn announced(bytes: &[u8]) -> Option<(i32, usize)> {
    let (tag, length) = bytes.split_first_chunk()?;
    Some((i32::from_le_bytes(*tag), usize::try_from(u64::from_le_bytes(*length.first_chunk()?)).ok()?))
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    const DATA: i32 = 1;
    const OUT: i32 = 2;
    const BYE: i32 = 3;

    fn mail(from: usize, tag: i32) -> Mail {
        Mail { from, tag, bytes: Vec::new() }
    }

    /// The rank and the tag of what can be handed over, if the large messages with these lengths are here.
    fn next(arrivals: &mut Arrivals<usize>, here: &[usize]) -> Option<(usize, i32)> {
        let is_here = |length: &mut usize| Ok::<_, Infallible>(here.contains(length));
        let mail = arrivals.next(is_here, |length| Ok(vec![0; length])).unwrap()?;
        Some((mail.from, mail.tag))
    }

    #[test]
    fn the_messages_of_a_rank_are_handed_over_in_order() {
        let mut arrivals = Arrivals::default();
        assert!(arrivals.pass(mail(1, OUT)).is_some());
        arrivals.begin(1, DATA, 5);
        arrivals.begin(1, OUT, 6);
        assert!(arrivals.pass(mail(1, BYE)).is_none());
        assert_eq!(next(&mut arrivals, &[6]), None, "the second is here, and the first is not");
        assert_eq!(next(&mut arrivals, &[5, 6]), Some((1, DATA)));
        assert_eq!(next(&mut arrivals, &[5, 6]), Some((1, OUT)));
        assert!(!arrivals.is_empty(), "a message waits to be handed over");
        assert_eq!(next(&mut arrivals, &[]), Some((1, BYE)));
        assert!(arrivals.is_empty());
        assert!(arrivals.pass(mail(1, OUT)).is_some(), "nothing is arriving any more");
    }

    #[test]
    fn a_large_message_holds_up_no_other_rank_and_no_sign_of_life() {
        let mut arrivals = Arrivals::default();
        arrivals.begin(1, DATA, 5);
        assert!(arrivals.pass(mail(2, DATA)).is_some());
        assert!(arrivals.pass(mail(1, URGENT)).is_some());
        arrivals.begin(2, DATA, 6);
        assert_eq!(next(&mut arrivals, &[6]), Some((2, DATA)));
    }

    #[test]
    fn an_announcement_is_read_as_it_was_written() {
        assert_eq!(announced(&announce(DATA, 64 << 20)), Some((DATA, 64 << 20)));
        assert_eq!(announced(b"short"), None);
    }
}
