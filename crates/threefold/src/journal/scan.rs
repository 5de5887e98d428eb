//! Reads a journal from its beginning to its end, and tells a torn tail from damage.
//!
//! A program that is killed leaves a beginning of what it would have written. So its last frame may be cut short, which is a
//! *torn tail*: the chunk of that frame is not recorded, and its bytes are cut off before anything is written. Whatever
//! else does not fit is *damage*, and an error. How the two are told apart:
//!
//! 1. Fewer bytes than a head are left: a torn tail.
//! 2. The head's checksum holds, so its length can be trusted, and the file ends before the frame does: a torn tail.
//! 3. A checksum or a mark is wrong, and the frame reaches into zeros that go on to the end of the file: a torn tail. A
//!    machine that lost its power may leave a file that has its new length, but not all of its new bytes. A frame does
//!    not end with a zero, so a bit that was changed cannot look like this.
//! 4. A checksum or a mark is wrong: damage.
//!
//! So every changed bit of a whole frame is damage, also in the last frame. A bit that was changed in a frame that was cut
//! short is damage or a torn tail, and in both cases no output is read from that frame.

use std::io::{self, BufRead, BufReader, Read};
use std::sync::Arc;

use super::format::{Beginning, HEAD, Head, Kind, MARK, PREAMBLE, ROOT, TAIL, checksum, preamble, tail};
use super::header::Header;
use super::index::Index;

/// How many bytes are read at a time.
const STEP: usize = 256 << 10;

/// How many bytes are read first for one output.
const SMALL: usize = 512;

/// What is read: bytes with a length, of which any can be read.
pub(super) trait Bytes {
    fn length(&self) -> io::Result<u64>;
    fn read_exact_at(&self, bytes: &mut [u8], at: u64) -> io::Result<()>;
}

/// The folds that a journal records.
#[derive(Debug, Default)]
pub(super) struct Scan {
    pub(super) folds: Vec<Recorded>,
    /// Where the last whole frame ends: 0 if there is no whole preamble.
    pub(super) end: u64,
    /// Whether there are bytes behind that.
    pub(super) is_torn: bool,
    /// The number of the fold of the last frame.
    pub(super) last: Option<usize>,
}

/// A fold that is recorded.
#[derive(Debug)]
pub(super) struct Recorded {
    pub(super) header: Header,
    pub(super) index: Arc<Index>,
}

/// Why the bytes are no journal that can be continued.
#[derive(Debug)]
pub(super) enum Fault {
    /// They cannot be read.
    Unreadable(io::Error),
    /// They are something else.
    Foreign,
    /// They are a journal of this other version of the format.
    Version(u32),
    /// The frame at this offset is damaged.
    Damage { at: u64, what: String },
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::Unreadable(error)
    }
}

/// Reads all of `bytes`. The memory that it takes is in proportion to the number of records, not to their lengths.
pub(super) fn scan(bytes: &impl Bytes) -> Result<Scan, Fault> {
    scan_on(bytes, Scan::default())
}

/// Reads what has come since these folds were found. It is the same as to read all of `bytes` again.
pub(super) fn scan_on(bytes: &impl Bytes, known: Scan) -> Result<Scan, Fault> {
    let (length, begin) = (bytes.length()?, known.end);
    let step = length.min(STEP as u64) as usize;
    let reader = BufReader::with_capacity(step, Rest { bytes, at: begin, length });
    let mut input = Input { at: begin, length, reader };
    if begin == 0 && input.begin()? == 0 {
        return Ok(Scan { is_torn: length > 0, ..Scan::default() });
    }
    let mut folds: Vec<Found> = known.folds.into_iter().zip(0..).map(Found::from).collect();
    let mut last = known.last;
    let end = loop {
        let at = input.at;
        let root = last.map_or(ROOT, |fold: usize| folds[fold].root);
        match input.frame(root)? {
            Frame::None => break at,
            Frame::Wrong { reach, what } => {
                // The rules 3 and 4 of this module.
                if reach > without_zeros(bytes, at, length)? {
                    break at;
                }
                return Err(damage(at, what));
            }
            Frame::Fold { number, header, root } => {
                let number = usize::try_from(number).unwrap_or(usize::MAX);
                match folds.get(number) {
                    Some(fold) if fold.root == root && fold.header == header => {}
                    None if number == folds.len() => folds.push(Found::new(header, root)),
                    _ => return Err(damage(at, "a fold is not the one that was recorded under its number")),
                }
                last = Some(number);
            }
            Frame::Output { chunk } => {
                let Some(fold) = last.map(|fold| &mut folds[fold]) else {
                    return Err(damage(at, "an output has no fold before it"));
                };
                if chunk >= fold.header.chunks {
                    return Err(damage(at, format!("the fold has no chunk {chunk}")));
                }
                fold.records.push((chunk, at));
            }
        }
    };
    let folds: Result<_, _> = folds.into_iter().map(Found::index).collect();
    Ok(Scan { folds: folds?, end, is_torn: end < length, last })
}

/// The output of `chunk` of the fold with this `root`, whose frame is at `at`, in a file whose frames end at `end`. All that
/// was checked when the file was opened is checked again.
pub(super) fn output(bytes: &impl Bytes, at: u64, end: u64, chunk: u64, root: u32) -> Result<Vec<u8>, Fault> {
    let changed = || damage(at, format!("the output of chunk {chunk} has changed since the journal was opened"));
    let read = |piece: &mut [u8], at| {
        bytes.read_exact_at(piece, at).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => changed(),
            _ => Fault::Unreadable(error),
        })
    };
    // Most outputs are small, so one read has the frame.
    let mut frame = [0; SMALL];
    let ready = (end - at).min(SMALL as u64) as usize;
    let frame = &mut frame[..ready];
    read(frame, at)?;
    let head = frame.first_chunk().and_then(|head| Head::read(head, root)).ok_or_else(changed)?;
    if (head.kind, head.number) != (Kind::Output, chunk) {
        return Err(changed());
    }
    // The length has been checked, so it may be trusted with memory.
    let length = head.length as usize;
    let mut body = vec![0; length + TAIL];
    let there = body.len().min(ready - HEAD);
    body[..there].copy_from_slice(&frame[HEAD..][..there]);
    read(&mut body[there..], at + (HEAD + there) as u64)?;
    let is_whole = body[length..] == tail(checksum(head.checksum, &body[..length]));
    body.truncate(length);
    if is_whole { Ok(body) } else { Err(changed()) }
}

fn damage(at: u64, what: impl Into<String>) -> Fault {
    Fault::Damage { at, what: what.into() }
}

/// A fold while its outputs are found.
struct Found {
    header: Header,
    /// The checksum of the header, from which the checksums of its outputs begin.
    root: u32,
    /// The outputs that were found before.
    index: Arc<Index>,
    records: Vec<(u64, u64)>,
}

impl Found {
    fn new(header: Header, root: u32) -> Self {
        Self { header, root, index: Arc::default(), records: Vec::new() }
    }

    /// A fold with this number, which was found before.
    fn from((recorded, number): (Recorded, u64)) -> Self {
        let Recorded { header, index } = recorded;
        Self { root: header.frame(number).root, header, index, records: Vec::new() }
    }

    fn index(self) -> Result<Recorded, Fault> {
        let Self { header, mut index, mut records, .. } = self;
        if !records.is_empty() {
            records.extend(index.records());
            let both = Index::of(records).map_err(|at| damage(at, "the output of a chunk is there a second time"))?;
            index = Arc::new(both);
        }
        Ok(Recorded { header, index })
    }
}

/// Where the zeros begin that go on to the end of the file, but not before `from`.
fn without_zeros(bytes: &impl Bytes, from: u64, length: u64) -> io::Result<u64> {
    let mut end = length;
    let mut piece = vec![0; (length - from).min(STEP as u64) as usize];
    while end > from {
        let count = (end - from).min(STEP as u64);
        let piece = &mut piece[..count as usize];
        bytes.read_exact_at(piece, end - count)?;
        if let Some(last) = piece.iter().rposition(|&byte| byte != 0) {
            return Ok(end - count + last as u64 + 1);
        }
        end -= count;
    }
    Ok(from)
}

/// What is at the next place.
enum Frame {
    /// No whole frame: the end, or a frame that was cut short.
    None,
    /// Something whose checksums do not hold. `reach` is where its bytes would end, as far as that is known.
    Wrong {
        reach: u64,
        what: &'static str,
    },
    Fold {
        number: u64,
        header: Header,
        root: u32,
    },
    Output {
        chunk: u64,
    },
}

/// Reads forwards.
struct Input<R> {
    reader: R,
    at: u64,
    length: u64,
}

impl<R: BufRead> Input<R> {
    /// Reads the preamble. It gives where the frames begin: at 0 if the preamble is cut short.
    fn begin(&mut self) -> Result<u64, Fault> {
        if self.length < PREAMBLE as u64 {
            let mut beginning = vec![0; self.length as usize];
            self.read(&mut beginning)?;
            return if preamble().starts_with(&beginning) { Ok(0) } else { Err(Fault::Foreign) };
        }
        let mut beginning = [0; PREAMBLE];
        self.read(&mut beginning)?;
        match Beginning::of(&beginning) {
            Beginning::Ours => Ok(self.at),
            Beginning::Version(version) => Err(Fault::Version(version)),
            Beginning::Damaged => Err(damage(0, "its first bytes are not those of a journal")),
            Beginning::Foreign => Err(Fault::Foreign),
        }
    }

    fn frame(&mut self, root: u32) -> io::Result<Frame> {
        let start = self.at;
        if self.length - start < HEAD as u64 {
            return Ok(Frame::None);
        }
        let mut bytes = [0; HEAD];
        self.read(&mut bytes)?;
        let Some(head) = Head::read(&bytes, root) else {
            return Ok(Frame::Wrong { reach: self.at, what: "the checksum of a frame's head does not match" });
        };
        let whole = head.frame_length().filter(|&whole| whole <= self.length - start);
        let Some(whole) = whole else {
            return Ok(Frame::None);
        };
        let reach = start + whole;
        // Of an output only the checksum is wanted, so it is never held in memory as a whole.
        let mut body = Vec::new();
        let mut found = head.checksum;
        let mut left = head.length;
        while left > 0 {
            let ready = self.reader.fill_buf()?;
            let piece = &ready[..left.min(ready.len() as u64) as usize];
            if piece.is_empty() {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            found = checksum(found, piece);
            if head.kind == Kind::Fold {
                body.extend_from_slice(piece);
            }
            let count = piece.len();
            self.reader.consume(count);
            left -= count as u64;
        }
        self.at += head.length;
        let mut tail = [0; TAIL];
        self.read(&mut tail)?;
        if tail[..4] != found.to_le_bytes() {
            return Ok(Frame::Wrong { reach, what: "the checksum of a frame's body does not match" });
        }
        if tail[4] != MARK {
            return Ok(Frame::Wrong { reach, what: "a frame does not end with its mark" });
        }
        Ok(match head.kind {
            Kind::Output => Frame::Output { chunk: head.number },
            Kind::Fold => match Header::read(&body) {
                Some(header) => Frame::Fold { number: head.number, header, root: found },
                None => Frame::Wrong { reach, what: "the header of a fold cannot be read" },
            },
        })
    }

    fn read(&mut self, bytes: &mut [u8]) -> io::Result<()> {
        self.reader.read_exact(bytes)?;
        self.at += bytes.len() as u64;
        Ok(())
    }
}

/// The bytes from a place on, as a stream.
struct Rest<'a, B> {
    bytes: &'a B,
    at: u64,
    length: u64,
}

impl<B: Bytes> Read for Rest<'_, B> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let count = (self.length - self.at).min(bytes.len() as u64) as usize;
        self.bytes.read_exact_at(&mut bytes[..count], self.at)?;
        self.at += count as u64;
        Ok(count)
    }
}
