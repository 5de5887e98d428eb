//! `Slice`: some consecutive items of an array that workers share.

use std::fmt;
use std::ops::{Deref, Range};
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Whole;
use crate::shared::Shared;

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

impl<T> Slice<T> {
    /// These items of an array. `None` if it does not have them.
    #[cfg(feature = "processes")]
    pub(super) fn of_array(array: Shared<T>, window: Range<usize>) -> Option<Self> {
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

    #[cfg(feature = "processes")]
    fn as_bytes(&self) -> Option<Vec<u8>> {
        match &self.array {
            Array::Shared(array) => super::sent::array_as_bytes(array, &self.window),
            Array::Vec(_) | Array::Slice(_) => None,
        }
    }
}
