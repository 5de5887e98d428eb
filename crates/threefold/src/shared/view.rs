//! `View`: memory as items of a type. One of the few files with unsafe code: one operation, with its proof.
//!
//! A view could be computed from the bytes each time that the items are needed. But a task may need them for each single
//! item, as in `chunk[i]`. So the pointer and the count are computed and checked once.

#![allow(unsafe_code)]

use std::ptr::NonNull;
use std::slice;
use std::sync::Arc;

use bytemuck::Pod;

use super::memory::Memory;

/// The items in some memory.
pub(crate) struct View<T> {
    start: NonNull<T>,
    count: usize,
    memory: Arc<Memory>,
}

impl<T: Pod> View<T> {
    /// The bytes of `memory` as items. `None` if they are no whole number of items, or not aligned for them.
    pub(crate) fn new(memory: Arc<Memory>) -> Option<Self> {
        let items: &[T] = bytemuck::try_cast_slice(memory.bytes()).ok()?;
        let (start, count) = (NonNull::from(items).cast(), items.len());
        Some(Self { start, count, memory })
    }
}

impl<T> View<T> {
    pub(crate) fn items(&self) -> &[T] {
        // SAFETY: `new` alone makes a view, from a slice of `count` items at `start`, whose type is `Pod`: any bits are
        // a valid item. The bytes of a `Memory` are at the same place, and do not change, as long as it lives, and the
        // view holds it.
        unsafe { slice::from_raw_parts(self.start.as_ptr(), self.count) }
    }

    pub(crate) fn memory(&self) -> &Arc<Memory> {
        &self.memory
    }
}

impl<T> Clone for View<T> {
    fn clone(&self) -> Self {
        Self { memory: Arc::clone(&self.memory), ..*self }
    }
}

// SAFETY: a view is a shared reference to items together with what keeps them alive, which is `Send` and `Sync`. A shared
// reference to items can be sent if they are `Sync`. Items are never dropped: they are `Copy`, since they are `Pod`.
unsafe impl<T: Sync> Send for View<T> {}

// SAFETY: as above.
unsafe impl<T: Sync> Sync for View<T> {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shared::memory::Draft;

    fn memory(length: usize) -> Arc<Memory> {
        Arc::new(Memory::new(Draft::zeroed(length).unwrap().seal().unwrap()))
    }

    #[test]
    fn only_a_whole_number_of_items_is_a_view() {
        assert_eq!(View::<u64>::new(memory(16)).unwrap().items(), [0, 0]);
        assert_eq!(View::<u64>::new(memory(0)).unwrap().items(), [0u64; 0]);
        assert!(View::<u64>::new(memory(15)).is_none());
    }

    #[test]
    fn items_outlive_every_other_owner_of_the_memory() {
        let view = View::<[u8; 3]>::new(memory(9)).unwrap();
        let other = view.clone();
        drop(view);
        assert_eq!(std::thread::spawn(move || other.items().len()).join().unwrap(), 3);
    }
}
