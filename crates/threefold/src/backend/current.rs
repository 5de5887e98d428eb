//! For which fold this thread works: the answer to `Executor::current` and `is_cancelled`.

use std::cell::{Cell, RefCell};
use std::mem::ManuallyDrop;
use std::sync::atomic::{Ordering, fence};
use std::sync::{Arc, Weak};

use super::{Backend, Running};
use crate::fold::policy::Policy;
use crate::fold::{Fold, chunk};
use crate::model::Model;

/// The executor and the fold of the task that runs on this thread.
#[derive(Clone)]
pub(crate) struct Context {
    pub(crate) model: Model,
    pub(crate) policy: Policy,
    /// Weak: a worker that is still leaving a fold must not be the one that drops the executor.
    pub(crate) backend: Weak<dyn Backend>,
    /// The fold, if it runs in this process. A worker process does not have it.
    pub(crate) fold: Option<Arc<Fold>>,
}

impl From<&Running> for Context {
    fn from(running: &Running) -> Self {
        let Running { fold, backend } = running;
        Self { model: fold.model, policy: fold.policy, backend: backend.clone(), fold: Some(Arc::clone(fold)) }
    }
}

thread_local! {
    /// Not dropped with the thread, which has left its last fold before: a destructor at the end of the thread may fold.
    static CONTEXT: ManuallyDrop<RefCell<Option<Context>>> = const { ManuallyDrop::new(RefCell::new(None)) };
    /// What to call when this thread has left its last fold.
    static ON_LEAVE: Cell<Option<fn()>> = const { Cell::new(None) };
}

/// Restores the earlier context when it is dropped.
pub(crate) struct Restore {
    before: Option<Context>,
    chunk: u64,
}

impl Drop for Restore {
    fn drop(&mut self) {
        chunk::set(self.chunk);
        let inner = CONTEXT.with(|context| context.replace(self.before.take()));
        // Dropped here, outside of the borrow: it may be the last reference to values of the user.
        drop(inner);
        if !is_inside()
            && let Some(leave) = ON_LEAVE.take()
        {
            leave();
        }
    }
}

/// Sets the context of this thread until the result is dropped.
#[must_use]
pub(crate) fn enter(context: Option<Context>) -> Restore {
    Restore { chunk: chunk::get(), before: CONTEXT.with(|before| before.replace(context)) }
}

/// The context of this thread.
pub(crate) fn get() -> Option<Context> {
    CONTEXT.with(|context| context.borrow().clone())
}

/// Whether this thread works for a fold.
pub(crate) fn is_inside() -> bool {
    CONTEXT.with(|context| context.borrow().is_some())
}

/// Has `leave` called once, when this thread has left its last fold.
#[cfg(feature = "async")]
pub(crate) fn on_leave(leave: fn()) {
    ON_LEAVE.set(Some(leave));
}

/// Whether the output of the chunk that this thread runs is no longer needed, because its fold (or one that it is nested
/// in) was cancelled, or because a lower chunk failed.
///
/// A long task calls this now and then, and returns early, with any value, when it is `true`. Nothing else stops a
/// plain function on sequential, threads and async.
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
    CONTEXT.with(|context| {
        let context = context.borrow();
        let fold = context.as_ref().and_then(|context| context.fold.as_ref());
        let is_cancelled = fold.is_some_and(|fold| !fold.may_start(chunk::get()));
        if is_cancelled {
            // Acquire: pairs with the fall of the limit, so that whoever is given what the task returns now, by whatever
            // lock, sees the reason too.
            fence(Ordering::Acquire);
        }
        is_cancelled
    })
}
