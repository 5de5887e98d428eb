//! `CancelToken`: says from anywhere that a fold should end early.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::fold::Fold;
use crate::fold::group::{Group, Membership};

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
    folds: Group<Fold>,
}

impl CancelToken {
    /// A token that is not cancelled.
    pub fn new() -> Self {
        Self::default()
    }

    /// Cancels every fold that runs under this token, now and later. They start no further chunk; chunks in flight
    /// are killed on processes, dropped at their next await on async, and waited for on threads and sequential.
    pub fn cancel(&self) {
        // SeqCst, here and in `register`: either the fold is found among the members, or it finds the flag.
        self.0.cancelled.store(true, Ordering::SeqCst);
        self.0.folds.tell_from(0, Fold::cancel);
    }

    /// Whether [`cancel`](Self::cancel) was called.
    pub fn is_cancelled(&self) -> bool {
        self.0.cancelled.load(Ordering::SeqCst)
    }

    /// From now on `fold` ends when this token is cancelled, until the result is dropped.
    pub(crate) fn register(&self, fold: &Arc<Fold>) -> Membership<'_, Fold> {
        let membership = self.0.folds.join(0, fold);
        if self.is_cancelled() {
            fold.cancel();
        }
        membership
    }
}

impl fmt::Debug for CancelToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CancelToken").field("cancelled", &self.is_cancelled()).finish()
    }
}
