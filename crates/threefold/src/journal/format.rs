//! The bytes of a journal: the preamble, and the heads and tails of frames. The documentation of [`Journal`](super::Journal)
//! has them as a table.
//!
//! An output belongs to the fold of the last fold frame before it. A fold that is continued after other folds were
//! recorded has a second fold frame, the same as its first one.
//!
//! Checksums are CRC-32. They are chained: that of the head begins with the one of the fold's header, and that of the body
//! with the one of the head. So a record that has come into another fold, or a body behind another head, is found like
//! a changed bit.
//!
//! Why a head has its own checksum: a length that is trusted tells a record that was not written to its end from one
//! that was changed. Why a frame ends with a mark: no frame ends with a zero, so zeros at the end of a file are not ours.

use crc32fast::Hasher;

/// What a journal begins with. The first byte is in no text, so that no file with text is taken for a torn journal.
const MAGIC: [u8; 16] = *b"\xF3threefold fold\n";

/// The version of the format.
pub(super) const VERSION: u32 = 1;

/// The bytes of the preamble.
pub(super) const PREAMBLE: usize = 24;

/// The bytes of a frame before its body.
pub(super) const HEAD: usize = 1 + 8 + 8 + 4;

/// The bytes of a frame behind its body.
pub(super) const TAIL: usize = 4 + 1;

/// The last byte of each frame. A single changed bit does not make it zero.
pub(super) const MARK: u8 = b'\n';

/// What the checksum of a fold frame begins with.
pub(super) const ROOT: u32 = 0;

/// The beginning of a new journal.
pub(super) fn preamble() -> [u8; PREAMBLE] {
    preamble_of(VERSION)
}

pub(super) fn preamble_of(version: u32) -> [u8; PREAMBLE] {
    let mut bytes = [0; PREAMBLE];
    bytes[..16].copy_from_slice(&MAGIC);
    bytes[16..20].copy_from_slice(&version.to_le_bytes());
    let checksum = checksum(ROOT, &bytes[..20]);
    bytes[20..].copy_from_slice(&checksum.to_le_bytes());
    bytes
}

/// What the first bytes of a file say.
#[derive(Debug, PartialEq)]
pub(super) enum Beginning {
    /// It is a journal of this format.
    Ours,
    /// It is a journal of another version of the format.
    Version(u32),
    /// It is a journal whose first bytes were changed.
    Damaged,
    /// It is something else.
    Foreign,
}

impl Beginning {
    pub(super) fn of(bytes: &[u8; PREAMBLE]) -> Self {
        let version = u32::from_le_bytes([bytes[16], bytes[17], bytes[18], bytes[19]]);
        if *bytes == preamble() {
            Self::Ours
        } else if *bytes == preamble_of(version) {
            Self::Version(version)
        } else if bytes.iter().zip(preamble()).filter(|&(&byte, expected)| byte == expected).count() >= PREAMBLE / 2 {
            Self::Damaged
        } else {
            Self::Foreign
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Fold,
    Output,
}

/// The head of a frame.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head {
    pub(super) kind: Kind,
    /// The number of the fold or of the chunk.
    pub(super) number: u64,
    /// The length of the body, in bytes.
    pub(super) length: u64,
    /// The checksum of the head.
    pub(super) checksum: u32,
}

impl Head {
    /// The head of a frame with this body. `root` is [`ROOT`] for a fold, and the checksum of the fold's header for an
    /// output.
    pub(super) fn new(kind: Kind, number: u64, length: u64, root: u32) -> Self {
        let mut head = Self { kind, number, length, checksum: 0 };
        head.checksum = checksum(root, &head.bytes()[..HEAD - 4]);
        head
    }

    pub(super) fn bytes(&self) -> [u8; HEAD] {
        let mut bytes = [0; HEAD];
        bytes[0] = match self.kind {
            Kind::Fold => b'F',
            Kind::Output => b'O',
        };
        bytes[1..9].copy_from_slice(&self.number.to_le_bytes());
        bytes[9..17].copy_from_slice(&self.length.to_le_bytes());
        bytes[17..].copy_from_slice(&self.checksum.to_le_bytes());
        bytes
    }

    /// The head with these bytes, if they are one. `root` is the checksum of the fold's header.
    pub(super) fn read(bytes: &[u8; HEAD], root: u32) -> Option<Self> {
        let (kind, root) = match bytes[0] {
            b'F' => (Kind::Fold, ROOT),
            b'O' => (Kind::Output, root),
            _ => return None,
        };
        let (numbers, _) = bytes[1..].as_chunks().0.split_first_chunk::<2>()?;
        let [number, length] = numbers.map(u64::from_le_bytes);
        let head = Self::new(kind, number, length, root);
        (head.bytes() == *bytes).then_some(head)
    }

    /// The length of the whole frame, in bytes, unless no file is so long.
    pub(super) fn frame_length(&self) -> Option<u64> {
        self.length.checked_add((HEAD + TAIL) as u64)
    }
}

/// What follows a body with this checksum.
pub(super) fn tail(checksum: u32) -> [u8; TAIL] {
    let mut bytes = [MARK; TAIL];
    bytes[..4].copy_from_slice(&checksum.to_le_bytes());
    bytes
}

/// The CRC-32 of `bytes`, continued from `root`.
pub(super) fn checksum(root: u32, bytes: &[u8]) -> u32 {
    let mut hasher = Hasher::new_with_initial(root);
    hasher.update(bytes);
    hasher.finalize()
}
