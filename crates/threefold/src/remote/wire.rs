//! The wire: frames between a parent and its worker processes, and who may speak at all.
//!
//! A frame is the length of its body in eight bytes, the body's CRC-32 in four, and the body: its kind in one byte and
//! that kind's fields. Integers are little-endian, byte strings run to the end of the frame or carry their own length.
//! The checksum is for what else might write to a worker's descriptors: half an answer and something foreign must not
//! become a wrong output. Values are bytes here: what is in them is the codec's
//! affair. Both sides are the same executable, so there is one version, checked at the first frame.
//!
//! A worker answers `Run` frames in the order in which they come, each with exactly one frame.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;

#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod inbox;

pub(crate) use inbox::Inbox;

use crate::task::received::Part;

/// Frames larger than this are refused: the sender or a value must be out of its mind.
const MAX_FRAME: u64 = 1 << 36;

/// The bytes of a frame's length.
const LENGTH: usize = 8;

/// The bytes before a frame's body: its length, and the checksum of the body.
const HEAD: usize = LENGTH + 4;

/// Which file a process was started from. The same file, unchanged, is the same build: a running executable cannot be
/// written to, and one that was replaced is another file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Build([u64; 5]);

impl Build {
    /// The build of this process.
    pub(crate) fn own() -> io::Result<Self> {
        let file = fs::metadata("/proc/self/exe").or_else(|_| fs::metadata(std::env::current_exe()?))?;
        Ok(Self([file.dev(), file.ino(), file.size(), file.mtime() as u64, file.mtime_nsec() as u64]))
    }
}

/// What a parent says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ToWorker<'a> {
    /// The first frame; the descriptor of the worker's cell travels with it. A memory limit of 0 is none.
    Hello { build: Build, memory_limit: u64 },
    /// From now on chunks are for this task.
    Task { path: &'a [u8], captures: &'a [u8], rules: Rules },
    /// Run this chunk.
    Run { chunk: u64, attempt: u32, bytes: &'a [u8] },
    /// Exit.
    Bye,
}

/// What a worker does by itself, before it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rules {
    /// Whether it starts nothing above a chunk whose output is `Err`.
    pub(crate) stop_on_err: bool,
    /// Whether it starts nothing above a chunk that panicked, or whose output cannot travel.
    pub(crate) stop_on_panic: bool,
    /// Whether it sends each answer before it starts the next chunk: what is done cannot be lost with it then.
    pub(crate) answer_each: bool,
}

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
    /// The chunk was not started: a failure below it was known by then.
    Skipped { chunk: u64 },
}

/// Which chunk ran, and when on the machine's monotonic clock, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ran {
    pub(crate) chunk: u64,
    pub(crate) started: u64,
    pub(crate) duration: u64,
}

impl ToWorker<'_> {
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        match *self {
            Self::Hello { build, memory_limit } => frame(out, 0, |out| {
                out.extend(build.0.iter().flat_map(|word| word.to_le_bytes()));
                out.extend(memory_limit.to_le_bytes());
            }),
            Self::Task { path, captures, rules } => frame(out, 1, |out| {
                out.extend([rules.stop_on_err, rules.stop_on_panic, rules.answer_each].map(u8::from));
                put_bytes(out, path);
                out.extend_from_slice(captures);
            }),
            Self::Run { chunk, attempt, bytes } => frame(out, 2, |out| {
                put_run(out, chunk, attempt);
                out.extend_from_slice(bytes);
            }),
            Self::Bye => frame(out, 3, |_| ()),
        }
    }

    /// Writes a `Run` frame whose bytes `encode` appends in place; nothing at all when that fails.
    pub(crate) fn write_run<E>(
        out: &mut Vec<u8>,
        chunk: u64,
        attempt: u32,
        encode: impl FnOnce(&mut Vec<u8>) -> Result<(), E>,
    ) -> Result<(), E> {
        let start = out.len();
        let mut result = Ok(());
        frame(out, 2, |out| {
            put_run(out, chunk, attempt);
            result = encode(out);
        });
        if result.is_err() {
            out.truncate(start);
        }
        result
    }
}

impl<'a> ToWorker<'a> {
    /// The frame of this kind and these fields; `None` for what no parent would say.
    pub(crate) fn read(body: &'a [u8]) -> Option<Self> {
        let mut fields = Fields(body);
        let said = match fields.byte()? {
            0 => Self::Hello { build: fields.build()?, memory_limit: fields.word()? },
            1 => {
                let rules =
                    Rules { stop_on_err: fields.flag()?, stop_on_panic: fields.flag()?, answer_each: fields.flag()? };
                Self::Task { path: fields.bytes()?, captures: fields.rest(), rules }
            }
            2 => {
                Self::Run { chunk: fields.word()?, attempt: u32::try_from(fields.word()?).ok()?, bytes: fields.rest() }
            }
            3 => Self::Bye,
            _ => return None,
        };
        fields.0.is_empty().then_some(said)
    }
}

impl<'a> FromWorker<'a> {
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        match *self {
            Self::Hello { build } => {
                frame(out, 0, |out| out.extend(build.0.iter().flat_map(|word| word.to_le_bytes())))
            }
            Self::Refused { reason } => frame(out, 1, |out| out.extend_from_slice(reason)),
            Self::Done { ran, output } => frame(out, 2, |out| {
                put_ran(out, ran);
                out.extend_from_slice(output);
            }),
            Self::Panicked { ran, at, message } => frame(out, 3, |out| {
                put_ran(out, ran);
                put_bytes(out, at);
                out.extend_from_slice(message);
            }),
            Self::Unportable { ran, what, reason } => frame(out, 4, |out| {
                put_ran(out, ran);
                out.push(what as u8);
                out.extend_from_slice(reason);
            }),
            Self::Skipped { chunk } => frame(out, 5, |out| out.extend(chunk.to_le_bytes())),
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
            2 => Self::Done { ran: fields.ran()?, output: fields.rest() },
            3 => Self::Panicked { ran: fields.ran()?, at: fields.bytes()?, message: fields.rest() },
            4 => {
                let ran = fields.ran()?;
                let what = match fields.byte()? {
                    0 => Part::Chunk,
                    1 => Part::Output,
                    _ => return None,
                };
                Self::Unportable { ran, what, reason: fields.rest() }
            }
            5 => Self::Skipped { chunk: fields.word()? },
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

/// The first whole frame in `bytes`: its body, and how many bytes it takes in all.
///
/// `Ok(None)` where it is not whole yet; an error where it never will be, or is damaged.
fn next_frame(bytes: &[u8]) -> Result<Option<(&[u8], usize)>, &'static str> {
    if missing(bytes)? > 0 {
        return Ok(None);
    }
    let (head, rest) = bytes.split_at(HEAD);
    let body = &rest[..body_length(head)? as usize];
    if head[LENGTH..] != crc32fast::hash(body).to_le_bytes() {
        return Err("it sent a damaged frame");
    }
    Ok(Some((body, HEAD + body.len())))
}

/// How many more bytes the first frame in `bytes` lacks, as far as can be told; 0 for a whole one. An error where it
/// never will be whole.
fn missing(bytes: &[u8]) -> Result<u64, &'static str> {
    if bytes.len() < HEAD {
        return Ok((HEAD - bytes.len()) as u64);
    }
    Ok((body_length(bytes)? + HEAD as u64).saturating_sub(bytes.len() as u64))
}

/// The length that the head of a frame tells of its body.
fn body_length(head: &[u8]) -> Result<u64, &'static str> {
    let length = head.first_chunk().map_or(0, |length| u64::from_le_bytes(*length));
    if length == 0 || length > MAX_FRAME { Err("it sent a frame with an invalid length") } else { Ok(length) }
}

fn frame(out: &mut Vec<u8>, kind: u8, fields: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend([0; HEAD]);
    out.push(kind);
    fields(out);
    close(&mut out[start..]);
}

/// Writes the head of the frame whose body is the rest of `frame`.
fn close(frame: &mut [u8]) {
    let (head, body) = frame.split_at_mut(HEAD);
    head[..LENGTH].copy_from_slice(&(body.len() as u64).to_le_bytes());
    head[LENGTH..].copy_from_slice(&crc32fast::hash(body).to_le_bytes());
}

fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend((bytes.len() as u64).to_le_bytes());
    out.extend_from_slice(bytes);
}

fn put_run(out: &mut Vec<u8>, chunk: u64, attempt: u32) {
    out.extend(chunk.to_le_bytes());
    out.extend(u64::from(attempt).to_le_bytes());
}

fn put_ran(out: &mut Vec<u8>, ran: Ran) {
    out.extend([ran.chunk, ran.started, ran.duration].iter().flat_map(|word| word.to_le_bytes()));
}

/// What is left to read of a frame.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn byte(&mut self) -> Option<u8> {
        let (&byte, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(byte)
    }

    fn flag(&mut self) -> Option<bool> {
        match self.byte()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    fn word(&mut self) -> Option<u64> {
        let (word, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u64::from_le_bytes(*word))
    }

    fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.word()?).ok()?;
        let (bytes, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(bytes)
    }

    /// All that is left.
    fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.0)
    }

    fn build(&mut self) -> Option<Build> {
        let mut words = [0; 5];
        for word in &mut words {
            *word = self.word()?;
        }
        Some(Build(words))
    }

    fn ran(&mut self) -> Option<Ran> {
        Some(Ran { chunk: self.word()?, started: self.word()?, duration: self.word()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RAN: Ran = Ran { chunk: 7, started: u64::MAX, duration: 1 };

    #[test]
    fn every_frame_is_read_as_it_was_written() {
        let build = Build([1, 2, 3, 4, u64::MAX]);
        for said in [
            ToWorker::Hello { build, memory_limit: 1 << 40 },
            ToWorker::Task {
                path: b"a::b",
                captures: b"",
                rules: Rules { stop_on_err: true, stop_on_panic: false, answer_each: true },
            },
            ToWorker::Run { chunk: u64::MAX, attempt: 3, bytes: b"\0\xff" },
            ToWorker::Bye,
        ] {
            let mut bytes = Vec::new();
            said.write(&mut bytes);
            let (body, length) = next_frame(&bytes).unwrap().unwrap();
            assert_eq!((ToWorker::read(body), length), (Some(said), bytes.len()));
        }
        for said in [
            FromWorker::Hello { build },
            FromWorker::Refused { reason: b"no" },
            FromWorker::Done { ran: RAN, output: b"" },
            FromWorker::Panicked { ran: RAN, at: b"a.rs:1:2", message: b"oh" },
            FromWorker::Unportable { ran: RAN, what: Part::Output, reason: b"Rc" },
            FromWorker::Skipped { chunk: 9 },
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
    fn absurd_lengths_are_refused_before_anything_is_allocated() {
        for absurd in [0, MAX_FRAME + 1, u64::MAX] {
            let mut bytes = absurd.to_le_bytes().to_vec();
            bytes.extend([0; 4]);
            assert!(next_frame(&bytes).is_err() && missing(&bytes).is_err());
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
    fn a_frame_with_more_than_its_fields_is_refused() {
        assert_eq!(FromWorker::read(&[5, 9, 0, 0, 0, 0, 0, 0, 0]), Some(FromWorker::Skipped { chunk: 9 }));
        assert_eq!(FromWorker::read(&[5, 9, 0, 0, 0, 0, 0, 0, 0, 1]), None);
        assert_eq!((ToWorker::read(&[3]), ToWorker::read(&[3, 0])), (Some(ToWorker::Bye), None));
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

    #[test]
    fn a_chunk_that_cannot_be_encoded_leaves_no_frame_behind() {
        let mut out = b"before".to_vec();
        assert!(
            ToWorker::write_run(&mut out, 1, 1, |out| {
                out.push(1);
                Err(())
            })
            .is_err()
        );
        assert_eq!(out, b"before");
    }
}
