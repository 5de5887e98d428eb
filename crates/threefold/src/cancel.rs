//! `CancelToken`: ends folds early, from any thread. `DropGuard`: does so when it is dropped.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

use crate::fold::Fold;
use crate::fold::group::Group;
use crate::fold::notify;

/// Ends folds early, from any thread. Clones share one flag; once it is set it stays set.
///
/// [`Executor::cancel`](crate::Executor::cancel) puts folds under a token. A cancelled fold returns an error for which
/// [`Error::is_cancelled`](crate::Error::is_cancelled) is `true`.
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
/// let on = Executor::new(Model::Threads)?.cancel(&token);
/// assert!(on.fold(0..100, add_up, 0, |sum, part| sum + part).is_ok());
///
/// std::thread::spawn(move || token.cancel()).join().unwrap();
/// assert!(on.fold(0..100, add_up, 0, |sum, part| sum + part).unwrap_err().is_cancelled());
/// # Ok::<(), threefold::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct CancelToken(Arc<State>);

#[derive(Default)]
struct State {
    /// Set when every fold under the token has been told, and the folds that are nested in these.
    ///
    /// A task may ask the token itself whether it is cancelled, and then return whatever it has. Such an output must not
    /// count, and must not get into a journal. The limit of its fold tells, so the limit must have fallen by then.
    cancelled: AtomicBool,
    /// The folds that run under this token.
    folds: Group<Fold>,
}

impl CancelToken {
    /// Makes a token that is not cancelled.
    ///
    /// ```
    /// assert!(!threefold::CancelToken::new().is_cancelled());
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// Cancels every fold that runs under this token, now and later, and the folds that are nested in them. It returns
    /// at once.
    ///
    /// A cancelled fold starts no further chunk. On processes, the workers that run a chunk are killed. On async, a chunk
    /// is dropped at the await at which it waits. On threads and sequential, the fold waits for the chunks that are
    /// running. On mpi it waits for them, too; with [`isolate`](crate::Builder::isolate), the worker processes that run
    /// them are killed. A long task can ask [`is_cancelled`](crate::is_cancelled()) and return early.
    ///
    /// ```
    /// let token = threefold::CancelToken::new();
    /// let clone = token.clone();
    /// clone.cancel();
    /// assert!(token.is_cancelled());
    /// ```
    pub fn cancel(&self) {
        // The flag is set under the lock of the members, after they were told. So a fold that joins is told here, or finds
        // the flag set. And a fold that was told here leaves after that, so whoever is given its error finds the flag set
        // too. SeqCst is stricter than that needs, and costs nothing where folds are cancelled.
        let set = || self.0.cancelled.store(true, Ordering::SeqCst);
        let futures = self.0.folds.tell_from_then(0, Fold::cancel_quietly, set);
        futures.into_iter().flatten().for_each(notify::wake);
    }

    /// Whether [`cancel`](Self::cancel) was called on this token or on a clone of it. While another thread is inside
    /// `cancel`, this is `true` as soon as all folds under the token know.
    ///
    /// ```
    /// let token = threefold::CancelToken::new();
    /// token.cancel();
    /// assert!(token.is_cancelled());
    /// ```
    pub fn is_cancelled(&self) -> bool {
        self.0.cancelled.load(Ordering::SeqCst)
    }

    /// A guard that cancels this token when it is dropped: at the end of its scope, at a `return` or `?`, in a panic, or
    /// with a future that holds it. [`DropGuard::disarm`] takes the token out of the guard and cancels nothing.
    ///
    /// A clone of the token stays usable beside the guard. Each guard cancels by itself, whether there are others or not.
    ///
    /// ```
    /// use threefold::CancelToken;
    ///
    /// let token = CancelToken::new();
    /// {
    ///     let _guard = token.drop_guard();
    ///     assert!(!token.is_cancelled());
    /// }
    /// assert!(token.is_cancelled());
    /// ```
    #[must_use = "the token is cancelled at once if the guard is not kept"]
    pub fn drop_guard(&self) -> DropGuard {
        DropGuard { token: Some(self.clone()) }
    }

    /// Puts `fold` under this token: it ends when the token is cancelled, until it is [released](Self::release).
    pub(crate) fn register(&self, fold: &Arc<Fold>) {
        if self.0.folds.join(0, fold) {
            fold.cancel();
        }
    }

    /// `fold` is not under this token any more.
    pub(crate) fn release(&self, fold: &Weak<Fold>) {
        self.0.folds.leave(fold);
    }
}

impl fmt::Debug for CancelToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CancelToken").field("cancelled", &self.is_cancelled()).finish()
    }
}

/// Cancels a [`CancelToken`] when it is dropped. [`CancelToken::drop_guard`] makes it.
///
/// It is for folds on another thread that are not wanted any more when the owner of the guard has left:
///
/// ```
/// use threefold::CancelToken;
/// use threefold::prelude::*;
///
/// /// Ends only when it is cancelled.
/// #[task]
/// fn search(_chunk: u64) {
///     while !threefold::is_cancelled() {
///         std::thread::yield_now();
///     }
/// }
///
/// let token = CancelToken::new();
/// let guard = token.drop_guard();
/// let on = Executor::new(Model::Threads)?.cancel(&token);
/// let searching = std::thread::spawn(move || on.for_each(Items(vec![0, 1]), search));
/// drop(guard);
/// assert!(searching.join().unwrap().unwrap_err().is_cancelled());
/// # Ok::<(), threefold::Error>(())
/// ```
#[derive(Debug)]
#[must_use = "the token is cancelled at once if the guard is not kept"]
pub struct DropGuard {
    /// `None` only while it is disarmed.
    token: Option<CancelToken>,
}

impl DropGuard {
    /// Ends the guard without cancelling, and returns its token.
    ///
    /// ```
    /// let guard = threefold::CancelToken::new().drop_guard();
    /// let token = guard.disarm();
    /// assert!(!token.is_cancelled());
    /// ```
    pub fn disarm(mut self) -> CancelToken {
        self.token.take().expect("only this takes it, and ends the guard")
    }
}

impl Drop for DropGuard {
    fn drop(&mut self) {
        if let Some(token) = &self.token {
            token.cancel();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::panic::catch_unwind;
    use std::sync::mpsc;

    use super::CancelToken;

    #[test]
    fn a_token_is_cancelled_for_others_when_its_folds_have_been_told() {
        let token = CancelToken::new();
        let cancel = token.0.folds.held(|| {
            let (other, (begins, has_begun)) = (token.clone(), mpsc::channel());
            let cancel = std::thread::spawn(move || {
                begins.send(()).unwrap();
                other.cancel();
            });
            has_begun.recv().unwrap();
            // It waits for the lock of the folds, so none of them knows. A task that learned of the cancel now would have
            // its output taken.
            for _ in 0..1_000 {
                assert!(!token.is_cancelled());
                std::thread::yield_now();
            }
            cancel
        });
        cancel.join().unwrap();
        assert!(token.is_cancelled());
    }

    #[test]
    fn a_guard_cancels_when_it_is_dropped_in_a_panic_too() {
        for unwinds in [false, true] {
            let token = CancelToken::new();
            let guard = token.drop_guard();
            assert!(!token.is_cancelled());
            let left = catch_unwind(|| {
                let _guard = guard;
                assert!(!unwinds, "as asked");
            });
            assert_eq!((left.is_err(), token.is_cancelled()), (unwinds, true));
        }
    }

    #[test]
    fn a_guard_that_was_disarmed_cancels_nothing_and_others_still_do() {
        let token = CancelToken::new();
        let (one, other) = (token.drop_guard(), token.drop_guard());
        let same = one.disarm();
        assert!(!token.is_cancelled());
        drop(other);
        assert!(same.is_cancelled() && token.is_cancelled());
    }
}
