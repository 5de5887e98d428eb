//! `CancelToken`: says from anywhere that a fold should end early.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use crate::fold::Fold;

/// Ends folds early, from any thread: clones share one flag, which is set once and for all.
///
/// ```
/// use threefold::prelude::*;
/// use threefold::CancelToken;
///
/// #[task]
/// fn add_up(chunk: std::ops::Range<u64>) -> u64 {
///     chunk.sum()
/// }
///
/// let token = CancelToken::new();
/// token.cancel();
/// let on = Executor::new(Model::Threads)?;
/// let error = on.cancel(&token).fold(0..100, add_up, 0, |sum, part| sum + part).unwrap_err();
/// assert!(error.is_cancelled());
/// # Ok::<(), threefold::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct CancelToken(Arc<State>);

#[derive(Default)]
struct State {
    cancelled: AtomicBool,
    /// The folds that run under this token.
    folds: Mutex<Vec<Weak<Fold>>>,
}

impl CancelToken {
    /// A token that is not cancelled.
    pub fn new() -> Self {
        Self::default()
    }

    /// Cancels every fold that runs under this token, now and later. They start no further chunk; chunks in flight
    /// are killed on processes, dropped at their next await on async, and waited for on threads and sequential.
    pub fn cancel(&self) {
        let folds = {
            let mut folds = self.lock();
            // Set under the lock: a fold that registers afterwards sees it.
            self.0.cancelled.store(true, Ordering::Release);
            std::mem::take(&mut *folds)
        };
        for fold in folds.iter().filter_map(Weak::upgrade) {
            fold.cancel();
        }
    }

    /// Whether [`cancel`](Self::cancel) was called.
    pub fn is_cancelled(&self) -> bool {
        self.0.cancelled.load(Ordering::Acquire)
    }

    /// From now on `fold` ends when this token is cancelled, until the result is dropped.
    pub(crate) fn register(&self, fold: &Arc<Fold>) -> Registered<'_> {
        let fold = Arc::downgrade(fold);
        self.lock().push(Weak::clone(&fold));
        let registered = Registered { token: self, fold };
        if self.is_cancelled()
            && let Some(fold) = registered.fold.upgrade()
        {
            fold.cancel();
        }
        registered
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Weak<Fold>>> {
        self.0.folds.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A fold's place on a token's list.
pub(crate) struct Registered<'a> {
    token: &'a CancelToken,
    fold: Weak<Fold>,
}

impl Drop for Registered<'_> {
    fn drop(&mut self) {
        self.token.lock().retain(|fold| !fold.ptr_eq(&self.fold));
    }
}

impl fmt::Debug for CancelToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CancelToken").field("cancelled", &self.is_cancelled()).finish()
    }
}
