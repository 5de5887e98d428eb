//! `FromWorker`: what a worker says.

use super::Build;
use super::fields::{Fields, put_bytes};
use super::frame::{HEAD, close, frame};
use crate::task::received::Part;

/// What a worker says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FromWorker<'a> {
    /// The first frame: ready.
    Hello { build: Build },
    /// It cannot serve, for this reason, and exits.
    Refused { reason: &'a [u8] },
    /// The output of a chunk.
    Done { ran: Ran, output: &'a [u8] },
    /// The task unwound; `at` is empty where the place is not known.
    Panicked { ran: Ran, at: &'a [u8], message: &'a [u8] },
    /// The chunk could not be read or its output not be written.
    Unportable { ran: Ran, what: Part, reason: &'a [u8] },
    /// So many chunks, from this one on, were not started: a failure below them was known by then.
    Skipped { first: u64, count: u64 },
}

/// Which chunk ran, and when on the machine's monotonic clock, in nanoseconds.
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
            Self::Done { ran, output } => frame(out, 2, |out| {
                ran.put(out);
                out.extend_from_slice(output);
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
        }
    }

    /// Begins a `Done` frame whose output is appended next.
    pub(crate) fn open_done(out: &mut Vec<u8>) -> OpenDone {
        let start = out.len();
        Self::Done { ran: Ran { chunk: 0, started: 0, duration: 0 }, output: &[] }.write(out);
        OpenDone { start }
    }

    /// The frame of this kind and these fields; `None` for what no worker would say.
    pub(crate) fn read(body: &'a [u8]) -> Option<Self> {
        let mut fields = Fields(body);
        let said = match fields.byte()? {
            0 => Self::Hello { build: fields.build()? },
            1 => Self::Refused { reason: fields.rest() },
            2 => Self::Done { ran: Ran::read(&mut fields)?, output: fields.rest() },
            3 => Self::Panicked { ran: Ran::read(&mut fields)?, at: fields.bytes()?, message: fields.rest() },
            4 => {
                let ran = Ran::read(&mut fields)?;
                let what = match fields.byte()? {
                    0 => Part::Chunk,
                    1 => Part::Output,
                    _ => return None,
                };
                Self::Unportable { ran, what, reason: fields.rest() }
            }
            5 => Self::Skipped { first: fields.word()?, count: fields.word()? },
            _ => return None,
        };
        fields.0.is_empty().then_some(said)
    }
}

/// A `Done` frame whose output is being written in place.
pub(crate) struct OpenDone {
    start: usize,
}

impl OpenDone {
    /// The output is whole: all that follows the beginning of the frame.
    pub(crate) fn close(self, out: &mut [u8], ran: Ran) {
        let frame = &mut out[self.start..];
        // Behind the kind.
        let words = [ran.chunk, ran.started, ran.duration];
        for (place, word) in frame[HEAD + 1..].chunks_exact_mut(8).zip(words) {
            place.copy_from_slice(&word.to_le_bytes());
        }
        close(frame);
    }
}

#[cfg(test)]
mod tests {
    use super::super::frame::{missing, next_frame};
    use super::*;

    const RAN: Ran = Ran { chunk: 7, started: u64::MAX, duration: 1 };

    #[test]
    fn every_message_is_read_as_it_was_written() {
        let build = Build([1, 2, 3, 4, u64::MAX]);
        for said in [
            FromWorker::Hello { build },
            FromWorker::Refused { reason: b"no" },
            FromWorker::Done { ran: RAN, output: b"" },
            FromWorker::Panicked { ran: RAN, at: b"a.rs:1:2", message: b"oh" },
            FromWorker::Unportable { ran: RAN, what: Part::Output, reason: b"Rc" },
            FromWorker::Skipped { first: 9, count: 3 },
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
        FromWorker::Done { ran: RAN, output: b"output" }.write(&mut bytes);
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
    fn an_output_that_is_written_in_place_makes_the_same_frame() {
        let (mut whole, mut in_place) = (Vec::new(), b"before".to_vec());
        FromWorker::Done { ran: RAN, output: b"output" }.write(&mut whole);
        let open = FromWorker::open_done(&mut in_place);
        in_place.extend(b"output");
        open.close(&mut in_place, RAN);
        assert_eq!(in_place[6..], whole);
    }
}
