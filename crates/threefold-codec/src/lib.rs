//! Turns values into bytes and back: exactly, completely and with bounded memory.
//!
//! The library `threefold` sends tasks, chunks and outputs between processes with this crate. The format is MessagePack
//! with named fields, and it covers everything that serde can describe. [`encode`] writes a value, [`decode`] reads it:
//!
//! ```
//! use serde::{Deserialize, Serialize};
//! use threefold_codec::{decode, encode};
//!
//! #[derive(Debug, PartialEq, Serialize, Deserialize)]
//! struct Reading {
//!     sensor: String,
//!     value: Option<Option<f64>>,
//! }
//!
//! # fn main() -> Result<(), threefold_codec::Error> {
//! let reading = Reading { sensor: "door".to_string(), value: Some(None) };
//! let mut bytes = Vec::new();
//! encode(&reading, &mut bytes)?;
//! assert_eq!(decode::<Reading>(&bytes)?, reading);
//! # Ok(())
//! # }
//! ```
//!
//! # Guarantees
//!
//! The bytes are written and read with the crate `rmp`, which is the layer under rmp-serde. The serde layer is our own,
//! because rmp-serde does not give these three guarantees:
//!
//! - **Exact.** A value comes back as it was, to the bit. MessagePack has only one `nil`, so in rmp-serde `Some(None)` and
//!   `Some(())` come back as `None`. Here a `Some` around a `nil` is marked with the byte `0xc1`, which MessagePack never
//!   uses. Lists of `u8` and 128-bit integers are written as extension types 1 to 3. They keep their type even where
//!   serde asks for any value, as it does for untagged enums and flattened structs.
//! - **Complete.** A length that is too large, or that differs from the number of items written, is reported as an
//!   error. So is a byte that is left over after the value. A value is never read from a wrong position.
//! - **Bounded.** Reading takes memory in proportion to the number of bytes, whatever the bytes are. This holds even for
//!   nested lists that each claim the same bytes as their items. Values are at most [`MAX_DEPTH`] levels deep, in both
//!   directions, so that every value that can be written can also be read.
//!
//! # Limits
//!
//! The bytes are for a program of the same build. They are not a storage format, and they may differ between versions.
//!
//! Both directions report to serde that they are human-readable, which is serde's default. Serde reads untagged enums
//! and flattened structs through a buffer that always reports this. A type with two forms, such as `IpAddr`, must be
//! written in the form in which it is read.
//!
//! Serde's buffer does not hold 128-bit integers. A type that is read through the buffer cannot contain them.

mod bytes;
mod decoder;
mod encoder;
mod error;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
#[cfg(test)]
mod tests;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use error::Error;

/// The largest number of levels that a value may be nested: 256.
///
/// A list, a map, a struct, a `Some` and a newtype are one level each. An enum variant with fields is one level with one
/// field and two levels with named or several fields. One step of a recursive type is therefore up to three levels: a
/// field, its `Some` and the list in it.
///
/// In a debug build each level takes up to 4 KiB of stack, so this many levels take up to half of the 2 MiB that a
/// thread has by default.
///
/// # Examples
///
/// ```
/// use serde::Serialize;
/// use threefold_codec::{MAX_DEPTH, encode};
///
/// #[derive(Serialize)]
/// struct Nested(Vec<Nested>);
///
/// // Each step is two levels: the newtype and its list.
/// let nested = |steps| (1..steps).fold(Nested(vec![]), |inner, _| Nested(vec![inner]));
///
/// let mut bytes = Vec::new();
/// assert!(encode(&nested(MAX_DEPTH / 2), &mut bytes).is_ok());
/// assert!(encode(&nested(MAX_DEPTH / 2 + 1), &mut bytes).is_err());
/// ```
pub const MAX_DEPTH: u16 = 256;

/// Marks a `Some` whose content is written as a `nil` or as another marked `Some`.
const SOME: u8 = 0xc1;

/// The extension type of a list of `u8`.
const BYTES: i8 = 1;
/// The extension type of an `i128`, big endian.
const I128: i8 = 2;
/// The extension type of a `u128`, big endian.
const U128: i8 = 3;

/// Appends `value` to `bytes`. If this fails, `bytes` is as long as before and its content is unchanged.
///
/// # Errors
///
/// - The value is nested more than [`MAX_DEPTH`] levels.
/// - A list, map, string or byte string has more than 2^32 - 2 items or bytes.
/// - The value's `Serialize` announces another number of items than it writes, or writes a key without a value.
/// - The value's `Serialize` returns an error of its own.
/// - There is no memory for a list of `u8`.
///
/// # Panics
///
/// A panic of the value's `Serialize` is passed on. `bytes` may then end with a part of the value.
///
/// # Examples
///
/// ```
/// use threefold_codec::{decode, encode};
///
/// # fn main() -> Result<(), threefold_codec::Error> {
/// let mut bytes = vec![7];
/// encode("text", &mut bytes)?;
/// assert_eq!(bytes[0], 7, "the bytes that were there are kept");
/// assert_eq!(decode::<String>(&bytes[1..])?, "text");
/// # Ok(())
/// # }
/// ```
pub fn encode<T: Serialize + ?Sized>(value: &T, bytes: &mut Vec<u8>) -> Result<(), Error> {
    let start = bytes.len();
    value.serialize(&mut encoder::Encoder::new(bytes, usize::MAX)).inspect_err(|_| bytes.truncate(start))
}

/// Appends `value` to `bytes` if it takes no more than `most` bytes, and says whether it did. It stops soon after it has
/// passed that number, so a value that is too large costs little time. If it does not append the value, `bytes` is
/// as long as before.
///
/// # Errors
///
/// The same as those of [`encode`], as far as they show within `most` bytes.
///
/// # Panics
///
/// A panic of the value's `Serialize` is passed on. `bytes` may then end with a part of the value.
///
/// # Examples
///
/// ```
/// use threefold_codec::encode_within;
///
/// # fn main() -> Result<(), threefold_codec::Error> {
/// let mut bytes = Vec::new();
/// assert!(encode_within("short", &mut bytes, 100)?);
/// assert!(!encode_within(&vec![1.5; 1_000_000], &mut bytes, 100)?);
/// assert_eq!(bytes.len(), 6);
/// # Ok(())
/// # }
/// ```
pub fn encode_within<T: Serialize + ?Sized>(value: &T, bytes: &mut Vec<u8>, most: usize) -> Result<bool, Error> {
    let start = bytes.len();
    let most = start.saturating_add(most);
    let written = value.serialize(&mut encoder::Encoder::new(bytes, most));
    let fits = written.is_ok() && bytes.len() <= most;
    if !fits {
        bytes.truncate(start);
    }
    match written {
        Err(error) if !error.is_full() => Err(error),
        _ => Ok(fits),
    }
}

/// Reads a value from `bytes`, which must hold exactly one value.
///
/// The bytes need not be trusted: they are read or refused, with memory in proportion to their number.
///
/// # Errors
///
/// The error's text names the number of bytes that were read when the error was found.
///
/// - The bytes end before the value does, or bytes are left over after it.
/// - The bytes are not a value of the type `T`.
/// - The bytes are nested more than [`MAX_DEPTH`] levels.
/// - A string is not UTF-8.
/// - The value's `Deserialize` returns an error of its own, or leaves items of a list or map unread.
///
/// # Panics
///
/// A panic of the value's `Deserialize` is passed on.
///
/// # Examples
///
/// ```
/// use threefold_codec::{decode, encode};
///
/// # fn main() -> Result<(), threefold_codec::Error> {
/// let mut bytes = Vec::new();
/// encode(&(1.5, i128::MIN), &mut bytes)?;
/// assert_eq!(decode::<(f64, i128)>(&bytes)?, (1.5, i128::MIN));
///
/// let error = decode::<(f64, i128)>(&bytes[..5]).unwrap_err();
/// assert_eq!(error.to_string(), "the bytes end before the value does, at byte 5 of 5");
/// # Ok(())
/// # }
/// ```
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Error> {
    let mut decoder = decoder::Decoder::new(bytes);
    let value = T::deserialize(&mut decoder).and_then(|value| decoder.end().map(|()| value));
    value.map_err(|error| error.at(bytes.len() - decoder.left(), bytes.len()))
}
