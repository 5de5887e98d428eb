//! Bisecting: the smallest range of a lost chunk that is lost too when it is run alone.
//!
//! The chunk is halved; each half is a fold of one chunk on the same backend. The half that is lost is halved next. If
//! neither half is lost alone, only both together are, and the search ends with their union. If a half cannot be run,
//! because the fold is cancelled or the system refuses a process, nothing is known of it, and the error names no range.

use std::marker::PhantomData;
use std::ops::Range;
use std::panic::resume_unwind;

use super::Executor;
use super::reduction::Reduction;
use super::registered::{Parent, Registered};
use crate::backend::{Caller, Running};
use crate::cancel::CancelToken;
use crate::error::{Cause, Error, Result};
use crate::fold::claims::{Claims, WINDOW};
use crate::fold::outputs::Kept;
use crate::fold::policy::Policy;
use crate::fold::work::{Looks, Work};
use crate::panics;
use crate::shared::known;
use crate::source::{Ours, Pieces};
use crate::task::{Portable, Task, roundtrip};

/// The failures that are bisected: those of chunks, which the fold has outlived, or the one that has ended it.
pub(super) type Failures = Result<Vec<Error>>;

/// The failures of a fold, if one of them is to be bisected. Its reduction has taken those `of_chunks`.
pub(super) fn failures<'a>(
    on: &Executor,
    ended: &Result<()>,
    of_chunks: impl Iterator<Item = &'a mut Error>,
) -> Option<Failures> {
    if !on.policy.bisect {
        return None;
    }
    let failures = ended.clone().map(|()| of_chunks.map(|error| error.clone()).collect::<Vec<Error>>());
    let bisects = match &failures {
        Ok(errors) => errors.iter().any(is_bisected),
        Err(error) => is_bisected(error),
    };
    bisects.then_some(failures)
}

/// Puts those `of_chunks` that were bisected in their places.
pub(super) fn put_back<'a>(bisected: Failures, of_chunks: impl Iterator<Item = &'a mut Error>) -> Result<()> {
    of_chunks.zip(bisected?).for_each(|(error, bisected)| *error = bisected);
    Ok(())
}

fn is_bisected(error: &Error) -> bool {
    error.is_worker_lost() || error.is_timeout()
}

impl Executor {
    /// A fold that has ended and its reduction, after its failures were bisected.
    #[cold]
    pub(super) fn bisect_after<P, T, R>(
        &self,
        ended: Result<()>,
        mut reduction: R,
        (whole, parent): (&Running, Parent),
    ) -> (Result<()>, R)
    where
        P: Pieces<Chunk = T::Chunk>,
        T: Task,
        R: Reduction<T::Output>,
    {
        let ended = match failures(self, &ended, reduction.failures()) {
            None => ended,
            Some(failures) => {
                let search = Search { on: self.clone(), whole: whole.clone(), parent };
                put_back(search.bisect::<P, T>(failures), reduction.failures())
            }
        };
        (ended, reduction)
    }
}

/// The search for the smallest lost ranges of a fold that has ended.
pub(super) struct Search {
    pub(super) on: Executor,
    pub(super) whole: Running,
    /// What has begun that fold: it may cancel the search.
    pub(super) parent: Parent,
}

impl Search {
    /// Adds the smallest lost range to each failure whose chunk was lost and can be cut.
    pub(super) fn bisect<P, T>(self, failures: Failures) -> Failures
    where
        P: Pieces<Chunk = T::Chunk>,
        T: Task,
    {
        let bisected = |error| if is_bisected(&error) { self.bisect_chunk::<P, T>(error) } else { error };
        failures.map(|errors| errors.into_iter().map(bisected).collect()).map_err(bisected)
    }

    fn bisect_chunk<P, T>(&self, error: Error) -> Error
    where
        P: Pieces<Chunk = T::Chunk>,
        T: Task,
    {
        let pieces = &Work::<P, T>::of(&self.whole).pieces;
        let Some(items) = error.chunk().and_then(|chunk| pieces.items(chunk, Ours::new())) else { return error };
        match self.smallest_in::<P, T>(items) {
            Some(items) => error.with_smallest_range(pieces.describe_part(items)),
            None => error,
        }
    }

    /// The smallest range of these items, which are lost, that is lost alone. `None` if it cannot be found out.
    fn smallest_in<P, T>(&self, mut items: Range<u128>) -> Option<Range<u128>>
    where
        P: Pieces<Chunk = T::Chunk>,
        T: Task,
    {
        while items.end - items.start > 1 {
            let middle = items.start + (items.end - items.start) / 2;
            let (lower, upper) = (items.start..middle, middle..items.end);
            items = if self.is_lost::<P, T>(lower.clone())? {
                lower
            } else if self.is_lost::<P, T>(upper.clone())? {
                upper
            } else {
                break;
            };
        }
        // A range of one item was lost, but the search may have been cancelled before it began.
        (!self.is_cancelled()).then_some(items)
    }

    fn is_cancelled(&self) -> bool {
        self.on.extras.tokens.iter().any(CancelToken::is_cancelled) || self.parent.is_cancelled()
    }

    /// Whether these items are lost when they are run alone. `None` if they could not be run, or not to their end.
    ///
    /// # Panics
    ///
    /// If the caller's subscriber panics when it is told what they did.
    fn is_lost<P, T>(&self, items: Range<u128>) -> Option<bool>
    where
        P: Pieces<Chunk = T::Chunk>,
        T: Task,
    {
        let Self { on, whole, parent } = self;
        let part = Part::<P, T> { whole: whole.clone(), items, typed: PhantomData };
        // A copy, since the fold takes the task by value. It was serialized for the workers already, so this does not
        // fail.
        let task = restored(&Work::<P, T>::of(whole).task).ok()?;
        let work = Work::new((part, task), Looks::default(), None, None);
        let policy = Policy { timeout: on.policy.timeout, ..Policy::default() };
        let fold = Running::new(work, Claims::new(1, WINDOW), (on.model, &on.home), policy, whole.scope.clone(), None);
        let registered = Registered::new(on, &fold, parent.clone());
        on.run(&fold, &mut Onlooker(&fold));
        drop(registered);
        if let Some(payload) = fold.scope.take_panic() {
            resume_unwind(payload);
        }
        match Work::<Part<P, T>, T>::of(&fold).outputs.take()? {
            (_, Kept::Failure(error)) if is_bisected(&error) => Some(true),
            (_, Kept::Failure(error)) => error.is_panic().then_some(false),
            _ => Some(false),
        }
    }
}

/// A caller that runs chunks, and takes no output before the end of the fold.
struct Onlooker<'a>(&'a Running);

impl Caller for Onlooker<'_> {
    fn run(&mut self, block: Range<u64>) {
        self.0.run(block, 0);
    }

    fn ready(&mut self) {}
}

/// A copy of the task, by way of its bytes: a task need not be `Clone`.
fn restored<T: Portable>(task: &T) -> Result<T, Cause> {
    let copy = || {
        let mut bytes = Vec::new();
        roundtrip::encode("the task", task, &mut bytes)?;
        roundtrip::decode("the task", &bytes)
    };
    // Arrays of shared memory are not copied.
    known::gathering(copy).0
}

/// A source whose only chunk is some items of another source.
struct Part<P, T: Task> {
    whole: Running,
    items: Range<u128>,
    typed: PhantomData<fn() -> (P, T)>,
}

impl<P: Pieces<Chunk = T::Chunk>, T: Task> Pieces for Part<P, T> {
    type Chunk = T::Chunk;

    fn count(&self) -> Result<u64, String> {
        Ok(1)
    }

    fn may_fail(&self) -> bool {
        true
    }

    /// An error also where a panic tells that it cannot be made: it says nothing about the task.
    fn try_piece(&self, index: u64) -> Result<T::Chunk, String> {
        panics::catch(|| self.piece(index)).map_err(|panic| panic.message)
    }

    fn piece(&self, _index: u64) -> T::Chunk {
        Work::<P, T>::of(&self.whole).pieces.part(self.items.clone()).expect("it can be cut: it told its items")
    }

    fn describe(&self, _index: u64) -> String {
        Work::<P, T>::of(&self.whole).pieces.describe_part(self.items.clone())
    }
}
