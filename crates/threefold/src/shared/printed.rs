//! Arrays by their fingerprints: how a journal knows an array that a task captures.
//!
//! A journal compares the captures of a task with those of an earlier run, in which the array had another number. To
//! serialize all its items would take the memory of the array once more, and a third time to restore it. So within
//! [`printing`] an array is serialized as its length and the fingerprint of its bytes. What is restored from these is the
//! same memory.

use std::cell::RefCell;
use std::sync::Arc;

use super::memory::Memory;

/// What one [`printing`] knows.
struct Printing {
    print: fn(&[u8]) -> u64,
    /// The arrays that were serialized, each once, with their fingerprints.
    arrays: Vec<(Arc<Memory>, u64)>,
}

thread_local! {
    static PRINTING: RefCell<Option<Printing>> = const { RefCell::new(None) };
}

/// Runs `serialize`, in which arrays write their fingerprints, as `print` computes them, instead of their items.
pub(crate) fn printing<R>(print: fn(&[u8]) -> u64, serialize: impl FnOnce() -> R) -> R {
    /// Ends it also if the user's code panics.
    struct Ends(Option<Printing>);
    impl Drop for Ends {
        fn drop(&mut self) {
            PRINTING.set(self.0.take());
        }
    }
    let _ends = Ends(PRINTING.replace(Some(Printing { print, arrays: Vec::new() })));
    serialize()
}

/// Whether this is within [`printing`].
pub(crate) fn is_printing() -> bool {
    PRINTING.with_borrow(Option::is_some)
}

/// The fingerprint of `memory`, within [`printing`].
pub(super) fn print(memory: &Arc<Memory>) -> Option<u64> {
    PRINTING.with_borrow_mut(|printing| {
        let Printing { print, arrays } = printing.as_mut()?;
        if let Some((_, print)) = arrays.iter().find(|(known, _)| Arc::ptr_eq(known, memory)) {
            return Some(*print);
        }
        let print = print(memory.bytes());
        arrays.push((Arc::clone(memory), print));
        Some(print)
    })
}

/// The memory that was serialized as this, within the same [`printing`].
pub(super) fn find(print: u64, length: u64) -> Option<Arc<Memory>> {
    PRINTING.with_borrow(|printing| {
        let mut arrays = printing.as_ref()?.arrays.iter();
        let found = arrays.find(|(memory, its)| *its == print && memory.bytes().len() as u64 == length)?;
        Some(Arc::clone(&found.0))
    })
}
