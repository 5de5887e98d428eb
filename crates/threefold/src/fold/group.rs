//! `Group`: things that are told something together, such as the folds under one token or the folds nested in one fold.
//!
//! Each member has a number, which for a nested fold is that of the chunk in which it runs. The group does not keep its
//! members alive.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// The members of a group.
#[derive(Debug)]
pub(crate) struct Group<T: ?Sized>(Mutex<Members<T>>);

#[derive(Debug)]
struct Members<T: ?Sized> {
    /// Each with its number.
    members: Vec<(u64, Weak<T>)>,
    /// Members whose number is this or more were told.
    told_from: u64,
}

impl<T: ?Sized> Default for Group<T> {
    fn default() -> Self {
        Self(Mutex::new(Members { members: Vec::new(), told_from: u64::MAX }))
    }
}

impl<T: ?Sized> Group<T> {
    /// Adds `member`. Returns whether members with this number were told before, which this one has missed.
    #[must_use]
    pub(crate) fn join(&self, number: u64, member: &Arc<T>) -> bool {
        let mut group = self.lock();
        group.members.push((number, Arc::downgrade(member)));
        number >= group.told_from
    }

    /// Whether members with this number were told.
    #[cfg(feature = "processes")]
    pub(crate) fn was_told(&self, number: u64) -> bool {
        number >= self.lock().told_from
    }

    /// Removes `member`. Nobody who tells the group holds it any more when this returns.
    pub(crate) fn leave(&self, member: &Weak<T>) {
        let members = &mut self.lock().members;
        if let Some(at) = members.iter().position(|(_, other)| other.ptr_eq(member)) {
            members.swap_remove(at);
        }
    }

    /// Calls `tell` with every member whose number is `least` or more, and returns the results. The lock is held
    /// meanwhile, so that nobody holds a member any more when it has left. `tell` runs no code of the user's; it may
    /// tell other groups, those of nested folds, which never tell this one.
    pub(crate) fn tell_from<R>(&self, least: u64, tell: impl Fn(&T) -> R) -> Vec<R> {
        self.tell_from_then(least, tell, || ())
    }

    /// The same. Calls `then` afterwards, before any member joins or leaves.
    pub(crate) fn tell_from_then<R>(&self, least: u64, tell: impl Fn(&T) -> R, then: impl FnOnce()) -> Vec<R> {
        let mut group = self.lock();
        group.told_from = group.told_from.min(least);
        let told = group.members.iter().filter(|(number, _)| *number >= least);
        let told = told.filter_map(|(_, member)| member.upgrade()).map(|member| tell(&member)).collect();
        then();
        told
    }

    /// Runs `run` while nobody else can join, leave or tell.
    #[cfg(test)]
    pub(crate) fn held<R>(&self, run: impl FnOnce() -> R) -> R {
        let _members = self.lock();
        run()
    }

    fn lock(&self) -> MutexGuard<'_, Members<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
