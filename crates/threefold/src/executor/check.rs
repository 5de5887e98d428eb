//! `Checked`: which tasks an executor has already checked. In debug builds each task is checked once per executor, to
//! make sure that it is the same on every model.

use std::collections::HashSet;
use std::ptr;
use std::sync::{Arc, Mutex, PoisonError};

use crate::task::Task;

/// The tasks that this executor has run, by the address of their entry in the registry. Clones of an executor share
/// them.
#[derive(Clone, Debug, Default)]
pub(super) struct Checked(Arc<Mutex<HashSet<usize>>>);

impl Checked {
    /// Whether `T` is to be checked now: in a debug build that can serialize it, the first time that the executor runs
    /// it.
    pub(super) fn is_first<T: Task>(&self) -> bool {
        let checks = cfg!(all(any(feature = "processes", feature = "journal"), debug_assertions));
        let entry = ptr::from_ref(T::__entry()).addr();
        checks && self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(entry)
    }
}
