//! `FromWorker`: what a worker says.
//!
//! # The bytes of each message
//!
//! Every message is the body of a frame. Its first byte is the kind. Numbers have 8 bytes, the lowest byte first.
//!
//! | kind | message | what follows |
//! |---|---|---|
//! | 0 | `Hello` | the build: five numbers |
//! | 1 | `Refused` | the reason, to the end of the frame |
//! | 2 | `Done` | chunk, start and duration, and then for each output its length and its bytes |
//! | 3 | `Panicked` | chunk, start and duration, the length of the place, the place, and the message to the end |
//! | 4 | `Unportable` | chunk, start and duration, one byte (0: the chunk, 1: its output, 2: its source), and the reason to the end |
//! | 5 | `Skipped` | the first chunk, and how many |
//! | 6 | `Heard` | the chunk, and the records to the end of the frame |
//!
//! For example, `Skipped { first: 9, count: 3 }` takes 29 bytes: 12 for the head of the frame, one for the kind, and
//! two numbers. Texts are bytes here. They are read as UTF-8, and what is not UTF-8 is replaced.
//!
//! A message of another kind, one with too few bytes and one with bytes left over are no messages. The worker that sent
//! them is given up for it.
//!
//! # The order of messages
//!
//! `Hello` or `Refused` is the first message of a worker process. A thread of an MPI rank sends no `Hello`. A task that
//! cannot be read is answered with `Refused` as well. All other messages answer chunks, in the order in which the
//! worker runs them. `Done` answers as many chunks as it has outputs, and `Skipped` as many as it says. `Heard` answers
//! none. It comes before the answer of its chunk, so that the parent has told its subscriber everything when it learns
//! that the chunk is done.

use super::Build;
use super::fields::{Fields, put_bytes};
use super::frame::{HEAD, close, frame};
use super::list::{self, List};
use crate::task::received::Part;

/// What a worker says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FromWorker<'a> {
    /// The first frame: ready.
    Hello { build: Build },
    /// It cannot serve, or cannot make the state of its task. The fold returns this error.
    Refused { reason: &'a [u8] },
    /// The outputs of consecutive chunks, which ran one after the other.
    Done { ran: Ran, outputs: List<'a> },
    /// The task unwound; `at` is empty where the place is not known.
    Panicked { ran: Ran, at: &'a [u8], message: &'a [u8] },
    /// The chunk could not be read or its output not be written.
    Unportable { ran: Ran, what: Part, reason: &'a [u8] },
    /// So many chunks, from this one on, were not started: a failure below them was known by then.
    Skipped { first: u64, count: u64 },
    /// What the task told `tracing` and `log` in this chunk, whose answer follows.
    Heard { chunk: u64, records: &'a [u8] },
}

/// Which chunk ran, when it started, and how long it took, in nanoseconds of the machine's monotonic clock. For several
/// chunks: the first chunk, its start, and the time of all together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ran {
    pub(crate) chunk: u64,
    pub(crate) started: u64,
    pub(crate) duration: u64,
}

impl Ran {
    fn put(self, out: &mut Vec<u8>) {
        out.extend([self.chunk, self.started, self.duration].iter().flat_map(|word| word.to_le_bytes()));
    }

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self { chunk: fields.word()?, started: fields.word()?, duration: fields.word()? })
    }
}

impl<'a> FromWorker<'a> {
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        match *self {
            Self::Hello { build } => frame(out, 0, |out| build.put(out)),
            Self::Refused { reason } => frame(out, 1, |out| out.extend_from_slice(reason)),
            Self::Done { ran, outputs } => frame(out, 2, |out| {
                ran.put(out);
                outputs.put(out);
            }),
            Self::Panicked { ran, at, message } => frame(out, 3, |out| {
                ran.put(out);
                put_bytes(out, at);
                out.extend_from_slice(message);
            }),
            Self::Unportable { ran, what, reason } => frame(out, 4, |out| {
                ran.put(out);
                out.push(what as u8);
                out.extend_from_slice(reason);
            }),
            Self::Skipped { first, count } => frame(out, 5, |out| {
                out.extend(first.to_le_bytes());
                out.extend(count.to_le_bytes());
            }),
            Self::Heard { chunk, records } => frame(out, 6, |out| {
                out.extend(chunk.to_le_bytes());
                out.extend_from_slice(records);
            }),
        }
    }

    /// Begins a `Done` frame, to which outputs are appended. The first output is that of `chunk`, which started at
    /// `started`.
    pub(crate) fn open_done(out: &mut Vec<u8>, chunk: u64, started: u64) -> OpenDone {
        let start = out.len();
        out.extend([0; HEAD]);
        out.push(2);
        Ran { chunk, started, duration: 0 }.put(out);
        OpenDone { start, head: out.len(), started }
    }

    /// The frame of this kind and these fields; `None` for what no worker would say.
    pub(crate) fn read(body: &'a [u8]) -> Option<Self> {
        let mut fields = Fields(body);
        let said = match fields.byte()? {
            0 => Self::Hello { build: fields.build()? },
            1 => Self::Refused { reason: fields.rest() },
            2 => Self::Done { ran: Ran::read(&mut fields)?, outputs: List::read(&mut fields)? },
            3 => Self::Panicked { ran: Ran::read(&mut fields)?, at: fields.bytes()?, message: fields.rest() },
            4 => {
                let ran = Ran::read(&mut fields)?;
                let what = match fields.byte()? {
                    0 => Part::Chunk,
                    1 => Part::Output,
                    2 => Part::Source,
                    _ => return None,
                };
                Self::Unportable { ran, what, reason: fields.rest() }
            }
            5 => Self::Skipped { first: fields.word()?, count: fields.word()? },
            6 => Self::Heard { chunk: fields.word()?, records: fields.rest() },
            _ => return None,
        };
        fields.0.is_empty().then_some(said)
    }
}

/// A `Done` frame whose outputs are being written in place. Its head is zero until the frame is closed. By this
/// `rest_of` recognizes an open frame.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OpenDone {
    /// Where the frame begins.
    start: usize,
    /// Where its first output begins.
    head: usize,
    started: u64,
}

impl OpenDone {
    /// Appends an output, whose bytes `encode` appends. Appends nothing if `is_written` says that `encode` wrote none.
    pub(crate) fn output<R>(
        self,
        out: &mut Vec<u8>,
        encode: impl FnOnce(&mut Vec<u8>) -> R,
        is_written: fn(&R) -> bool,
    ) -> R {
        list::push(out, encode, is_written)
    }

    /// Closes the frame; the last of its chunks ended at `ended`. If it has no output, it is removed.
    pub(crate) fn close(self, out: &mut Vec<u8>, ended: u64) {
        if out.len() == self.head {
            out.truncate(self.start);
            return;
        }
        let duration = ended.saturating_sub(self.started);
        out[self.head - 8..self.head].copy_from_slice(&duration.to_le_bytes());
        close(&mut out[self.start..]);
    }

    /// Where the frame begins.
    pub(crate) fn start(self) -> usize {
        self.start
    }
}

#[cfg(test)]
mod tests {
    use super::super::frame::{missing, next_frame};
    use super::*;

    const RAN: Ran = Ran { chunk: 7, started: 5, duration: 3 };

    /// A frame of these outputs, written in place.
    fn done(outputs: &[&[u8]]) -> Vec<u8> {
        let mut bytes = b"before".to_vec();
        let open = FromWorker::open_done(&mut bytes, RAN.chunk, RAN.started);
        for output in outputs {
            open.output(&mut bytes, |out| out.extend_from_slice(output), |()| true);
        }
        // One that fails leaves nothing behind.
        open.output(&mut bytes, |out| out.push(1), |()| false);
        open.close(&mut bytes, RAN.started + RAN.duration);
        bytes.split_off(6)
    }

    #[test]
    fn every_message_is_read_as_it_was_written() {
        let build = Build([1, 2, 3, 4, u64::MAX]);
        for said in [
            FromWorker::Hello { build },
            FromWorker::Refused { reason: b"no" },
            FromWorker::Panicked { ran: RAN, at: b"a.rs:1:2", message: b"oh" },
            FromWorker::Unportable { ran: RAN, what: Part::Output, reason: b"Rc" },
            FromWorker::Skipped { first: 9, count: 3 },
            FromWorker::Heard { chunk: 9, records: b"event" },
        ] {
            let mut bytes = Vec::new();
            said.write(&mut bytes);
            let (body, length) = next_frame(&bytes).unwrap().unwrap();
            assert_eq!((FromWorker::read(body), length), (Some(said), bytes.len()));
        }
    }

    #[test]
    fn a_frame_cut_anywhere_is_waited_for_and_never_misread() {
        let mut bytes = Vec::new();
        FromWorker::Panicked { ran: RAN, at: b"a.rs:1:2", message: b"oh" }.write(&mut bytes);
        for cut in 0..bytes.len() {
            assert_eq!(next_frame(&bytes[..cut]), Ok(None));
            if cut >= HEAD {
                assert_eq!(missing(&bytes[..cut]), Ok((bytes.len() - cut) as u64));
            }
        }
        for cut in HEAD..bytes.len() - 3 {
            assert_eq!(FromWorker::read(&bytes[HEAD..cut]), None, "cut at {cut}");
        }
    }

    #[test]
    fn a_frame_with_any_byte_changed_is_refused_or_waited_for() {
        let mut bytes = Vec::new();
        bytes.extend(done(&[b"output", b""]));
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x10;
            assert!(!matches!(next_frame(&damaged), Ok(Some(_))), "byte {at}");
        }
    }

    #[test]
    fn a_message_with_more_than_its_fields_is_refused() {
        let mut body = vec![5];
        body.extend([9u64, 3].iter().flat_map(|word| word.to_le_bytes()));
        assert_eq!(FromWorker::read(&body), Some(FromWorker::Skipped { first: 9, count: 3 }));
        body.push(1);
        assert_eq!(FromWorker::read(&body), None);
    }

    #[test]
    fn outputs_that_are_written_in_place_are_read_and_written_again() {
        let outputs: [&[u8]; 3] = [b"output", b"", b"another"];
        let bytes = done(&outputs);
        let (body, length) = next_frame(&bytes).unwrap().unwrap();
        let Some(said @ FromWorker::Done { ran, outputs: list }) = FromWorker::read(body) else { panic!("it is one") };
        assert_eq!((ran, list.count(), length), (RAN, 3, bytes.len()));
        assert_eq!(list.iter().collect::<Vec<_>>(), outputs);
        let mut again = Vec::new();
        said.write(&mut again);
        assert_eq!(again, bytes);
        assert!(done(&[]).is_empty(), "without outputs it is no message");
    }
}
