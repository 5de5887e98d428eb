//! What ranks send each other: the tags of messages, and what is written behind their bytes.
//!
//! | tag | from | bytes |
//! |---|---|---|
//! | `DATA` | either side | a piece of the stream of [frames](crate::remote::wire) between a session and one of its workers, and an [`Address`] |
//! | `LIMIT` | rank 0 | one past the last chunk that may start, and the [`Address`] of the worker, or of [`ALL`] |
//! | `CLOSE` | rank 0 | the [`Address`] of a session that is over |
//! | `HELLO` | others | who the rank is: its build, process id, processor and host |
//! | `OUT`, `ERR` | others | what tasks of the rank printed |
//! | `ASK` | rank 0 | nothing: is this rank alive? |
//! | `ALIVE` | others | the answer: the time of the rank's clock |
//! | `ASK_FILE` | rank 0 | nothing: which file was this rank started from? |
//! | `FILE` | others | the answer: a checksum of the file |
//! | `CREW` | either side | a [letter](super::crew_letter) about a worker process, and an [`Address`] |
//! | `BYE` | rank 0 | nothing: `main` has ended |
//! | `BYE` | others | the answer, and the last message of the rank |
//!
//! A stream is in order, since MPI keeps the messages of two ranks in order. The address comes last, so that a large
//! message need not be copied to make room for it.

use super::arrivals::URGENT;
use super::office::{Office, Route};
use super::seam::LARGEST;

/// The number that stands for all workers of a session in this rank.
pub(super) const ALL: u32 = u32::MAX;

pub(super) const DATA: i32 = 1;
pub(super) const LIMIT: i32 = 2;
pub(super) const CLOSE: i32 = 3;
pub(super) const HELLO: i32 = 4;
pub(super) const OUT: i32 = 5;
pub(super) const ERR: i32 = 6;
pub(super) const BYE: i32 = 7;
pub(super) const ASK: i32 = URGENT;
pub(super) const ALIVE: i32 = URGENT + 1;
pub(super) const ASK_FILE: i32 = 10;
pub(super) const FILE: i32 = 11;
pub(super) const CREW: i32 = 12;

/// For whom a message is, or from whom.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Address {
    /// The session: the workers that one fold at a time has.
    pub(super) session: u32,
    /// The number of the worker in its session.
    pub(super) worker: u32,
    /// The number of the fold in its session, from 1. If the worker is a process, the number of its life.
    pub(super) fold: u32,
    /// The number of the fold's task, from 1, as the rank counts the tasks of the session.
    pub(super) task: u32,
    /// Whether the task comes with this message: 1, or 0.
    pub(super) brings_task: u32,
    /// How many workers of the session each rank has.
    pub(super) threads: u32,
}

impl Address {
    /// Writes it behind `bytes`.
    pub(super) fn append(self, bytes: &mut Vec<u8>) {
        let Self { session, worker, fold, task, brings_task, threads } = self;
        bytes
            .extend([session, worker, fold, task, brings_task, threads].iter().flat_map(|number| number.to_le_bytes()));
    }

    /// Takes it off the end of `bytes`; `None` if there is none.
    pub(super) fn split_off(bytes: &mut Vec<u8>) -> Option<Self> {
        let (rest, numbers) = bytes.split_last_chunk::<24>()?;
        let number = |at: usize| Some(u32::from_le_bytes(*numbers[at..].first_chunk()?));
        let (session, worker, fold) = (number(0)?, number(4)?, number(8)?);
        let (task, brings_task, threads) = (number(12)?, number(16)?, number(20)?);
        let address = Self { session, worker, fold, task, brings_task, threads };
        let length = rest.len();
        bytes.truncate(length);
        Some(address)
    }
}

/// Sends `bytes` as a part of the stream at `address`, and leaves the buffer empty. Returns whether they are sent
/// already; if not, `receipt` is told when they are.
pub(super) fn post<R: Route>(
    office: &Office<R>,
    to: usize,
    bytes: &mut Vec<u8>,
    address: Address,
    receipt: Option<R::Receipt>,
) -> bool {
    if bytes.len() > LARGEST {
        let all = std::mem::take(bytes);
        let mut pieces = all.chunks(LARGEST).peekable();
        while let Some(piece) = pieces.next() {
            bytes.extend_from_slice(piece);
            if pieces.peek().is_some() {
                address.append(bytes);
                office.send(to, DATA, bytes, None);
            }
        }
    }
    address.append(bytes);
    office.send(to, DATA, bytes, receipt)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_as_it_was_written() {
        let address = Address { session: 7, worker: u32::MAX, fold: 3, task: 2, brings_task: 1, threads: 4 };
        let mut bytes = b"frames".to_vec();
        address.append(&mut bytes);
        assert_eq!((Address::split_off(&mut bytes), bytes.as_slice()), (Some(address), &b"frames"[..]));
        assert_eq!(Address::split_off(&mut bytes), None);
    }
}
