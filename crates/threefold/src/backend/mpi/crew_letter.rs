//! What rank 0 and the other ranks tell each other of worker processes, besides the bytes that go through their
//! channels.
//!
//! A letter is about one worker of a session, which its [`Address`] names together with the number of the worker's
//! *life*: a worker that was lost or retired gives its number to another, and a letter about the first must not be taken
//! for one about the second. Letters for a whole rank name no worker ([`ALL`]).

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::letter::{self, Address};
use crate::backend::processes::run::crew::Departed;

/// The number of the worker in letters that are for a whole rank.
pub(super) const ALL: u32 = u32::MAX;

/// What rank 0 tells a rank.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum ToCrew {
    /// A session begins that has worker processes in the rank.
    Open(Wishes),
    /// A fold begins, in which nothing from this chunk on may start.
    Begin { limit: u64 },
    /// Start a worker.
    Start,
    /// Nothing from this chunk on may start any more.
    Limit { limit: u64 },
    /// A worker is to give back the chunks from this one on that it has not started.
    Recall { from: u64 },
    /// A worker has nothing more to do: it is to exit.
    Retire,
    /// End a worker for that fault, and report it as gone.
    End { fault: Option<String> },
    /// The fold is over. End the workers that are busy with something. If it `wants_word`, answer when they are gone and
    /// everything is printed.
    EndRun { busy: Vec<u32>, wants_word: bool },
    /// The executor is gone. End all workers, and answer then. It is the last letter.
    Disband,
}

/// What all worker processes of a session have in common.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Wishes {
    /// How many workers a rank has.
    pub(super) workers: usize,
    /// The private memory of each, in bytes.
    pub(super) memory_limit: Option<u64>,
    /// Whether workers are replaced after a number of chunks.
    pub(super) replaces: bool,
    /// How long a chunk may run.
    pub(super) timeout: Option<Duration>,
}

/// What a rank tells rank 0.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum FromCrew {
    /// The handshake of a worker is done.
    Ready { pid: Option<u32> },
    /// A worker is gone. All that it had sent came before.
    Gone(Departed),
    /// A worker was told to terminate, since its chunk took too long.
    Stops,
    /// Whether a worker was found to be doing nothing.
    Rests(bool),
    /// Whether a worker of the rank has begun a line and not ended it.
    HasBegunLine { rank: usize, has: bool },
    /// The rank has done what the end of a fold, or of an executor, asks for.
    Rested { rank: usize },
    /// The system refuses worker processes.
    Refused { reason: String },
}

/// The letter as bytes, with its address.
pub(super) fn write(letter: &impl Serialize, address: Address) -> Vec<u8> {
    let mut bytes = Vec::new();
    threefold_codec::encode(letter, &mut bytes).expect("a letter can be written: it holds numbers and texts");
    address.append(&mut bytes);
    bytes
}

/// The letter that the bytes before the address hold.
pub(super) fn read<T: for<'a> Deserialize<'a>>(bytes: &[u8]) -> Option<T> {
    threefold_codec::decode(bytes).ok()
}

/// The tag of these letters.
pub(super) const TAG: i32 = letter::CREW;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_is_read_as_it_was_written() {
        let address = Address { session: 1, worker: ALL, fold: 2, ..Address::default() };
        let wishes =
            Wishes { workers: 2, memory_limit: Some(1 << 30), replaces: true, timeout: Some(Duration::from_millis(5)) };
        for letter in [ToCrew::Open(wishes), ToCrew::Start, ToCrew::EndRun { busy: vec![3], wants_word: true }] {
            let mut bytes = write(&letter, address);
            assert_eq!(Address::split_off(&mut bytes), Some(address));
            assert_eq!(read(&bytes), Some(letter));
        }
        assert_eq!(read::<FromCrew>(b"no letter"), None);
    }
}
