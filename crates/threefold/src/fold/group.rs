//! `Group`: things that are told something together, such as the folds under one token or the folds nested in one fold.
//!
//! Each member has a number, which for a nested fold is that of the chunk in which it runs. The group does not keep its
//! members alive.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// The members of a group.
#[derive(Debug)]
pub(crate) struct Group<T: ?Sized>(Mutex<Vec<(u64, Weak<T>)>>);

impl<T: ?Sized> Default for Group<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: ?Sized> Group<T> {
    /// Adds `member` until the result is dropped. What was told before this call was missed, so the caller of `join`
    /// looks at the state itself afterwards.
    pub(crate) fn join(&self, number: u64, member: &Arc<T>) -> Membership<'_, T> {
        let member = Arc::downgrade(member);
        self.lock().push((number, Weak::clone(&member)));
        Membership { group: self, member }
    }

    /// Calls `tell` with every member whose number is `least` or more. The lock is held meanwhile, so that nobody holds a
    /// member any more when its membership has ended. `tell` runs no code of the user's; it may tell other groups, those
    /// of nested folds, which never tell this one.
    pub(crate) fn tell_from(&self, least: u64, tell: impl Fn(&T)) {
        let members = self.lock();
        let told = members.iter().filter(|(number, _)| *number >= least);
        told.filter_map(|(_, member)| member.upgrade()).for_each(|member| tell(&member));
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(u64, Weak<T>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The membership of one member, which ends when this is dropped.
pub(crate) struct Membership<'a, T: ?Sized> {
    group: &'a Group<T>,
    member: Weak<T>,
}

impl<T: ?Sized> Drop for Membership<'_, T> {
    fn drop(&mut self) {
        self.group.lock().retain(|(_, member)| !member.ptr_eq(&self.member));
    }
}
