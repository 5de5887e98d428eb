//! `LineChunk`: what a task is given of `Lines`.

use std::ops::Deref;
use std::str::Utf8Error;

use serde::{Deserialize, Serialize};

use crate::source::Slice;

/// Some consecutive lines: the chunk of [`Lines`](super::Lines). It derefs to `[u8]`.
///
/// ```
/// use threefold::Lines;
/// use threefold::prelude::*;
///
/// let mut chunks = Lines::over(b"one\ntwo\nthree\n".to_vec()).chunks_of(8).all_chunks();
/// let (first, second) = (chunks.next().unwrap(), chunks.next().unwrap());
/// assert_eq!(first.lines().collect::<Vec<_>>(), [b"one", b"two"]);
/// assert_eq!((second.text(), second.offset()), (Ok("three\n"), 8));
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LineChunk {
    #[serde(with = "as_bytes")]
    bytes: Slice<u8>,
    delimiter: u8,
    offset: u64,
}

impl LineChunk {
    pub(super) fn new(bytes: Slice<u8>, delimiter: u8, offset: u64) -> Self {
        Self { bytes, delimiter, offset }
    }

    /// The lines, in their order, each without the delimiter at its end.
    ///
    /// ```
    /// use threefold::Lines;
    /// use threefold::prelude::*;
    ///
    /// let chunk = Lines::over(b"one\n\nthree".to_vec()).all_chunks().next().unwrap();
    /// assert_eq!(chunk.lines().collect::<Vec<_>>(), [&b"one"[..], b"", b"three"]);
    /// ```
    pub fn lines(&self) -> impl Iterator<Item = &[u8]> {
        let delimiter = self.delimiter;
        let whole = self.bytes.strip_suffix(&[delimiter]).unwrap_or(&self.bytes);
        // An empty chunk has no line, and not an empty one.
        let lines = (!self.bytes.is_empty()).then(|| whole.split(move |&byte| byte == delimiter));
        lines.into_iter().flatten()
    }

    /// All lines as text, with the delimiters.
    ///
    /// ```
    /// use threefold::Lines;
    /// use threefold::prelude::*;
    ///
    /// let chunk = Lines::over("größer\n".to_string().into_bytes()).all_chunks().next().unwrap();
    /// assert_eq!(chunk.text(), Ok("größer\n"));
    /// ```
    ///
    /// # Errors
    ///
    /// The bytes are not UTF-8.
    pub fn text(&self) -> Result<&str, Utf8Error> {
        std::str::from_utf8(&self.bytes)
    }

    /// Where the lines begin in the whole input, in bytes.
    ///
    /// ```
    /// use threefold::Lines;
    /// use threefold::prelude::*;
    ///
    /// let chunks = Lines::over(b"one\ntwo\n".to_vec()).split_into(2).all_chunks();
    /// assert_eq!(chunks.map(|chunk| chunk.offset()).collect::<Vec<_>>(), [0, 4]);
    /// ```
    pub fn offset(&self) -> u64 {
        self.offset
    }
}

impl Deref for LineChunk {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

/// A slice of bytes as one byte string. As a sequence it would be written and read byte by byte.
mod as_bytes {
    use std::fmt;

    use serde::de::{Error, SeqAccess, Visitor};
    use serde::{Deserializer, Serializer};

    use crate::source::Slice;

    pub(super) fn serialize<S: Serializer>(bytes: &Slice<u8>, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(bytes)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Slice<u8>, D::Error> {
        deserializer.deserialize_byte_buf(Bytes)
    }

    struct Bytes;

    impl<'de> Visitor<'de> for Bytes {
        type Value = Slice<u8>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("bytes")
        }

        fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Slice<u8>, E> {
            Ok(bytes.to_vec().into())
        }

        fn visit_byte_buf<E: Error>(self, bytes: Vec<u8>) -> Result<Slice<u8>, E> {
            Ok(bytes.into())
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Slice<u8>, A::Error> {
            let mut bytes = Vec::new();
            while let Some(byte) = sequence.next_element()? {
                bytes.push(byte);
            }
            Ok(bytes.into())
        }
    }
}
