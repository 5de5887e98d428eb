//! `Slice`: some consecutive items of an array that workers share.

use std::fmt;
use std::ops::{Deref, Range};
use std::sync::Arc;

#[cfg(feature = "processes")]
use bytemuck::Pod;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Whole;
use crate::shared::Shared;
#[cfg(feature = "processes")]
use crate::shared::known;

/// A chunk of an array: some consecutive items. It derefs to `[T]`, and a clone of it is cheap, because all chunks of
/// an array share its items. Only what is sent to a worker process is copied: the items of the slice.
///
/// A slice is a source too, so a task can fold over its chunk.
///
/// ```
/// use threefold::prelude::*;
///
/// #[task]
/// fn mean(values: Slice<f64>) -> f64 {
///     values.iter().sum::<f64>() / values.len() as f64
/// }
///
/// let means = Executor::new(Model::Threads)?.map(vec![1.0, 3.0, 5.0, 7.0].split_into(2), mean)?;
/// assert_eq!(means, [2.0, 6.0]);
/// # Ok::<(), threefold::Error>(())
/// ```
pub struct Slice<T> {
    array: Array<T>,
    window: Range<usize>,
}

/// Each kind of array is kept as it is: to turn one into the other would copy every item.
enum Array<T> {
    Vec(Arc<Vec<T>>),
    Slice(Arc<[T]>),
    Shared(Shared<T>),
}

impl<T> Deref for Slice<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        match &self.array {
            Array::Vec(items) => &items[self.window.clone()],
            Array::Slice(items) => &items[self.window.clone()],
            Array::Shared(items) => &items[self.window.clone()],
        }
    }
}

impl<T> Clone for Slice<T> {
    fn clone(&self) -> Self {
        let array = match &self.array {
            Array::Vec(items) => Array::Vec(Arc::clone(items)),
            Array::Slice(items) => Array::Slice(Arc::clone(items)),
            Array::Shared(items) => Array::Shared(items.clone()),
        };
        Self { array, window: self.window.clone() }
    }
}

impl<T> From<Vec<T>> for Slice<T> {
    fn from(items: Vec<T>) -> Self {
        Self { window: 0..items.len(), array: Array::Vec(Arc::new(items)) }
    }
}

impl<T> From<Arc<[T]>> for Slice<T> {
    fn from(items: Arc<[T]>) -> Self {
        Self { window: 0..items.len(), array: Array::Slice(items) }
    }
}

impl<T> From<Shared<T>> for Slice<T> {
    fn from(items: Shared<T>) -> Self {
        Self { window: 0..items.len(), array: Array::Shared(items) }
    }
}

impl<T: fmt::Debug> fmt::Debug for Slice<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: PartialEq> PartialEq for Slice<T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<T: Serialize> Serialize for Slice<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (**self).serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Slice<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::deserialize(deserializer).map(Self::from)
    }
}

#[cfg(feature = "processes")]
impl<T: Pod> Slice<T> {
    /// Restores some items of an array from their bytes: see [`as_bytes`](Whole::as_bytes). `None` if there is no such
    /// array, or if it does not have them.
    pub(super) fn restore(bytes: &[u8]) -> Option<Self> {
        let words: [u8; 32] = bytes.try_into().ok()?;
        let word = |index: usize| u64::from_le_bytes(words.as_chunks().0[index]);
        let index = |value: u64| usize::try_from(value).ok();
        let array = Shared::numbered(word(0), word(1))?;
        let window = index(word(2))?..index(word(3))?;
        array.get(window.clone())?;
        Some(Self { array: Array::Shared(array), window })
    }
}

impl<T: Send + Sync + 'static> Whole for Slice<T> {
    type Chunk = Slice<T>;

    fn items(&self) -> Option<u128> {
        Some(self.window.len() as u128)
    }

    fn window(&self, items: Range<u128>) -> Slice<T> {
        let start = self.window.start + items.start as usize;
        let end = self.window.start + items.end as usize;
        Self { window: start..end, ..self.clone() }
    }

    fn describe(&self, items: Range<u128>) -> String {
        format!("items {}..{}", items.start, items.end)
    }

    fn first(&self, items: u128) -> Self {
        self.window(0..items)
    }

    #[cfg(feature = "processes")]
    fn as_bytes(&self) -> Option<Vec<u8>> {
        let Array::Shared(array) = &self.array else { return None };
        // Only where the array's memory is sent along.
        let number = known::gather(array.memory())?;
        let length = array.memory().bytes().len();
        let words = [number, length as u64, self.window.start as u64, self.window.end as u64];
        Some(words.map(u64::to_le_bytes).concat())
    }
}
