//! Bisecting: the smallest range of a lost chunk that is lost too when it is run alone.
//!
//! The chunk is halved; each half is a fold of one chunk on the same backend. The half that is lost is halved next. If
//! neither half is lost alone, only both together are, and the search ends with their union.

use std::ops::Range;
use std::sync::Arc;

use super::Executor;
use crate::backend::{Caller, Running, current};
use crate::cancel::CancelToken;
use crate::error::{Cause, Error};
use crate::fold::Fold;
use crate::fold::outputs::Kept;
use crate::fold::policy::Policy;
use crate::fold::work::Work;
use crate::source::Pieces;
use crate::task::{Portable, Task, roundtrip};

impl Executor {
    /// Adds the smallest lost range to `error`, if that is asked for and the chunk can be cut.
    pub(super) fn bisect<P, T>(&self, error: Error, whole: &Arc<Fold<Work<P, T>>>) -> Error
    where
        P: Pieces<Chunk = T::Chunk>,
        T: Task,
    {
        let lost = error.is_worker_lost() || error.is_timeout();
        let items =
            error.chunk().filter(|_| lost && self.policy.bisect).and_then(|chunk| whole.job.pieces.items(chunk));
        let Some(mut items) = items else { return error };
        while items.end - items.start > 1 {
            let middle = items.start + (items.end - items.start) / 2;
            let halves = [items.start..middle, middle..items.end];
            match halves.into_iter().find(|half| self.is_lost(half.clone(), whole)) {
                Some(half) => items = half,
                None => break,
            }
        }
        // A cancelled half counts as not lost, so the range that was found may not be the smallest.
        if self.extras.tokens.iter().any(CancelToken::is_cancelled) || current::is_cancelled() {
            return error;
        }
        error.with_smallest_range(whole.job.pieces.describe_part(items))
    }

    /// Whether these items are lost when they are run alone.
    fn is_lost<P, T>(&self, items: Range<u128>, whole: &Arc<Fold<Work<P, T>>>) -> bool
    where
        P: Pieces<Chunk = T::Chunk>,
        T: Task,
    {
        let part = Part { whole: Arc::clone(whole), items };
        // A copy, since the fold takes the task by value. It was serialized for the workers already, so this does not
        // fail.
        let Ok(task) = restored(&whole.job.task) else { return false };
        let work = Work::new(part, task, false, false);
        let policy = Policy { timeout: self.policy.timeout, ..Policy::default() };
        let fold = Arc::new(Fold::new(work, 1, self.model, policy, None));
        let running = Running::new(Arc::clone(&fold) as _, &self.backend);
        let registered: Vec<_> = self.extras.tokens.iter().map(|token| token.register(running.fold())).collect();
        self.run(&running, &mut Onlooker(&running));
        drop(registered);
        match fold.job.outputs.take() {
            Some((_, Kept::Failure(error))) => error.is_worker_lost() || error.is_timeout(),
            _ => false,
        }
    }
}

/// A caller that takes nothing before the end.
struct Onlooker<'a>(&'a Running);

impl Caller for Onlooker<'_> {
    fn run(&mut self, block: Range<u64>) {
        self.0.run(block, 0);
    }

    fn ready(&mut self) {}
}

/// A copy of the task, by way of its bytes: a task need not be `Clone`.
fn restored<T: Portable>(task: &T) -> Result<T, Cause> {
    let mut bytes = Vec::new();
    roundtrip::encode("the task", task, &mut bytes)?;
    roundtrip::decode("the task", &bytes)
}

/// A source whose only chunk is some items of another source.
struct Part<P, T: Task> {
    whole: Arc<Fold<Work<P, T>>>,
    items: Range<u128>,
}

impl<P: Pieces<Chunk = T::Chunk>, T: Task> Pieces for Part<P, T> {
    type Chunk = T::Chunk;

    fn count(&self) -> Result<u64, String> {
        Ok(1)
    }

    fn piece(&self, _index: u64) -> T::Chunk {
        self.whole.job.pieces.part(self.items.clone()).expect("it can be cut: it told its items")
    }

    fn describe(&self, _index: u64) -> String {
        self.whole.job.pieces.describe_part(self.items.clone())
    }
}
