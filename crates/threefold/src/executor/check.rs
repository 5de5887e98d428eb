//! Which tasks an executor has checked: in debug builds each is checked once to be the same on every model.

use std::collections::HashSet;
use std::ptr;
use std::sync::{Arc, Mutex, PoisonError};

use crate::task::Task;

/// The tasks that were folded with, by the address of their entry in the registry. Clones of an executor share it.
#[derive(Clone, Debug, Default)]
pub(super) struct Checked(Arc<Mutex<HashSet<usize>>>);

impl Checked {
    /// Whether `T` is to be checked: once, in debug builds that know how to serialize it.
    pub(super) fn is_first<T: Task>(&self) -> bool {
        let checks = cfg!(all(feature = "processes", debug_assertions));
        let entry = ptr::from_ref(T::__entry()).addr();
        checks && self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(entry)
    }
}
