//! What only some folds of an executor want: to be cancelled, observed, traced or recorded.
//!
//! Each of these gives another executor with the same workers, so that a part of a program can ask for it without the
//! rest being told. They are lists, since a function may add its own to those of its caller.

use std::sync::Arc;

use super::Executor;
use crate::cancel::CancelToken;
use crate::error::Result;
use crate::fold::recording::Recording;
#[cfg(feature = "journal")]
use crate::journal::Journal;
use crate::source::Pieces;
use crate::task::Task;
use crate::trace::{Event, Observer, Trace};

/// What only some folds want: to be cancelled, observed, traced, recorded.
#[derive(Clone, Default)]
pub(super) struct Extras {
    pub(super) tokens: Vec<CancelToken>,
    pub(super) observers: Vec<Observer>,
    pub(super) traces: Vec<Trace>,
    #[cfg(feature = "journal")]
    pub(super) journal: Option<Journal>,
}

impl Executor {
    /// An executor with the same workers, whose folds end early when `token` is cancelled. With several tokens, any one
    /// of them ends the fold.
    ///
    /// ```
    /// use threefold::CancelToken;
    /// use threefold::prelude::*;
    ///
    /// #[task]
    /// fn add_up(chunk: std::ops::Range<u64>) -> u64 {
    ///     chunk.sum()
    /// }
    ///
    /// let token = CancelToken::new();
    /// token.cancel();
    /// let on = Executor::new(Model::Threads)?.cancel(&token);
    /// assert!(on.for_each(0..100, add_up).unwrap_err().is_cancelled());
    /// # Ok::<(), threefold::Error>(())
    /// ```
    pub fn cancel(&self, token: &CancelToken) -> Self {
        let mut on = self.clone();
        on.extras.tokens.push(token.clone());
        on
    }

    /// An executor with the same workers, whose folds call `observer` with each [`Event`]: every chunk that starts or
    /// is finished, every failure at once, every retry, and how far the fold has come. With several observers, each of
    /// them is called. [`Event`] says [when](Event#when-events-are-sent).
    ///
    /// The observer is called on the thread on which the event happens, perhaps on several threads at once, so it
    /// should be quick: on sequential, async and threads its time counts as time of the chunk that has started.
    /// Observing adds two readings of the clock for each chunk.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use std::sync::atomic::{AtomicU64, Ordering};
    /// use threefold::Event;
    /// use threefold::prelude::*;
    ///
    /// #[task]
    /// fn add_up(chunk: std::ops::Range<u64>) -> u64 {
    ///     chunk.sum()
    /// }
    ///
    /// let done = Arc::new(AtomicU64::new(0));
    /// let count = Arc::clone(&done);
    /// let on = Executor::new(Model::Threads)?;
    /// let watched = on.observe(move |event| {
    ///     if let Event::Finished(_) = event {
    ///         count.fetch_add(1, Ordering::Relaxed);
    ///     }
    /// });
    /// watched.for_each((0..100).split_into(10), add_up)?;
    /// assert_eq!(done.load(Ordering::Relaxed), 10);
    /// # Ok::<(), threefold::Error>(())
    /// ```
    ///
    /// # Panics
    ///
    /// A panic of an observer cancels the fold and then unwinds from the verb. The fold calls no observer again after
    /// it.
    pub fn observe(&self, observer: impl Fn(&Event<'_>) + Send + Sync + 'static) -> Self {
        let mut on = self.clone();
        on.extras.observers.push(Arc::new(observer));
        on
    }

    /// An executor with the same workers, whose folds add their [`Span`](crate::Span)s to `trace`: which worker ran
    /// which chunk, and when. The spans are added when the fold ends, also when it fails.
    ///
    /// This adds two readings of the clock for each chunk.
    ///
    /// ```
    /// use threefold::Trace;
    /// use threefold::prelude::*;
    ///
    /// #[task]
    /// fn add_up(chunk: std::ops::Range<u64>) -> u64 {
    ///     chunk.sum()
    /// }
    ///
    /// let trace = Trace::new();
    /// Executor::new(Model::Threads)?.trace(&trace).for_each((0..100).split_into(4), add_up)?;
    /// assert_eq!(trace.spans().len(), 4);
    /// # Ok::<(), threefold::Error>(())
    /// ```
    pub fn trace(&self, trace: &Trace) -> Self {
        let mut on = self.clone();
        on.extras.traces.push(trace.clone());
        on
    }

    /// Begins to record a fold of so many chunks, if there is a journal.
    pub(super) fn recording<P, T>(&self, pieces: &P, task: &T, chunks: u64) -> Result<Option<Box<Recording>>>
    where
        P: Pieces<Chunk = T::Chunk>,
        T: Task,
    {
        #[cfg(feature = "journal")]
        if let Some(journal) = &self.extras.journal {
            return self.record(journal, pieces, task, chunks);
        }
        let _ = (pieces, task, chunks);
        Ok(None)
    }

    /// Whether folds are recorded.
    pub(super) fn has_journal(&self) -> bool {
        #[cfg(feature = "journal")]
        return self.extras.journal.is_some();
        #[cfg(not(feature = "journal"))]
        false
    }
}
