//! `Scope`: the subscriber and the spans of one fold, for the crate `tracing`.
//!
//! A subscriber may be the default of one thread only, and the current span always belongs to one thread. The chunks of
//! a fold run on other threads and in other processes. So a fold keeps the subscriber of its caller, the span that the
//! caller was in, and a span of its own. Whoever runs a chunk makes that subscriber the default of its thread meanwhile,
//! and enters the span of the chunk, which is a child of that of the fold.
//!
//! # Which span is entered where
//!
//! | what runs | its current span |
//! |---|---|
//! | the task, the making of its chunk | the span of the chunk, in that of the fold |
//! | the making of a worker's state, the closure of `combine` in a worker | the span of the fold |
//! | observers, an iterator of chunks | the caller's own span, on whichever thread: they are no part of a chunk |
//! | the reduction | the span that the thread is in: the caller's, or that of whoever polls an awaited fold or a stream |
//!
//! A filter may disable the spans of Threefold. Then chunks run in the caller's own span. So a thread enters all three,
//! from the outermost to the innermost, and those that are disabled leave no trace. It does not suffice to enter the
//! innermost: `tracing-subscriber` may make a span that one of its layers does not want. This layer then looks for the
//! next span among those that the thread has entered.
//!
//! The caller's span is not entered again on a thread that is in it already, such as the caller's own: a subscriber may
//! measure for how long a span is entered.
//!
//! # An example
//!
//! A program is in its span `request` when it begins a fold of two chunks. The task makes an event in each chunk, and
//! begins a fold of its own in chunk 1. The subscriber then knows these spans and events:
//!
//! ```text
//! request
//!   fold{task="outer"}
//!     chunk{chunk=0}
//!       event
//!     chunk{chunk=1}
//!       event
//!       fold{task="inner"}
//!         chunk{chunk=0}
//! ```
//!
//! The reduction of the inner fold runs in chunk 1 of the outer one, since its caller does.
//!
//! # What it costs
//!
//! A fold has no scope if nobody listens: if no subscriber exists, which is one load to find out, or the caller's thread
//! has none. Then a block of chunks costs a comparison more, and so does each chunk. Nothing is made.

#[cfg(feature = "async")]
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
#[cfg(feature = "async")]
use std::task::{Context, Poll};

use tracing::dispatcher::{self, DefaultGuard};
use tracing::level_filters::LevelFilter;
use tracing::span::Entered;
use tracing::subscriber::NoSubscriber;
use tracing::{Dispatch, Span, info_span};

#[cfg(feature = "processes")]
use super::levels::{self, Levels};
use crate::model::Model;
use crate::panics::{self, Payload};
#[cfg(feature = "async")]
use crate::task::BoxFuture;

/// The subscriber and the spans of a fold, if somebody listens.
#[derive(Clone, Debug)]
pub(crate) struct Scope(Option<Arc<Inner>>);

#[derive(Debug)]
struct Inner {
    caller: Here,
    /// The span of the fold.
    fold: Span,
    task: &'static str,
    model: Model,
    /// The first panic of the subscriber that was caught outside of a task.
    panic: Mutex<Option<Payload>>,
}

/// A subscriber and a span.
#[derive(Debug)]
pub(crate) struct Here {
    dispatch: Dispatch,
    span: Span,
}

impl Here {
    /// Those of this thread, for another one. `None` if nobody listens.
    pub(crate) fn now() -> Option<Self> {
        if LevelFilter::current() == LevelFilter::OFF {
            return None;
        }
        let dispatch = dispatcher::get_default(Dispatch::clone);
        (!dispatch.is::<NoSubscriber>()).then(|| Self { dispatch, span: Span::current() })
    }

    /// Makes them those of this thread, until the result is dropped.
    pub(crate) fn enter(&self) -> Listening<'_> {
        let default = dispatcher::set_default(&self.dispatch);
        let is_there = Span::current() == self.span;
        Listening { _span: (!is_there).then(|| self.span.enter()), _default: default }
    }
}

/// This thread has a subscriber and a span until this is dropped: the span goes first.
pub(crate) struct Listening<'a> {
    _span: Option<Entered<'a>>,
    _default: DefaultGuard,
}

/// This thread is in the span of the fold until this is dropped: the innermost span goes first.
pub(crate) struct InFold<'a> {
    _fold: Entered<'a>,
    _listening: Listening<'a>,
}

/// The span of a chunk, if its fold has a scope.
#[derive(Debug)]
pub(crate) struct ChunkSpan(Option<Span>);

impl ChunkSpan {
    /// What the subscriber knows it by, unless it does not want it.
    #[cfg(feature = "processes")]
    pub(super) fn id(&self) -> Option<tracing::span::Id> {
        self.0.as_ref().and_then(Span::id)
    }
}

/// This thread is in the span of a chunk until this is dropped: the innermost span goes first.
pub(crate) struct InChunk<'a> {
    _chunk: Entered<'a>,
    _fold: Entered<'a>,
}

impl Scope {
    /// The scope of a fold that this thread begins.
    pub(crate) fn of_caller(task: &'static str, model: Model, chunks: u64, workers: impl FnOnce() -> usize) -> Self {
        Self(Here::now().map(|caller| {
            // That of an iterator is not known.
            let chunks = Some(chunks).filter(|&chunks| chunks < u64::MAX);
            let fold = info_span!(target: "threefold::fold", "fold", task, %model, chunks, workers = workers());
            Arc::new(Inner { caller, fold, task, model, panic: Mutex::default() })
        }))
    }

    /// Whether somebody listens.
    #[inline]
    pub(crate) fn is_heard(&self) -> bool {
        self.0.is_some()
    }

    /// Makes the subscriber the default of this thread, in the caller's span, until the result is dropped.
    #[inline]
    pub(crate) fn listen(&self) -> Option<Listening<'_>> {
        self.0.as_ref().map(|inner| inner.caller.enter())
    }

    /// Ends what [`listen`](Self::listen) has begun. If the subscriber panics, its panic is kept. Returns whether it did.
    #[must_use]
    pub(crate) fn leave(&self, listening: Option<Listening<'_>>) -> bool {
        let left = panics::catch_payload(|| drop(listening));
        left.map_err(|payload| self.keep_panic(payload)).is_err()
    }

    /// Makes the subscriber the default of this thread, in the span of the fold, until the result is dropped.
    pub(crate) fn enter(&self) -> Option<InFold<'_>> {
        self.0.as_ref().map(|inner| {
            let listening = inner.caller.enter();
            InFold { _fold: inner.fold.enter(), _listening: listening }
        })
    }

    /// The span of a chunk. The thread [listens](Self::listen).
    pub(crate) fn chunk(&self, chunk: u64, attempt: u32, worker: usize, range: impl FnOnce() -> String) -> ChunkSpan {
        ChunkSpan(self.0.as_ref().map(|inner| inner.chunk(chunk, attempt, worker, range)))
    }

    /// Enters the span of a chunk on this thread, which listens, until the result is dropped.
    pub(crate) fn enter_chunk<'a>(&'a self, span: &'a ChunkSpan) -> Option<InChunk<'a>> {
        self.0.as_ref().zip(span.0.as_ref()).map(|(inner, span)| {
            let fold = inner.fold.enter();
            InChunk { _chunk: span.enter(), _fold: fold }
        })
    }

    /// The same future, which is polled and dropped in the span of a chunk.
    #[cfg(feature = "async")]
    pub(crate) fn within<'a, T: 'a>(
        &self,
        future: BoxFuture<'a, T>,
        chunk: u64,
        attempt: u32,
        worker: usize,
        range: impl FnOnce() -> String,
    ) -> BoxFuture<'a, T> {
        if self.0.is_none() {
            return future;
        }
        let _listening = self.listen();
        let span = self.chunk(chunk, attempt, worker, range);
        Box::pin(Within { future: Some(future), scope: self.clone(), span })
    }

    /// Keeps a panic of the subscriber, until the caller [takes](Self::take_panic) it. Gives it back if there is no
    /// subscriber.
    pub(crate) fn keep_panic(&self, payload: Payload) -> Option<Payload> {
        let Some(inner) = &self.0 else { return Some(payload) };
        let mut first = inner.panic.lock().unwrap_or_else(PoisonError::into_inner);
        if first.is_none() {
            *first = Some(payload);
        } else {
            drop(first);
            panics::drop_quietly(payload);
        }
        None
    }

    pub(crate) fn take_panic(&self) -> Option<Payload> {
        self.0.as_ref().and_then(|inner| inner.panic.lock().unwrap_or_else(PoisonError::into_inner).take())
    }

    /// What workers elsewhere send of their events and log records.
    #[cfg(feature = "processes")]
    pub(crate) fn levels(&self) -> Levels {
        let events = if self.0.is_some() { levels::number_of(LevelFilter::current()) } else { 0 };
        Levels { events, logs: log::max_level() as u8 }
    }
}

impl Inner {
    fn chunk(&self, chunk: u64, attempt: u32, worker: usize, range: impl FnOnce() -> String) -> Span {
        let Self { caller, fold, task, model, .. } = self;
        let parent = fold.id().or_else(|| caller.span.id());
        info_span!(
            target: "threefold::chunk",
            parent: parent,
            "chunk",
            task,
            chunk,
            range = range(),
            worker,
            %model,
            attempt,
        )
    }
}

/// A future that is polled and dropped in the span of a chunk.
#[cfg(feature = "async")]
struct Within<'a, T> {
    /// Taken by the destructor alone.
    future: Option<BoxFuture<'a, T>>,
    scope: Scope,
    span: ChunkSpan,
}

#[cfg(feature = "async")]
impl<T> Future for Within<'_, T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        let Self { future, scope, span } = &mut *self;
        let _listening = scope.listen();
        let _entered = scope.enter_chunk(span);
        future.as_mut().expect("it is there until it is dropped").as_mut().poll(cx)
    }
}

#[cfg(feature = "async")]
impl<T> Drop for Within<'_, T> {
    fn drop(&mut self) {
        let Self { future, scope, span } = self;
        let _listening = scope.listen();
        let _entered = scope.enter_chunk(span);
        *future = None;
    }
}
