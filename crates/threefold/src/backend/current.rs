//! Which fold this thread is working for: what `Executor::current` and `is_cancelled` answer from.

use std::cell::{Cell, RefCell};
use std::sync::{Arc, Weak};

use super::{Backend, Running};
use crate::fold::policy::Policy;
use crate::fold::{Fold, chunk};
use crate::model::Model;

/// Whoever runs the task that is being run.
#[derive(Clone)]
pub(crate) struct Context {
    pub(crate) model: Model,
    pub(crate) policy: Policy,
    /// Weak: a worker that is still leaving a fold must not be the one that ends the executor.
    pub(crate) backend: Weak<dyn Backend>,
    /// The fold, where it runs in this process.
    pub(crate) fold: Option<Arc<Fold>>,
}

impl From<&Running> for Context {
    fn from(running: &Running) -> Self {
        let Running { fold, backend } = running;
        Self { model: fold.model, policy: fold.policy, backend: backend.clone(), fold: Some(Arc::clone(fold)) }
    }
}

thread_local! {
    static CONTEXT: RefCell<Option<Context>> = const { RefCell::new(None) };
    /// What is done when this thread has left its last fold.
    static ON_LEAVE: Cell<Option<fn()>> = const { Cell::new(None) };
}

/// Puts back what was there before.
pub(crate) struct Restore {
    before: Option<Context>,
    chunk: u64,
}

impl Drop for Restore {
    fn drop(&mut self) {
        chunk::set(self.chunk);
        let inner = CONTEXT.replace(self.before.take());
        // Dropped here, outside of the borrow: it may hold the last reference to user values.
        drop(inner);
        if !is_inside()
            && let Some(leave) = ON_LEAVE.take()
        {
            leave();
        }
    }
}

/// From now on, and until the result is dropped, this thread works for `context`.
#[must_use]
pub(crate) fn enter(context: Option<Context>) -> Restore {
    Restore { chunk: chunk::get(), before: CONTEXT.replace(context) }
}

/// Whom this thread works for.
pub(crate) fn get() -> Option<Context> {
    CONTEXT.with_borrow(Clone::clone)
}

/// Whether this thread works for anyone.
pub(crate) fn is_inside() -> bool {
    CONTEXT.with_borrow(Option::is_some)
}

/// Has `leave` called once, when this thread has left its last fold.
#[cfg(feature = "async")]
pub(crate) fn on_leave(leave: fn()) {
    ON_LEAVE.set(Some(leave));
}

/// Whether the output of the chunk that this thread runs is not wanted any more: its fold, or one that it is nested in,
/// was cancelled, or a lower chunk failed. A long task asks this now and then, and returns early, with any value.
///
/// Outside of a task it is `false`, and in a worker process too: there a cancelled task is killed.
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
    CONTEXT.with_borrow(|context| {
        let fold = context.as_ref().and_then(|context| context.fold.as_ref());
        fold.is_some_and(|fold| !fold.may_start(chunk::get()))
    })
}
