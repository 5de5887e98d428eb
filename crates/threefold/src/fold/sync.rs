//! The atomics and locks of `claims` and `notify`, by a name under which the model checker has its own.

pub(crate) use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering, fence};
pub(crate) use std::sync::{Mutex, MutexGuard};
