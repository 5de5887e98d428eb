//! The atomics and locks of `open_folds`, by a name under which the model checker has its own.

pub(super) use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
pub(super) use std::sync::{Condvar, Mutex, MutexGuard};
