//! `Flow`: the fold of a stream, whatever its types.
//!
//! If the chunks come from an iterator, a background thread takes them from it ([`feeding`](super::super::feeding)). It
//! is joined at the end of the fold, unless the iterator has not ended: that may block for ever.

use std::task::{Context, Poll, ready};

use super::super::Executor;
use super::super::awaiting::Awaited;
use super::super::feeding::Feeding;
use super::super::reduction::ToNothing;
use super::super::registered::{Parent, Registered};
use super::{AHEAD, State, Stream};
use crate::backend::current;
use crate::error::Result;
use crate::fold::chunk;
use crate::fold::claims::Claims;
use crate::fold::policy::Aim;
use crate::fold::work::{Looks, Work};
use crate::source::{Feed, Pieces};
use crate::task::{Task, TaskOf};

/// In which order the outputs come.
#[derive(Clone, Copy)]
pub(super) enum Order {
    OfChunks,
    /// That in which the chunks end.
    OfEnds,
}

/// What the failure of a chunk is to the stream.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Failures {
    /// The last item.
    End,
    /// An item. The other chunks run nevertheless.
    AreItems,
}

pub(super) type Flowing<T> = Box<dyn Outputs<T>>;

/// The outputs of a fold that runs, whatever its types.
pub(super) trait Outputs<T>: Send {
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<T>>>;
}

impl Executor {
    /// The stream of the results of a fold, each made into an `item` with the number of its chunk.
    pub(super) fn flow<I, T, O>(
        &self,
        input: I,
        task: T,
        order: Order,
        failures: Failures,
        item: fn(u64, Result<T::Output>) -> Result<O>,
    ) -> Stream<O>
    where
        I: Feed,
        T: TaskOf<I::Chunk>,
        O: 'static,
    {
        let on = self.clone();
        let parent = Parent::of(&(current::get(), chunk::get()));
        let (pieces, supplier) = input.into_feed();
        let begin = move |ahead: u64| {
            let chunks = on.count(&pieces)?;
            if chunks == 0 && supplier.is_none() {
                // As for the other verbs, no fold begins, so that nobody can cancel or observe it.
                return Ok(Box::new(Nothing) as Flowing<O>);
            }
            #[cfg(feature = "journal")]
            if supplier.is_some() {
                on.refuse_to_record()?;
            }
            let recording = on.recording(&pieces, &task, chunks)?;
            let looks = Looks { for_errs: false, for_changes: on.checked.is_first::<T>() };
            let work = Work::new((pieces, task), looks, None, recording);
            let work = match order {
                Order::OfChunks => work,
                Order::OfEnds => work.in_any_order(),
            };
            let claims = match &supplier {
                None => Claims::new(chunks, ahead),
                Some(_) => Claims::unsupplied(chunks, ahead),
            };
            let aim = Aim { streams: true, keeps_going: failures == Failures::AreItems };
            let fold = on.prepare_work(work, claims, aim)?;
            let registered = Registered::new(&on, &fold, parent);
            let feed = supplier.map(|supplier| Feeding::begin(&fold, supplier)).transpose()?;
            let fold = Awaited::<I::Pieces, T>::begin(&on, fold, registered)?;
            let flow: Flowing<O> = Box::new(Flow { on, fold, feed, item });
            Ok(flow)
        };
        Stream { state: State::Idle(Box::new(begin)), ahead: AHEAD, in_a_row: 0 }
    }
}

/// The outputs of a source without chunks.
struct Nothing;

impl<O> Outputs<O> for Nothing {
    fn poll_next(&mut self, _cx: &mut Context<'_>) -> Poll<Option<Result<O>>> {
        Poll::Ready(None)
    }
}

/// A fold that runs, and the thread that supplies its chunks.
struct Flow<P: Pieces<Chunk = T::Chunk>, T: Task, O> {
    on: Executor,
    fold: Awaited<P, T>,
    feed: Option<Feeding>,
    item: fn(u64, Result<T::Output>) -> Result<O>,
}

impl<P, T, O> Outputs<O> for Flow<P, T, O>
where
    P: Pieces<Chunk = T::Chunk>,
    T: Task,
{
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<O>>> {
        if let Some((chunk, output)) = ready!(self.fold.poll_next(cx)) {
            self.fold.work().pieces.release(chunk);
            self.fold.pass();
            let output = output.and_then(|output| self.fold.end_with_the_last().map(|()| output));
            return Poll::Ready(Some((self.item)(chunk, output)));
        }
        // Nobody waits for an iterator that has not ended: it may block for ever.
        let total = self.fold.work().pieces.total();
        if let Some(feed) = self.feed.as_mut().filter(|feed| total.is_some() || feed.has_panicked()) {
            ready!(feed.poll_done(cx));
            self.feed = None;
        }
        let ended = ready!(self.fold.conclude(cx, &self.on, |taken, _| Some(taken) == total, &mut ToNothing));
        Poll::Ready(ended.err().map(Err))
    }
}
