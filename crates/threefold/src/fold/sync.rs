//! The atomics of `claims`, under a name for which the model checker provides its own.

pub(crate) use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering, fence};
