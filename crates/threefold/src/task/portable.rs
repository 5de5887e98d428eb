//! `Portable`: what can be serialized, and so be sent to a worker process and back.
//!
//! The trait has methods of its own instead of serde's traits above it. With those above it, the compiler would answer a
//! type that does not qualify with an error for each of them before it comes to ours.

use serde::de::DeserializeOwned;
use serde::{Deserializer, Serialize, Serializer};

/// A value that can be serialized and sent to a worker process: a task with its captures, a chunk, or an output.
///
/// It is implemented for every type that is owned (`'static`), is [`Send`], and has serde's `Serialize` and
/// `Deserialize`. You do not implement it yourself: derive serde's two traits.
///
/// ```
/// use serde::{Deserialize, Serialize};
/// use threefold::prelude::*;
///
/// #[derive(Debug, PartialEq, Serialize, Deserialize)]
/// struct Mean {
///     sum: f64,
///     count: usize,
/// }
///
/// #[task]
/// fn mean(chunk: Slice<f64>) -> Mean {
///     Mean { sum: chunk.iter().sum(), count: chunk.len() }
/// }
///
/// let means = Executor::new(Model::Threads)?.map(vec![1.0, 2.0, 6.0].split_into(1), mean)?;
/// assert_eq!(means, [Mean { sum: 9.0, count: 3 }]);
/// # Ok::<(), threefold::Error>(())
/// ```
///
/// Error types of the standard library, such as `std::io::Error`, do not have serde's traits. A task that can fail
/// converts them, for instance into text:
///
/// ```
/// use std::path::PathBuf;
/// use threefold::prelude::*;
///
/// #[task]
/// fn size_of(file: PathBuf) -> Result<u64, String> {
///     let metadata = std::fs::metadata(&file).map_err(|error| format!("{}: {error}", file.display()))?;
///     Ok(metadata.len())
/// }
///
/// assert!(size_of(PathBuf::from("no/such/file")).unwrap_err().starts_with("no/such/file: "));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be sent to a worker process",
    label = "cannot be serialized, or is not `Send`",
    note = "derive serde's `Serialize` and `Deserialize` for types of your own",
    note = "convert errors such as `std::io::Error` into text: `.map_err(|error| error.to_string())`"
)]
pub trait Portable: Sized + Send + 'static {
    /// serde's `serialize`.
    #[doc(hidden)]
    fn __serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error>;

    /// serde's `deserialize`.
    #[doc(hidden)]
    fn __deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error>;
}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned + Send + 'static> Portable for T {
    fn __serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.serialize(serializer)
    }

    fn __deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer)
    }
}

/// The same as the functions of threefold-codec, for what is [`Portable`].
#[cfg(any(feature = "processes", feature = "journal"))]
mod bytes {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use threefold_codec::Error;

    use super::Portable;

    struct Sent<'a, T>(&'a T);

    impl<T: Portable> Serialize for Sent<'_, T> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            self.0.__serialize(serializer)
        }
    }

    struct Restored<T>(T);

    impl<'de, T: Portable> Deserialize<'de> for Restored<T> {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            T::__deserialize(deserializer).map(Self)
        }
    }

    pub(crate) fn encode(value: &impl Portable, bytes: &mut Vec<u8>) -> Result<(), Error> {
        threefold_codec::encode(&Sent(value), bytes)
    }

    pub(crate) fn encode_within(value: &impl Portable, bytes: &mut Vec<u8>, limit: usize) -> Result<bool, Error> {
        threefold_codec::encode_within(&Sent(value), bytes, limit)
    }

    pub(crate) fn decode<T: Portable>(bytes: &[u8]) -> Result<T, Error> {
        threefold_codec::decode(bytes).map(|Restored(value)| value)
    }
}

#[cfg(any(feature = "processes", feature = "journal"))]
pub(crate) use bytes::{decode, encode, encode_within};
