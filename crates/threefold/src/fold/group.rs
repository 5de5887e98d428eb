//! `Group`: things that are to be told together, and that leave by themselves.
//!
//! Folds are told to stop by a token that they run under, and by the fold that they are nested in. Each member is known
//! by a number, for a nested fold that of the chunk that it was asked for in.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// Members, none of which is kept alive.
#[derive(Debug)]
pub(crate) struct Group<T>(Mutex<Vec<(u64, Weak<T>)>>);

impl<T> Default for Group<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T> Group<T> {
    /// From now on `member` is told, until the result is dropped. Look once more at what it might have missed.
    pub(crate) fn join(&self, number: u64, member: &Arc<T>) -> Membership<'_, T> {
        let member = Arc::downgrade(member);
        self.lock().push((number, Weak::clone(&member)));
        Membership { group: self, member }
    }

    /// Calls `tell` with every member whose number is `least` or more, outside of the lock.
    pub(crate) fn tell_from(&self, least: u64, tell: impl Fn(&T)) {
        let members: Vec<Arc<T>> = self
            .lock()
            .iter()
            .filter(|(number, _)| *number >= least)
            .filter_map(|(_, member)| member.upgrade())
            .collect();
        members.iter().for_each(|member| tell(member));
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(u64, Weak<T>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A member's place in its group.
pub(crate) struct Membership<'a, T> {
    group: &'a Group<T>,
    member: Weak<T>,
}

impl<T> Drop for Membership<'_, T> {
    fn drop(&mut self) {
        self.group.lock().retain(|(_, member)| !member.ptr_eq(&self.member));
    }
}
