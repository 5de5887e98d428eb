//! `Large`: folds whose chunks, or whose outputs, are large.

use std::fmt;

use serde::de::{Error as _, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use threefold::prelude::*;

/// Which messages are large, and how large.
#[derive(Clone, Copy)]
pub(crate) struct Large {
    /// Whether the chunks are; otherwise the outputs are.
    pub(crate) is_in: bool,
    pub(crate) bytes: usize,
}

/// The name of a contest says what is large: `in-64K`, `out-1M-4` on 4 ranks.
pub(crate) fn parse(name: &str) -> (Large, u32) {
    let mut words = name.split('-');
    let is_in = words.next() == Some("in");
    let size = words.next().expect("a size follows");
    let (number, unit) = size.split_at(size.len() - 1);
    let unit = if unit == "K" { 1 << 10 } else { 1 << 20 };
    let bytes = number.parse::<usize>().expect("a number") * unit;
    (Large { is_in, bytes }, words.next().map_or(2, |ranks| ranks.parse().expect("a number of ranks")))
}

impl Large {
    /// So many chunks that a fold takes some hundredths of a second.
    pub(crate) fn chunks(self) -> u64 {
        ((64 << 20) / self.bytes as u64).clamp(4, 256)
    }

    /// What these words say, which are those of [`Large::words`].
    pub(crate) fn of(words: &[String]) -> Option<Self> {
        let [direction, bytes] = words else { return None };
        Some(Self { is_in: direction == "in", bytes: bytes.parse().ok()? })
    }

    /// The words that tell a competitor.
    pub(crate) fn words(self) -> [String; 2] {
        [if self.is_in { "in" } else { "out" }.to_string(), self.bytes.to_string()]
    }

    /// The sum of the numbers of the chunks.
    pub(crate) fn fold(self, on: &Executor, chunks: u64) -> u64 {
        let sum = if self.is_in {
            let chunks = (0..chunks).map(|number| Bytes::with(number, self.bytes)).collect();
            on.fold(Items(chunks), number_in, 0, u64::wrapping_add)
        } else {
            let reduce = |sum: u64, output: Bytes| sum.wrapping_add(output.number());
            on.fold(Items((0..chunks).collect()), filled.with(self.bytes), 0, reduce)
        };
        sum.expect("no chunk fails")
    }
}

/// Bytes that are serialized as such, and not one by one as those of a `Vec<u8>` are.
#[derive(Clone)]
struct Bytes(Vec<u8>);

impl Bytes {
    fn with(number: u64, bytes: usize) -> Self {
        let mut all = vec![1; bytes];
        all[..8].copy_from_slice(&number.to_le_bytes());
        Self(all)
    }

    fn number(&self) -> u64 {
        u64::from_le_bytes(*self.0.first_chunk().expect("there are more bytes"))
    }
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reads;
        impl Visitor<'_> for Reads {
            type Value = Bytes;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("bytes")
            }

            fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<Bytes, E> {
                Ok(Bytes(bytes.to_vec()))
            }
        }
        deserializer.deserialize_bytes(Reads).map_err(D::Error::custom)
    }
}

#[task]
fn number_in(chunk: Bytes) -> u64 {
    chunk.number()
}

#[task]
fn filled(number: u64, bytes: &usize) -> Bytes {
    Bytes::with(number, *bytes)
}
