//! `Filled`: what a task that fills a piece gives back, and how it is serialized.
//!
//! A piece in the caller's buffer is filled where it is, and nothing is given back. A piece that was filled in another
//! process is sent as one byte string. Its length is checked when it is put into its place.

use std::fmt;
use std::marker::PhantomData;

use bytemuck::Pod;
use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde::ser::{Serialize, Serializer};

/// What a task that fills a piece gives back: the output of a task whose second parameter is `&mut [T]`.
#[doc(hidden)]
pub struct Filled<T> {
    /// The items, if they are not in the buffer already.
    items: Option<Vec<T>>,
}

impl<T> Filled<T> {
    pub(super) fn in_place() -> Self {
        Self { items: None }
    }

    pub(super) fn of(items: Vec<T>) -> Self {
        Self { items: Some(items) }
    }

    /// The items, if they are not in the buffer already.
    pub(super) fn into_items(self) -> Option<Vec<T>> {
        self.items
    }
}

impl<T: Pod> PartialEq for Filled<T> {
    fn eq(&self, other: &Self) -> bool {
        let bytes = |filled: &Self| filled.items.as_ref().map(|items| bytemuck::cast_slice::<T, u8>(items).to_vec());
        bytes(self) == bytes(other)
    }
}

impl<T: Pod> Serialize for Filled<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        struct Bytes<'a>(&'a [u8]);
        impl Serialize for Bytes<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_bytes(self.0)
            }
        }
        self.items.as_ref().map(|items| Bytes(bytemuck::cast_slice(items))).serialize(serializer)
    }
}

impl<'de, T: Pod> Deserialize<'de> for Filled<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let items = Option::<Items<T>>::deserialize(deserializer)?;
        Ok(Self { items: items.map(|Items(items)| items) })
    }
}

/// Items that were restored from their bytes.
struct Items<T>(Vec<T>);

impl<'de, T: Pod> Deserialize<'de> for Items<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_bytes(Bytes(PhantomData))
    }
}

struct Bytes<T>(PhantomData<T>);

impl<T: Pod> Visitor<'_> for Bytes<T> {
    type Value = Items<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the bytes of items of {} bytes each", size_of::<T>())
    }

    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Items<T>, E> {
        let size = size_of::<T>().max(1);
        if !bytes.len().is_multiple_of(size) {
            return Err(E::invalid_length(bytes.len(), &self));
        }
        let mut items = vec![T::zeroed(); bytes.len() / size];
        bytemuck::cast_slice_mut(&mut items).copy_from_slice(bytes);
        Ok(Items(items))
    }
}
