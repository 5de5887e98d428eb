//! `Memory`: the sealed bytes of one array, which have a number.
//!
//! The number is unique in the process that made the memory. Its worker processes know the memory by this number. They
//! have one parent, so numbers of two processes never meet.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

#[cfg(all(feature = "processes", target_os = "linux"))]
pub(crate) use super::mapped::{Draft, Sealed};
#[cfg(not(all(feature = "processes", target_os = "linux")))]
pub(crate) use super::plain::{Draft, Sealed};

/// The sealed bytes of one array.
pub(crate) struct Memory {
    sealed: Sealed,
    number: u64,
    /// What is called with the number when the memory is freed.
    when_freed: OnceLock<fn(u64)>,
}

impl Memory {
    pub(crate) fn new(sealed: Sealed) -> Self {
        /// The number of the next memory. It does not wrap: at one per nanosecond that would take 584 years.
        static NEXT: AtomicU64 = AtomicU64::new(1);
        // Relaxed: numbers only have to differ.
        Self { sealed, number: NEXT.fetch_add(1, Ordering::Relaxed), when_freed: OnceLock::new() }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        self.sealed.bytes()
    }

    #[cfg(all(feature = "processes", target_os = "linux"))]
    pub(crate) fn sealed(&self) -> &Sealed {
        &self.sealed
    }

    /// Its number in the process that made it.
    #[cfg(feature = "processes")]
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// Calls `when_freed` with the number when the memory is freed.
    #[cfg(feature = "processes")]
    pub(crate) fn on_drop(&self, when_freed: fn(u64)) {
        let _ = self.when_freed.set(when_freed);
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        if let Some(when_freed) = self.when_freed.get() {
            when_freed(self.number);
        }
    }
}
