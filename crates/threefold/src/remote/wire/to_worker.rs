//! `ToWorker`: what a parent says.
//!
//! # The bytes of each message
//!
//! Every message is the body of a frame. Its first byte is the kind. Numbers have 8 bytes, the lowest byte first.
//!
//! | kind | message | what follows |
//! |---|---|---|
//! | 0 | `Hello` | the build: five numbers; the memory limit; one byte for the model, its place among all models |
//! | 1 | `Task` | the slot, the length of the address and the address, and the captures to the end of the frame |
//! | 2 | `Fold` | the rules: four bytes, each 0 or 1, and two levels from 0 to 5; the source to the end of the frame |
//! | 3 | `Run` with chunks | the first chunk and the attempt, and then for each chunk its length and its bytes |
//! | 4 | `Bye` | nothing |
//! | 5 | `Run` of chunks to cut | the first chunk, the attempt, and how many chunks |
//! | 6 | `Map` | the number of the memory, its length, the descriptor, the device and the inode |
//! | 7 | `Forget` | the number of the memory |
//! | 8 | `Again` | the slot |
//! | 9 | `Drop` | the slot |
//!
//! So a block of a range of integers takes 37 bytes, however many chunks it has: 12 for the head of the frame, one for
//! the kind, and three numbers.
//!
//! # The order of messages
//!
//! 1. `Hello` comes first, and only to a worker process.
//! 2. `Task` comes before the first fold with this task, and fills a slot with it. A worker process keeps the tasks of
//!    all slots. `Again` comes before a fold with a task of an earlier fold. `Drop` empties a slot. A worker of an MPI
//!    rank has one slot.
//! 3. `Fold` comes before the first block of each fold.
//! 4. `Run` may come while an earlier block runs. The blocks are run in order.
//! 5. `Map` comes before the task or the fold that has the array, and once for each array while the worker has it.
//!    `Forget` comes when the parent has dropped the array, after a `Drop` for each task that has the array.
//! 6. `Bye` ends a worker process in order. A worker that finds its channel closed ends without it.
//!
//! A fold or a block that comes before its task is a defect of the parent, and ends the worker.

use super::fields::{Fields, put_bytes};
use super::frame::{close, frame};
use super::list::{self, List};
use super::{Build, Rules};
use crate::model::Model;

/// So many tasks can a worker keep. A slot is a number below.
pub(crate) const SLOTS: usize = 8;

/// What a parent says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ToWorker<'a> {
    /// The first message, from a parent whose folds are of that model. A memory limit of 0 is none.
    Hello { build: Build, memory_limit: u64, model: Model },
    /// From now on chunks are for this task, which is kept in that slot.
    Task { slot: u64, address: &'a [u8], captures: &'a [u8] },
    /// From now on chunks are for the task in that slot.
    Again { slot: u64 },
    /// The task in that slot is not needed any more.
    Drop { slot: u64 },
    /// A new fold begins, with the task of the last `Task` or `Again`. The worker cuts chunks from the source by itself. The
    /// source is empty if chunks are sent.
    Fold { rules: Rules, source: &'a [u8] },
    /// Run these chunks.
    Run(Run<'a>),
    /// This memory belongs to an array of the task or the fold that follows.
    Map(Place),
    /// The parent has freed the memory with this number.
    Forget { number: u64 },
    /// Exit.
    Bye,
}

/// Where a worker process finds memory of its parent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// The number by which the task and the source name it.
    pub(crate) number: u64,
    /// Its length in bytes.
    pub(crate) length: u64,
    /// The descriptor in the parent, and the file that is behind it.
    pub(crate) descriptor: u64,
    pub(crate) device: u64,
    pub(crate) inode: u64,
}

/// Consecutive chunks, at least one, all at the same attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Run<'a> {
    /// The number of the first chunk.
    pub(crate) first: u64,
    /// Which attempt at these chunks this is, from 1.
    pub(crate) attempt: u32,
    pub(crate) chunks: Chunks<'a>,
}

/// Where a worker gets the chunks of a block from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Chunks<'a> {
    /// Each chunk as bytes.
    Sent(List<'a>),
    /// This many chunks, which the worker cuts from the source that came with the fold.
    Cut(u64),
}

impl<'a> Run<'a> {
    /// How many chunks they are.
    pub(crate) fn count(&self) -> u64 {
        match self.chunks {
            Chunks::Sent(list) => list.count(),
            Chunks::Cut(count) => count,
        }
    }

    fn read(fields: &mut Fields<'a>, chunks: fn(&mut Fields<'a>) -> Option<Chunks<'a>>) -> Option<Self> {
        let (first, attempt) = (fields.word()?, u32::try_from(fields.word()?).ok()?);
        let run = Self { first, attempt, chunks: chunks(fields)? };
        // One past the last is a number, too.
        (run.count() > 0 && first.checked_add(run.count()).is_some()).then_some(run)
    }

    fn put_head(out: &mut Vec<u8>, first: u64, attempt: u32) {
        out.extend(first.to_le_bytes());
        out.extend(u64::from(attempt).to_le_bytes());
    }
}

impl ToWorker<'_> {
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        match *self {
            Self::Hello { build, memory_limit, model } => frame(out, 0, |out| {
                build.put(out);
                out.extend(memory_limit.to_le_bytes());
                out.extend(Model::ALL.iter().position(|&known| known == model).map(|place| place as u8));
            }),
            Self::Task { slot, address, captures } => frame(out, 1, |out| {
                out.extend(slot.to_le_bytes());
                put_bytes(out, address);
                out.extend_from_slice(captures);
            }),
            Self::Fold { rules, source } => frame(out, 2, |out| {
                rules.put(out);
                out.extend_from_slice(source);
            }),
            Self::Run(Run { first, attempt, chunks: Chunks::Sent(list) }) => frame(out, 3, |out| {
                Run::put_head(out, first, attempt);
                list.put(out);
            }),
            Self::Bye => frame(out, 4, |_| ()),
            Self::Run(Run { first, attempt, chunks: Chunks::Cut(count) }) => frame(out, 5, |out| {
                Run::put_head(out, first, attempt);
                out.extend(count.to_le_bytes());
            }),
            Self::Map(Place { number, length, descriptor, device, inode }) => frame(out, 6, |out| {
                for word in [number, length, descriptor, device, inode] {
                    out.extend(word.to_le_bytes());
                }
            }),
            Self::Forget { number } => frame(out, 7, |out| out.extend(number.to_le_bytes())),
            Self::Again { slot } => frame(out, 8, |out| out.extend(slot.to_le_bytes())),
            Self::Drop { slot } => frame(out, 9, |out| out.extend(slot.to_le_bytes())),
        }
    }

    /// Begins a `Run` message, to which chunks are appended.
    pub(crate) fn open_run(out: &mut Vec<u8>, first: u64, attempt: u32) -> OpenRun {
        let start = out.len();
        frame(out, 3, |out| Run::put_head(out, first, attempt));
        OpenRun { start, head: out.len() }
    }
}

impl<'a> ToWorker<'a> {
    /// The message of this kind and these fields; `None` for what no parent would say.
    pub(crate) fn read(body: &'a [u8]) -> Option<Self> {
        let mut fields = Fields(body);
        let said = match fields.byte()? {
            0 => Self::Hello {
                build: fields.build()?,
                memory_limit: fields.word()?,
                model: *Model::ALL.get(usize::from(fields.byte()?))?,
            },
            1 => Self::Task { slot: fields.word()?, address: fields.bytes()?, captures: fields.rest() },
            2 => Self::Fold { rules: Rules::read(&mut fields)?, source: fields.rest() },
            3 => Self::Run(Run::read(&mut fields, |fields| List::read(fields).map(Chunks::Sent))?),
            4 => Self::Bye,
            5 => Self::Run(Run::read(&mut fields, |fields| fields.word().map(Chunks::Cut))?),
            6 => {
                let mut word = || fields.word();
                let (number, length) = (word()?, word()?);
                Self::Map(Place { number, length, descriptor: word()?, device: word()?, inode: word()? })
            }
            7 => Self::Forget { number: fields.word()? },
            8 => Self::Again { slot: fields.word()? },
            9 => Self::Drop { slot: fields.word()? },
            _ => return None,
        };
        fields.0.is_empty().then_some(said)
    }
}

/// A `Run` message whose chunks are being written in place.
pub(crate) struct OpenRun {
    /// Where the message begins.
    start: usize,
    /// Where its first chunk begins.
    head: usize,
}

impl OpenRun {
    /// Appends a chunk, whose bytes `encode` appends; not at all when that fails.
    pub(crate) fn chunk<E>(
        &self,
        out: &mut Vec<u8>,
        encode: impl FnOnce(&mut Vec<u8>) -> Result<(), E>,
    ) -> Result<(), E> {
        list::push(out, encode, Result::is_ok)
    }

    /// How many bytes its chunks take.
    pub(crate) fn len(&self, out: &[u8]) -> usize {
        out.len() - self.head
    }

    /// The message is whole. Without any chunk it is none.
    pub(crate) fn close(self, out: &mut Vec<u8>) {
        if out.len() == self.head {
            out.truncate(self.start);
        } else {
            close(&mut out[self.start..]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::frame::next_frame;
    use super::*;
    use crate::trace::levels::Levels;

    const RULES: Rules = Rules {
        stop_on_err: true,
        stop_on_panic: false,
        answer_each: true,
        time_each: false,
        levels: Levels { events: 3, logs: 5 },
    };

    fn run_of(chunks: &[&[u8]]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let open = ToWorker::open_run(&mut bytes, u64::MAX - 9, 3);
        for chunk in chunks {
            let appended: Result<(), ()> = open.chunk(&mut bytes, |out| {
                out.extend_from_slice(chunk);
                Ok(())
            });
            appended.unwrap();
        }
        open.close(&mut bytes);
        bytes
    }

    #[test]
    fn every_message_is_read_as_it_was_written() {
        for said in [
            ToWorker::Hello { build: Build([1, 2, 3, 4, u64::MAX]), memory_limit: 1 << 40, model: Model::Mpi },
            ToWorker::Task { slot: 7, address: b"a::b", captures: b"" },
            ToWorker::Again { slot: 7 },
            ToWorker::Drop { slot: 0 },
            ToWorker::Fold { rules: RULES, source: b"" },
            ToWorker::Fold { rules: RULES, source: b"1..9" },
            ToWorker::Run(Run { first: u64::MAX - 3, attempt: 2, chunks: Chunks::Cut(3) }),
            ToWorker::Map(Place { number: 1, length: 1 << 40, descriptor: 5, device: 6, inode: u64::MAX }),
            ToWorker::Forget { number: u64::MAX },
            ToWorker::Bye,
        ] {
            let mut bytes = Vec::new();
            said.write(&mut bytes);
            let (body, length) = next_frame(&bytes).unwrap().unwrap();
            assert_eq!((ToWorker::read(body), length), (Some(said), bytes.len()));
        }
        assert_eq!((ToWorker::read(&[4]), ToWorker::read(&[4, 0])), (Some(ToWorker::Bye), None));
    }

    #[test]
    fn a_block_of_chunks_is_read_as_it_was_written() {
        let chunks: [&[u8]; 3] = [b"\0\xff", b"", b"long"];
        let bytes = run_of(&chunks);
        let (body, _) = next_frame(&bytes).unwrap().unwrap();
        let Some(ToWorker::Run(run)) = ToWorker::read(body) else { panic!("it is a block") };
        assert_eq!((run.first, run.attempt), (u64::MAX - 9, 3));
        let Chunks::Sent(list) = run.chunks else { panic!("its chunks were sent") };
        assert_eq!((list.iter().collect::<Vec<_>>(), run.count()), (chunks.to_vec(), 3));
        // Cut within a chunk or its length it is none.
        for cut in 1..body.len() {
            assert!(matches!(ToWorker::read(&body[..cut]), None | Some(ToWorker::Run(_))), "{cut}");
        }
        assert_eq!(ToWorker::read(&body[..body.len() - 1]), None);
    }

    #[test]
    fn a_block_without_chunks_or_beyond_the_last_number_is_no_message() {
        assert!(run_of(&[]).is_empty());
        let is_read = |count: usize| {
            let bytes = run_of(&vec![&b""[..]; count]);
            ToWorker::read(next_frame(&bytes).unwrap().unwrap().0).is_some()
        };
        assert!(is_read(9) && !is_read(10));
        let is_cut = |count| {
            let mut bytes = Vec::new();
            ToWorker::Run(Run { first: u64::MAX - 9, attempt: 1, chunks: Chunks::Cut(count) }).write(&mut bytes);
            ToWorker::read(next_frame(&bytes).unwrap().unwrap().0).is_some()
        };
        assert!(!is_cut(0) && is_cut(9) && !is_cut(10) && !is_cut(u64::MAX));
    }

    #[test]
    fn a_chunk_that_cannot_be_encoded_leaves_nothing_behind() {
        let mut out = b"before".to_vec();
        let open = ToWorker::open_run(&mut out, 1, 1);
        let refused = open.chunk(&mut out, |out| {
            out.push(1);
            Err(())
        });
        assert!(refused.is_err() && open.len(&out) == 0);
        open.close(&mut out);
        assert_eq!(out, b"before");
    }
}
