//! `Awaited`: a fold whose caller is a future.
//!
//! The future never blocks the thread that polls it. So it does not lend this thread to the backend, as
//! [`drive`](super::drive) does. An [errand](crate::backend::errand) takes the caller's part: it runs chunks, or talks
//! with workers elsewhere, until nobody is inside the fold any more. The future only takes results, in chunk order, and
//! reduces them. So the reduction runs where the future is polled, and may borrow what the future may borrow.
//!
//! # How the future is woken
//!
//! It registers its waker with the gate, as a caller that blocks registers its thread, and then looks once more for
//! results. Whoever keeps the next result tells the gate. The errand wakes the future when it is back. A waker is called
//! once, and registered again at the next poll.
//!
//! # How long a poll takes
//!
//! A poll reduces results for at most [`TURN`], and then has the future polled again, so that the runtime can poll
//! others. A single call of the reduction is not divided.
//!
//! # What a drop does
//!
//! The drop cancels the fold and returns at once. The errand still waits for chunks that run, as a cancelled fold does,
//! and ends. It holds the fold and the executor until then. So nothing waits for the chunks on the thread that drops,
//! neither for them to end nor for the executor to end its threads.

use std::future::poll_fn;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use std::vec;

use super::Executor;
use super::drive::End;
use super::reduction::Reduction;
use super::registered::{Parent, Registered};
use crate::backend::errand::Errand;
use crate::backend::turn::TurnClock;
use crate::backend::{Running, current, lend};
use crate::error::{Error, Result};
use crate::fold::outputs::{Kept, Left};
use crate::fold::work::Work;
use crate::fold::{Fold, chunk};
use crate::source::Source;
use crate::task::Task;

/// How long one poll reduces results. It is as long as some tens of wake-ups of a future, and short beside a millisecond.
const TURN: Duration = Duration::from_micros(100);

/// A fold that an errand runs.
struct Awaited<S, T: Task> {
    fold: Running,
    /// Held until the fold is over.
    _registered: Registered,
    errand: Errand<()>,
    /// Whether the errand is back: nobody is inside the fold any more.
    is_back: bool,
    /// Results that were taken together, of which the next is that of chunk `taken`.
    rest: vec::IntoIter<T::Output>,
    /// All results that are left, if the fold keeps going, was cancelled, and is over.
    left: Option<Left<T::Output>>,
    taken: u64,
    end: End,
    source: PhantomData<fn(S)>,
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
            let mut fold = Awaited::<S, T>::begin(&on, fold, registered)?;
            poll_fn(|cx| fold.poll(cx, &mut reduction)).await;
            let ended = fold.conclude(&on).await;
            reduction.finish(ended)
        }
    }

    /// An errand to run `fold`, from its start until nobody is inside it.
    fn send_errand(&self, fold: &Running) -> Result<Errand<()>> {
        let (on, theirs) = (self.clone(), fold.clone());
        let errand = Errand::begin(self.home.stack_size(), move || {
            lend::stand_in(&theirs, |stand_in| on.run(&theirs, stand_in));
            // Before the errand is back: then the caller alone owns what it passed in.
            drop(theirs);
        });
        errand.map_err(|error| Error::system(fold.model, "a thread for the fold could not be started", error))
    }
}

impl<S, T> Awaited<S, T>
where
    S: Source,
    T: Task<Chunk = S::Chunk>,
{
    fn begin(on: &Executor, fold: Running, registered: Registered) -> Result<Self> {
        let errand = on.send_errand(&fold)?;
        let rest = Vec::new().into_iter();
        Ok(Self {
            fold,
            _registered: registered,
            errand,
            is_back: false,
            rest,
            left: None,
            taken: 0,
            end: End::Open,
            source: PhantomData,
        })
    }

    /// Reduces the results that are there. It is ready when nobody is inside the fold, and nothing is left to reduce.
    fn poll(&mut self, cx: &mut Context<'_>, reduction: &mut impl Reduction<T::Output>) -> Poll<()> {
        let mut clock = TurnClock::new(TURN);
        let mut is_registered = false;
        loop {
            if let Some(result) = self.next() {
                self.reduce(result, reduction);
                if clock.is_over() {
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
            } else if self.is_back {
                return Poll::Ready(());
            } else if is_registered {
                ready!(Pin::new(&mut self.errand).poll(cx));
                // What the last workers kept before they left.
                self.is_back = true;
                self.find_left();
            } else {
                // After the first look, and before the second.
                self.fold.gate().caller.register_future(cx.waker());
                is_registered = true;
            }
        }
    }

    /// The next result, if it is there and is wanted: see `take_ready` in [`drive`](super::drive).
    fn next(&mut self) -> Option<Result<T::Output>> {
        let fold: &Fold = &self.fold;
        if let Some(left) = &mut self.left {
            return if matches!(self.end, End::Open) { left.next() } else { None };
        }
        let work = Work::<S::Pieces, T>::of(fold);
        while self.rest.as_slice().is_empty() {
            if !matches!(self.end, End::Open) || self.taken == fold.chunks {
                return None;
            }
            match work.outputs.take()?.1 {
                Kept::Merged(count) => {
                    self.taken += count;
                    if work.is_broken_below(self.taken) {
                        self.end = End::Settled;
                        fold.cancel();
                    } else {
                        fold.taken(self.taken);
                    }
                }
                Kept::Values(values) => self.rest = values.into_iter(),
                Kept::Value(value) => self.rest = vec![value].into_iter(),
                Kept::Failure(error) if fold.policy.keeps_going => return Some(Err(error)),
                Kept::Failure(_) if fold.is_cancelled() => return None,
                Kept::Failure(error) => {
                    self.end = End::Failed(error);
                    fold.cancel();
                    return None;
                }
            }
        }
        // A cancel lowers the limit too, so `may_start` is false after it. So does a reduction that broke off.
        if !fold.may_start(self.taken) && fold.is_cancelled() && !fold.policy.keeps_going {
            return None;
        }
        self.rest.next().map(Ok)
    }

    /// After a fold that keeps going was cancelled: finds the results that are left. See `take_left` in
    /// [`drive`](super::drive).
    fn find_left(&mut self) {
        let fold: &Fold = &self.fold;
        if fold.policy.keeps_going && fold.is_cancelled() {
            let outputs = &Work::<S::Pieces, T>::of(fold).outputs;
            self.left = Some(outputs.left(self.taken..fold.chunks, fold.why()));
        }
    }

    /// Gives `reduction` the result of the next chunk.
    fn reduce(&mut self, result: Result<T::Output>, reduction: &mut impl Reduction<T::Output>) {
        let chunk = self.taken;
        self.taken += 1;
        // Unwind-safe: after a panic the reduction is not used. The panic continues when the fold has ended.
        let reduced = catch_unwind(AssertUnwindSafe(|| match result {
            Ok(output) => reduction.take(chunk, output),
            Err(error) => reduction.take_failure(error),
        }));
        match reduced {
            Ok(flow) if flow.is_continue() => return self.fold.taken(self.taken),
            Ok(_) => self.end = End::Settled,
            Err(payload) => self.end = End::Unwound(payload),
        }
        // The result is known: no other chunk is needed, whether it runs already or not.
        self.fold.cancel();
    }

    /// The outcome of the fold, in which nobody is any more.
    async fn conclude(mut self, on: &Executor) -> Result<()> {
        let end = std::mem::replace(&mut self.end, End::Settled);
        let rest = std::mem::take(&mut self.rest);
        let concluded = on.conclude::<S::Pieces, T>(&self.fold, self.taken, end, rest);
        #[cfg(feature = "processes")]
        if let Err(error) = &concluded
            && on.bisects(error)
        {
            let (on, fold, error) = (on.clone(), self.fold.clone(), error.clone());
            let bytes = on.home.stack_size();
            let model = fold.model;
            let errand = Errand::begin(bytes, move || on.bisect::<S::Pieces, T>(error, &fold));
            let errand =
                errand.map_err(|error| Error::system(model, "a thread for the fold could not be started", error))?;
            return Err(errand.await);
        }
        concluded
    }
}

impl<S, T: Task> Drop for Awaited<S, T> {
    fn drop(&mut self) {
        if !self.is_back {
            self.fold.cancel();
        }
        self.fold.gate().caller.forget_future();
    }
}
