//! What crosses a process border, as bytes: MessagePack with named fields, exact for all that serde can describe.
//!
//! The bytes are written and read with `rmp`, the layer under rmp-serde, and a serde front of our own, because three
//! things must hold that rmp-serde leaves open:
//!
//! - *Exact.* MessagePack has one `nil`, so that `Some(None)` and `Some(())` come back as `None`. Here a `Some` around
//!   a `nil` has a byte of its own before it, [`SOME`], which MessagePack never uses. Lists of `u8` and 128-bit integers
//!   are extension types ([`BYTES`], [`I128`], [`U128`]): they stay what they are where serde asks for "whatever
//!   comes", as it does for untagged enums and flattened structs.
//! - *Whole.* A length that does not fit or does not match what was written is an error, never a shifted reading.
//! - *Bounded.* Whatever the bytes are, reading them takes memory in proportion to their number, also where lists within
//!   each other promise the same bytes, and goes at most [`DEPTH`] levels deep, through enums and options too. Writing
//!   has the same limit, so that what was sent can be read.
//!
//! Both sides call themselves human-readable (serde's default): serde's own buffer, through which untagged enums and
//! flattened structs are read, always does, and a type such as `IpAddr` that has two forms must meet the one it wrote.
//!
//! The bytes are for the same build on the other side: they are neither stored nor stable.

mod bytes;
mod decoder;
mod encoder;
mod error;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
#[cfg(test)]
mod tests;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// How many levels a value may have within each other. One level of a recursive type is up to three of these (a field,
/// its `Some`, the list in it). A level of a debug build takes up to 4 KiB of stack, so these take half of a thread's.
const DEPTH: u16 = 256;

/// Stands before a `nil` or another `SOME`: what follows is in a `Some`.
const SOME: u8 = 0xc1;

/// The extension type of a list of `u8`.
const BYTES: i8 = 1;
/// The extension type of an `i128`, big endian.
const I128: i8 = 2;
/// The extension type of a `u128`, big endian.
const U128: i8 = 3;

/// Appends `value` to `bytes`; nothing when that fails.
pub(crate) fn encode<T: Serialize + ?Sized>(value: &T, bytes: &mut Vec<u8>) -> Result<(), String> {
    let start = bytes.len();
    value.serialize(&mut encoder::Encoder::new(bytes)).map_err(|error| {
        bytes.truncate(start);
        error.to_string()
    })
}

/// The value that `bytes` are, all of them.
pub(crate) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    let mut decoder = decoder::Decoder::new(bytes);
    let value = T::deserialize(&mut decoder).and_then(|value| decoder.end().map(|()| value));
    value.map_err(|error| format!("{error}, at byte {} of {}", bytes.len() - decoder.left(), bytes.len()))
}
