//! For which fold this thread works: the answer to `Executor::current` and `is_cancelled`.
//!
//! A thread that enters a fold keeps two contexts: the context of the fold, and the context that it had before. While
//! the caller of the fold reduces an output, the second one applies, because the caller's closure is not part of the
//! fold. Switching between the two takes one store each way (see [`chunk`]), because a caller does it for every chunk
//! that it runs.
//!
//! A thread can be inside several folds, each nested in the one before. Each [`Restore`] on its stack keeps the context
//! that its own fold has replaced. So two contexts in the thread-local storage are enough.

use std::cell::{Cell, RefCell};
use std::mem::{self, ManuallyDrop};
use std::sync::atomic::{Ordering, fence};

use super::Running;
use crate::fold::chunk::{self, Noted};
#[cfg(all(feature = "mpi", target_os = "linux"))]
use crate::remote::serve::limit::Limited;

/// For whom the task works that runs on this thread.
#[derive(Clone)]
pub(crate) enum Context {
    /// For a fold of this process.
    Fold(Running),
    /// For the parent of this worker process.
    #[cfg(all(feature = "processes", target_os = "linux"))]
    Parent,
    /// For rank 0 of the MPI job of this process.
    #[cfg(all(feature = "mpi", target_os = "linux"))]
    Rank(Limited),
}

impl Context {
    /// The fold, if it runs in this process.
    pub(crate) fn fold(&self) -> Option<&Running> {
        match self {
            Self::Fold(fold) => Some(fold),
            #[cfg(all(feature = "processes", target_os = "linux"))]
            Self::Parent => None,
            #[cfg(all(feature = "mpi", target_os = "linux"))]
            Self::Rank(_) => None,
        }
    }

    /// Whether the output of `chunk` is still wanted, as far as is known here.
    fn wants(&self, chunk: u64) -> bool {
        match self {
            Self::Fold(fold) => fold.may_start(chunk),
            #[cfg(all(feature = "processes", target_os = "linux"))]
            Self::Parent => true,
            #[cfg(all(feature = "mpi", target_os = "linux"))]
            Self::Rank(limited) => limited.may_start(chunk),
        }
    }
}

impl From<&Running> for Context {
    fn from(fold: &Running) -> Self {
        Self::Fold(fold.clone())
    }
}

/// The contexts of a thread that works for a fold.
#[derive(Default)]
struct Contexts {
    /// That of the fold.
    inside: Option<Context>,
    /// The context before the thread entered the fold. A caller's reduction sees this one.
    outside: Option<Context>,
}

impl Contexts {
    const NONE: Self = Self { inside: None, outside: None };

    fn get(&self) -> &Option<Context> {
        if chunk::is_outside() { &self.outside } else { &self.inside }
    }
}

thread_local! {
    /// Not dropped with the thread, which has left its last fold before: a destructor at the end of the thread may
    /// fold.
    static CONTEXTS: ManuallyDrop<RefCell<Contexts>> = const { ManuallyDrop::new(RefCell::new(Contexts::NONE)) };
    /// What to call when this thread has left its last fold.
    static ON_LEAVE: Cell<Option<fn()>> = const { Cell::new(None) };
}

/// Restores the earlier context when it is dropped.
pub(crate) struct Restore {
    noted: Noted,
    /// Of the two earlier contexts, the one that was replaced and must be put back.
    before: Option<Context>,
    /// Whether the thread had stepped outside of another fold when it entered this one.
    was_outside: bool,
}

impl Drop for Restore {
    fn drop(&mut self) {
        let before = self.before.take();
        let inner = CONTEXTS.with(|contexts| {
            let contexts = &mut *contexts.borrow_mut();
            let back = if self.was_outside { before } else { mem::replace(&mut contexts.outside, before) };
            mem::replace(&mut contexts.inside, back)
        });
        chunk::restore(self.noted);
        // Dropped here, outside of the borrow: it may be the last reference to values of the user.
        drop(inner);
        if ON_LEAVE.get().is_some()
            && !is_inside()
            && let Some(leave) = ON_LEAVE.take()
        {
            leave();
        }
    }
}

/// Sets the context of this thread until the result is dropped. The context before becomes the one outside.
///
/// A reduction that folds has stepped outside already. Then the context outside does not change.
#[must_use]
pub(crate) fn enter(context: Option<Context>) -> Restore {
    let was_outside = chunk::is_outside();
    let before = CONTEXTS.with(|contexts| {
        let contexts = &mut *contexts.borrow_mut();
        let before = mem::replace(&mut contexts.inside, context);
        if was_outside { before } else { mem::replace(&mut contexts.outside, before) }
    });
    Restore { noted: chunk::enter(), before, was_outside }
}

/// The context of this thread.
pub(crate) fn get() -> Option<Context> {
    CONTEXTS.with(|contexts| contexts.borrow().get().clone())
}

/// Whether this thread works for a fold.
pub(crate) fn is_inside() -> bool {
    CONTEXTS.with(|contexts| contexts.borrow().get().is_some())
}

/// Has `leave` called once, when this thread has left its last fold.
#[cfg(feature = "async")]
pub(crate) fn on_leave(leave: fn()) {
    ON_LEAVE.set(Some(leave));
}

/// Whether the output of the chunk that this thread runs is no longer needed, because its fold (or one that it is
/// nested in) was cancelled, or because a lower chunk failed.
///
/// A long task calls this now and then, and returns early, with any value, when it is `true`. Nothing else stops a
/// plain function on sequential, threads, async and mpi.
///
/// It is `false` outside of a task, and always in a worker process, where a task that is not needed is killed.
///
/// ```
/// use threefold::prelude::*;
///
/// #[task]
/// fn patient(chunk: std::ops::Range<u64>) -> u64 {
///     chunk.take_while(|_| !threefold::is_cancelled()).sum()
/// }
///
/// assert_eq!(patient(0..4), 6);
/// ```
pub fn is_cancelled() -> bool {
    CONTEXTS.with(|contexts| {
        let contexts = contexts.borrow();
        let is_cancelled = contexts.get().as_ref().is_some_and(|context| !context.wants(chunk::get()));
        if is_cancelled {
            // Acquire: pairs with the fall of the limit, so that whoever is given what the task returns now, by
            // whatever lock, sees the reason too.
            fence(Ordering::Acquire);
        }
        is_cancelled
    })
}
