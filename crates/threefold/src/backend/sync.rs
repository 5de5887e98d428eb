//! The atomics and locks of `open_folds` and `idle_slot`. The model checker replaces this module with its own.

pub(super) use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
pub(super) use std::sync::{Condvar, Mutex, MutexGuard};
