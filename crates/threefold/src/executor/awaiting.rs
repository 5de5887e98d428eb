//! `Awaited`: a fold whose caller is a future.
//!
//! The future never blocks the thread that polls it. So it does not lend this thread to the backend, as
//! [`drive`](super::drive) does. A [background thread](crate::backend::background) takes the caller's part: it runs
//! chunks, or talks with workers elsewhere, until nobody is inside the fold any more. The future only takes results, in
//! chunk order, and reduces them. So the reduction runs where the future is polled, and may borrow what the future may
//! borrow.
//!
//! # How the future is woken
//!
//! It registers its waker with the gate, as a caller that blocks registers its thread, and then looks once more for
//! results. Whoever keeps the next result tells the gate. The background thread wakes the future when it is done. A
//! waker is called once, and registered again at the next poll.
//!
//! # How long a poll takes
//!
//! A poll reduces results for at most [`TURN`], and then has the future polled again, so that the runtime can poll
//! others. A single call of the reduction is not divided.
//!
//! # What a drop does
//!
//! The drop cancels the fold and returns at once. The background thread still waits for chunks that run, as a cancelled
//! fold does, and then ends. It holds the fold and the executor until then. So the thread that drops the future waits
//! neither for chunks nor for the threads of the executor. If there is a journal, the drop writes the outputs that wait
//! to be written, and the journal is then free for another fold.

use std::future::poll_fn;
use std::io;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use std::vec;

use super::Executor;
#[cfg(feature = "processes")]
use super::bisect::{self, Failures, Search};
use super::reduction::Reduction;
use super::registered::{Parent, Registered};
use super::taker::End;
use crate::backend::background::BackgroundWork;
use crate::backend::turn::TurnClock;
use crate::backend::{Running, current, lend};
#[cfg(feature = "processes")]
use crate::cancel::CancelToken;
use crate::error::{Error, Result};
use crate::fold::outputs::{Kept, Left, Outcome};
use crate::fold::work::Work;
use crate::fold::{Fold, chunk};
use crate::model::Model;
use crate::source::{Pieces, Source};
use crate::task::Task;

/// How long one poll reduces results. It is as long as some tens of wake-ups of a future, and short beside a millisecond.
const TURN: Duration = Duration::from_micros(100);

/// A fold that a background thread runs, of chunks `P`.
pub(super) struct Awaited<P: Pieces<Chunk = T::Chunk>, T: Task> {
    /// Held until the fold is over, and dropped before the fold. A thread that cancels the fold at that time owns the fold
    /// for a moment, under a lock of ours. It must not be the last owner: it would drop values of the user under the lock.
    #[cfg_attr(not(feature = "processes"), expect(dead_code, reason = "only the search for lost ranges asks it"))]
    registered: Registered,
    fold: Running,
    background: BackgroundWork<()>,
    /// Whether the background thread is done: nobody is inside the fold any more.
    is_done: bool,
    /// Results that were taken together, and the number of the next of them.
    rest: vec::IntoIter<T::Output>,
    /// All results that are left, if the fold keeps going, was cancelled, and is over.
    left: Option<Left<T::Output>>,
    rest_from: u64,
    /// How many results were taken, and how many of these were read from the journal.
    taken: u64,
    recorded: u64,
    end: End,
    #[cfg(feature = "processes")]
    bisecting: Option<(BackgroundWork<Failures>, CancelToken)>,
    pieces: PhantomData<fn(P)>,
}

impl Executor {
    /// A future that runs the fold, and reduces the results of its chunks.
    pub(super) fn drive_async<S, T, R>(
        &self,
        source: S,
        task: T,
        mut reduction: R,
    ) -> impl Future<Output = Result<R::Value, R::Error>> + use<S, T, R>
    where
        S: Source,
        T: Task<Chunk = S::Chunk>,
        R: Reduction<T::Output>,
    {
        let on = self.clone();
        let parent = Parent::of(&(current::get(), chunk::get()));
        async move {
            let Some(fold) = on.prepare(source, task, &reduction)? else { return reduction.finish(Ok(())) };
            let registered = Registered::new(&on, &fold, parent);
            let mut fold = Awaited::<S::Pieces, T>::begin(&on, fold, registered)?;
            poll_fn(|cx| fold.poll(cx, &mut reduction)).await;
            let ended = poll_fn(|cx| fold.conclude(cx, &on, |taken, chunks| taken == chunks, &mut reduction)).await;
            drop(fold);
            reduction.finish(ended)
        }
    }

    /// Has a background thread run `fold`, from its start until nobody is inside it.
    fn run_in_background(&self, fold: &Running) -> Result<BackgroundWork<()>> {
        let (on, theirs) = (self.clone(), fold.clone());
        #[cfg(feature = "journal")]
        let on = on.without_journal();
        let begun = self.home.run_in_background(move || {
            lend::stand_in(&theirs, |stand_in| on.run(&theirs, stand_in));
            // Before the work is done: then the caller alone owns what it passed in.
            drop(theirs);
        });
        begun.map_err(|error| no_thread(fold.model, error))
    }
}

impl<P, T> Awaited<P, T>
where
    P: Pieces<Chunk = T::Chunk>,
    T: Task,
{
    pub(super) fn begin(on: &Executor, fold: Running, registered: Registered) -> Result<Self> {
        // If chunks come from an iterator, another thread supplies them already, and must learn that nobody wants them.
        let background = on.run_in_background(&fold).inspect_err(|_| fold.cancel())?;
        Ok(Self {
            registered,
            fold,
            background,
            is_done: false,
            rest: Vec::new().into_iter(),
            rest_from: 0,
            left: None,
            taken: 0,
            recorded: 0,
            end: End::Open,
            #[cfg(feature = "processes")]
            bisecting: None,
            pieces: PhantomData,
        })
    }

    /// The fold with its types.
    pub(super) fn work(&self) -> &Work<P, T> {
        Work::of(&self.fold)
    }

    /// Reduces the results that are there. It is ready when nobody is inside the fold, and nothing is left to reduce.
    fn poll(&mut self, cx: &mut Context<'_>, reduction: &mut impl Reduction<T::Output>) -> Poll<()> {
        let mut clock = TurnClock::new(TURN);
        while let Some((chunk, result)) = ready!(self.poll_next(cx)) {
            self.reduce(chunk, result, reduction);
            if clock.is_over() {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
        }
        Poll::Ready(())
    }

    /// The next result, with the number of its chunk. There is none when nobody is inside the fold, and nothing is left
    /// that is wanted. Whoever takes a result [passes](Self::pass) it.
    pub(super) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<(u64, Result<T::Output>)>> {
        let mut is_registered = false;
        loop {
            if let Some(result) = self.next() {
                return Poll::Ready(Some(result));
            } else if self.is_done {
                return Poll::Ready(None);
            } else if is_registered {
                ready!(Pin::new(&mut self.background).poll(cx));
                // What the last workers kept before they left.
                self.is_done = true;
                self.find_left();
            } else {
                // After the first look, and before the second.
                self.fold.gate().caller.register_future(cx.waker());
                is_registered = true;
            }
        }
    }

    /// The next result, if it is there and is wanted: see `take_ready` in [`taker`](super::taker).
    fn next(&mut self) -> Option<(u64, Result<T::Output>)> {
        let fold: &Fold = &self.fold;
        let work = Work::<P, T>::of(fold);
        // What cannot be read ends the fold, also if it keeps going after failures of chunks.
        let recorded = |chunk, end: &mut End| {
            let output = work.read(chunk, fold);
            output.map_err(|error| {
                *end = End::Failed(error);
                fold.cancel();
            })
        };
        if let Some(left) = &mut self.left {
            let (chunk, outcome) = left.next().filter(|_| matches!(self.end, End::Open))?;
            let result = match outcome {
                Outcome::Here(result) => result,
                Outcome::Recorded => Ok(recorded(chunk, &mut self.end).ok()?),
            };
            return Some((chunk, result));
        }
        while self.rest.as_slice().is_empty() {
            if !matches!(self.end, End::Open) || self.taken == fold.chunks {
                return None;
            }
            let (first, kept) = work.outputs.take_next(self.is_done)?;
            match kept {
                Kept::Merged(count) => {
                    self.taken += count;
                    if work.is_broken_below(self.taken) {
                        self.end = End::Settled;
                        fold.cancel();
                    } else {
                        fold.taken(self.taken);
                    }
                }
                Kept::Values(values) => (self.rest_from, self.rest) = (first, values.into_iter()),
                Kept::Value(value) => (self.rest_from, self.rest) = (first, vec![value].into_iter()),
                Kept::Recorded => {
                    let value = recorded(first, &mut self.end).ok()?;
                    self.recorded += 1;
                    (self.rest_from, self.rest) = (first, vec![value].into_iter());
                }
                Kept::Failure(error) if fold.policy.keeps_going => return Some((first, Err(error))),
                Kept::Failure(_) if fold.is_cancelled() => return None,
                Kept::Failure(error) => {
                    self.end = End::Failed(error);
                    fold.cancel();
                    return None;
                }
            }
        }
        // Also after a reduction that broke off.
        if fold.is_cancelled() && !fold.policy.keeps_going {
            return None;
        }
        let chunk = self.rest_from;
        self.rest_from += 1;
        self.rest.next().map(|output| (chunk, Ok(output)))
    }

    /// After a fold that keeps going was cancelled: finds the results that are left. See `take_left` in
    /// [`taker`](super::taker).
    fn find_left(&mut self) {
        let fold: &Fold = &self.fold;
        if fold.policy.keeps_going && fold.is_cancelled() {
            let outputs = &Work::<P, T>::of(fold).outputs;
            self.left = Some(outputs.left(self.taken..fold.chunks, fold.why()));
        }
    }

    /// A result was taken, which moves the window.
    pub(super) fn pass(&mut self) {
        self.taken += 1;
        self.fold.taken_in_any_order(self.taken, self.recorded);
    }

    /// Ends the recording if all results are taken, since the caller need not ask for more. An error, if an output could not
    /// be written.
    pub(super) fn end_with_the_last(&self) -> Result<()> {
        if self.taken == self.fold.chunks { self.work().end_recording() } else { Ok(()) }
    }

    /// Gives `reduction` the result of a chunk.
    fn reduce(&mut self, chunk: u64, result: Result<T::Output>, reduction: &mut impl Reduction<T::Output>) {
        // Unwind-safe: after a panic the reduction is not used. The panic continues when the fold has ended.
        let reduced = catch_unwind(AssertUnwindSafe(|| match result {
            Ok(output) => reduction.take(chunk, output),
            Err(error) => reduction.take_failure(error),
        }));
        match reduced {
            Ok(flow) if flow.is_continue() => return self.pass(),
            Ok(_) => self.end = End::Settled,
            Err(payload) => self.end = End::Unwound(payload),
        }
        // The result is known: no other chunk is needed, whether it runs already or not.
        self.fold.cancel();
    }

    /// The outcome of the fold, in which nobody is any more. `has_all` says whether so many results are all, of a fold of
    /// so many chunks.
    pub(super) fn conclude(
        &mut self,
        cx: &mut Context<'_>,
        on: &Executor,
        has_all: impl Fn(u64, u64) -> bool,
        reduction: &mut impl Reduction<T::Output>,
    ) -> Poll<Result<()>> {
        #[cfg(feature = "processes")]
        if let Some((search, _)) = &mut self.bisecting {
            return Pin::new(search).poll(cx).map(|bisected| bisect::put_back(bisected, reduction.failures()));
        }
        let end = std::mem::replace(&mut self.end, End::Settled);
        let rest = std::mem::take(&mut self.rest);
        let concluded = on.conclude::<P, T>(&self.fold, has_all(self.taken, self.fold.chunks), end, rest);
        #[cfg(feature = "processes")]
        if let Some(failures) = bisect::failures(on, &concluded, reduction.failures()) {
            // The fold itself is over, so the search has a token of its own.
            let token = CancelToken::new();
            let theirs = on.cancel(&token);
            #[cfg(feature = "journal")]
            let theirs = theirs.without_journal();
            let search = Search { on: theirs, whole: self.fold.clone(), parent: self.registered.parent() };
            match on.home.run_in_background(move || search.bisect::<P, T>(failures)) {
                Ok(search) => self.bisecting = Some((search, token)),
                // The failures stay without a smallest range.
                Err(_) => return Poll::Ready(concluded),
            }
            return self.conclude(cx, on, has_all, reduction);
        }
        let _ = (cx, reduction);
        Poll::Ready(concluded)
    }
}

/// The error of a fold that the system has refused a thread.
pub(super) fn no_thread(model: Model, error: io::Error) -> Error {
    Error::system(model, "a thread for the fold could not be started", error)
}

impl<P: Pieces<Chunk = T::Chunk>, T: Task> Drop for Awaited<P, T> {
    fn drop(&mut self) {
        // First: a cancel would wake the future that is being dropped, under any lock that its owner holds.
        self.fold.gate().caller.forget_future();
        self.background.forget_future();
        if !self.is_done {
            self.fold.cancel();
        }
        // After the cancel, so that outputs that are not wanted any more are not recorded. Nobody takes an error from here:
        // `Journal::check` gives it.
        let _ = self.work().end_recording();
        #[cfg(feature = "processes")]
        if let Some((_, token)) = &self.bisecting {
            token.cancel();
        }
    }
}
