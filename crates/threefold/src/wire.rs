//! The wire: frames between a parent and its worker processes, and who may speak at all.
//!
//! A frame is its length in eight bytes, its kind in one, and that kind's fields; integers are little-endian, byte
//! strings run to the end of the frame or carry their own length. Values are bytes here: what is in them is the codec's
//! affair. Both sides are the same executable, so there is one version, checked at the first frame.
//!
//! A worker answers `Run` frames in the order in which they come, each with exactly one frame.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;

mod inbox;

pub(crate) use inbox::Inbox;

/// Frames larger than this are refused: the sender or a value must be out of its mind.
const MAX_FRAME: u64 = 1 << 36;

/// The bytes of a frame's length.
const LENGTH: usize = 8;

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
    /// The first frame; the descriptor of the worker's cell travels with it.
    Hello { build: Build },
    /// From now on chunks are for this task.
    Task { path: &'a [u8], captures: &'a [u8], stops_on_err: bool },
    /// Run this chunk.
    Run { chunk: u64, attempt: u32, bytes: &'a [u8] },
    /// Exit.
    Bye,
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

/// What could not travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Chunk,
    Output,
}

impl ToWorker<'_> {
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        match *self {
            Self::Hello { build } => {
                frame(out, 0, |out| out.extend(build.0.iter().flat_map(|word| word.to_le_bytes())))
            }
            Self::Task { path, captures, stops_on_err } => frame(out, 1, |out| {
                out.push(u8::from(stops_on_err));
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
        Some(match fields.byte()? {
            0 => Self::Hello { build: fields.build()? },
            1 => {
                let stops_on_err = fields.byte()? != 0;
                Self::Task { path: fields.bytes()?, captures: fields.0, stops_on_err }
            }
            2 => Self::Run { chunk: fields.word()?, attempt: u32::try_from(fields.word()?).ok()?, bytes: fields.0 },
            3 => Self::Bye,
            _ => return None,
        })
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
        Some(match fields.byte()? {
            0 => Self::Hello { build: fields.build()? },
            1 => Self::Refused { reason: fields.0 },
            2 => Self::Done { ran: fields.ran()?, output: fields.0 },
            3 => Self::Panicked { ran: fields.ran()?, at: fields.bytes()?, message: fields.0 },
            4 => {
                let ran = fields.ran()?;
                let what = match fields.byte()? {
                    0 => Part::Chunk,
                    1 => Part::Output,
                    _ => return None,
                };
                Self::Unportable { ran, what, reason: fields.0 }
            }
            5 => Self::Skipped { chunk: fields.word()? },
            _ => return None,
        })
    }
}

/// A `Done` frame whose output is being written in place.
pub(crate) struct OpenDone {
    start: usize,
}

impl OpenDone {
    /// The output is whole: all that follows the beginning of the frame.
    pub(crate) fn close(self, out: &mut [u8], ran: Ran) {
        let length = (out.len() - self.start - LENGTH) as u64;
        let mut head = Vec::with_capacity(LENGTH + 1 + 24);
        head.extend(length.to_le_bytes());
        head.push(2);
        put_ran(&mut head, ran);
        out[self.start..self.start + head.len()].copy_from_slice(&head);
    }
}

/// The first whole frame in `bytes`: its body, and how many bytes it takes in all.
///
/// `Ok(None)` where it is not whole yet; an error where it never will be.
fn next_frame(bytes: &[u8]) -> Result<Option<(&[u8], usize)>, &'static str> {
    let Some((length, rest)) = bytes.split_first_chunk::<LENGTH>() else { return Ok(None) };
    let length = u64::from_le_bytes(*length);
    if length == 0 || length > MAX_FRAME {
        return Err("it sent a frame of an absurd length");
    }
    Ok(rest.get(..length as usize).map(|body| (body, LENGTH + body.len())))
}

/// How many more bytes the first frame in `bytes` lacks, as far as can be told; 0 for a whole one.
fn missing(bytes: &[u8]) -> u64 {
    match bytes.first_chunk::<LENGTH>() {
        Some(length) => (u64::from_le_bytes(*length).saturating_add(LENGTH as u64)).saturating_sub(bytes.len() as u64),
        None => (LENGTH - bytes.len()) as u64,
    }
}

fn frame(out: &mut Vec<u8>, kind: u8, fields: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend([0; LENGTH]);
    out.push(kind);
    fields(out);
    let length = (out.len() - start - LENGTH) as u64;
    out[start..start + LENGTH].copy_from_slice(&length.to_le_bytes());
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
            ToWorker::Hello { build },
            ToWorker::Task { path: b"a::b", captures: b"", stops_on_err: true },
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
            if cut >= LENGTH {
                assert_eq!(missing(&bytes[..cut]), (bytes.len() - cut) as u64);
            }
        }
        for cut in LENGTH..bytes.len() - 3 {
            assert_eq!(FromWorker::read(&bytes[LENGTH..cut]), None, "cut at {cut}");
        }
    }

    #[test]
    fn absurd_lengths_are_refused_before_anything_is_allocated() {
        assert!(next_frame(&u64::MAX.to_le_bytes()).is_err());
        assert!(next_frame(&0u64.to_le_bytes()).is_err());
        assert_eq!(missing(&u64::MAX.to_le_bytes()), u64::MAX - 8);
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
