//! The atomics of `claims`, by a name under which the model checker has its own.

pub(crate) use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering, fence};
