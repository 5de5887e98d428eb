//! Which fold this thread is working for: what `Executor::current` and `is_cancelled` answer from.

use std::cell::RefCell;
use std::sync::{Arc, Weak};

use crate::backend::Backend;
use crate::fold::Fold;
use crate::fold::policy::Policy;
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

thread_local! {
    static CONTEXT: RefCell<Option<Context>> = const { RefCell::new(None) };
}

/// Puts back what was there before.
pub(crate) struct Restore {
    before: Option<Context>,
}

impl Drop for Restore {
    fn drop(&mut self) {
        let inner = CONTEXT.replace(self.before.take());
        // Dropped here, outside of the borrow: it may hold the last reference to user values.
        drop(inner);
        #[cfg(feature = "async")]
        if !is_inside() {
            crate::backend::wait::leave();
        }
    }
}

/// From now on, and until the result is dropped, this thread works for `context`.
#[must_use]
pub(crate) fn enter(context: Option<Context>) -> Restore {
    Restore { before: CONTEXT.replace(context) }
}

/// Whom this thread works for.
pub(crate) fn get() -> Option<Context> {
    CONTEXT.with_borrow(Clone::clone)
}

/// Whether this thread works for anyone.
#[cfg(feature = "async")]
pub(crate) fn is_inside() -> bool {
    CONTEXT.with_borrow(Option::is_some)
}

/// Whether the fold that this thread works for was cancelled: a long task asks this now and then, and returns early
/// (with any value: it will not be used).
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
        context.as_ref().and_then(|context| context.fold.as_ref()).is_some_and(|fold| fold.is_cancelled())
    })
}
