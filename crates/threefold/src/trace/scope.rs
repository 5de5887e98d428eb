//! `Scope`: the subscriber and the spans of one fold, for the crate `tracing`.
//!
//! A subscriber may be the default of one thread only, and the current span always belongs to one thread. The chunks of
//! a fold run on other threads and in other processes. So a fold keeps the subscriber of its caller, and a *context*:
//! the span of the fold. Whoever runs a chunk makes that subscriber the default of its thread meanwhile, and enters the
//! span of the chunk, which is a child of the context.
//!
//! # Which span is entered where
//!
//! | what runs | its current span |
//! |---|---|
//! | the task, the making of its chunk | the span of the chunk |
//! | the making of a worker's state, the closure of `combine` in a worker | the span of the fold |
//! | the reduction, observers | the caller's own span: they are no part of a chunk |
//!
//! A filter may disable the spans of Threefold. Then the context is the caller's own span, and chunks run in it.
//!
//! # What it costs
//!
//! A fold has no scope if nobody listens: if no subscriber exists, which is one load to find out, or the caller's thread
//! has none. Then a block of chunks costs one comparison more, and nothing is made.

#[cfg(feature = "async")]
use std::pin::Pin;
use std::sync::Arc;
#[cfg(feature = "async")]
use std::task::{Context, Poll};

use tracing::dispatcher::{self, DefaultGuard};
use tracing::level_filters::LevelFilter;
use tracing::subscriber::NoSubscriber;
use tracing::{Dispatch, info_span};

#[cfg(feature = "processes")]
use super::levels::{self, Levels};
use crate::model::Model;
#[cfg(feature = "async")]
use crate::task::BoxFuture;

/// The subscriber and the spans of a fold, if somebody listens.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scope(Option<Arc<Inner>>);

#[derive(Debug)]
struct Inner {
    here: Here,
    task: &'static str,
    model: Model,
}

/// A subscriber and a span.
#[derive(Debug)]
pub(crate) struct Here {
    dispatch: Dispatch,
    span: tracing::Span,
}

impl Here {
    /// Those of this thread, for another one. `None` if nobody listens.
    pub(crate) fn now() -> Option<Self> {
        if LevelFilter::current() == LevelFilter::OFF {
            return None;
        }
        let dispatch = dispatcher::get_default(Dispatch::clone);
        (!dispatch.is::<NoSubscriber>()).then(|| Self { dispatch, span: tracing::Span::current() })
    }

    /// Makes them those of this thread, until the result is dropped.
    pub(crate) fn enter(&self) -> Entered<'_> {
        Entered { _span: self.span.enter(), _default: dispatcher::set_default(&self.dispatch) }
    }
}

/// This thread has a subscriber and a span until this is dropped: the span first.
pub(crate) struct Entered<'a> {
    _span: tracing::span::Entered<'a>,
    _default: DefaultGuard,
}

/// The span of a chunk.
#[derive(Debug)]
pub(crate) struct ChunkSpan(Option<tracing::Span>);

impl ChunkSpan {
    /// Enters it on this thread, until the result is dropped.
    pub(crate) fn enter(&self) -> Option<tracing::span::Entered<'_>> {
        self.0.as_ref().map(tracing::Span::enter)
    }

    /// The span, if the fold has a scope.
    #[cfg(feature = "processes")]
    pub(super) fn span(&self) -> Option<&tracing::Span> {
        self.0.as_ref()
    }
}

impl Scope {
    /// The scope of a fold that this thread begins.
    pub(crate) fn of_caller(task: &'static str, model: Model, chunks: u64, workers: usize) -> Self {
        Self(Here::now().map(|here| {
            let fold = info_span!(target: "threefold::fold", "fold", task, %model, chunks, workers);
            let span = if fold.is_disabled() { here.span } else { fold };
            Arc::new(Inner { here: Here { span, ..here }, task, model })
        }))
    }

    /// Makes the subscriber the default of this thread until the result is dropped.
    #[inline]
    pub(crate) fn listen(&self) -> Option<DefaultGuard> {
        self.0.as_ref().map(|inner| dispatcher::set_default(&inner.here.dispatch))
    }

    /// Enters the context on this thread until the result is dropped.
    pub(crate) fn enter(&self) -> Option<Entered<'_>> {
        self.0.as_ref().map(|inner| inner.here.enter())
    }

    /// The span of a chunk. The thread [listens](Self::listen).
    #[inline]
    pub(crate) fn chunk(&self, chunk: u64, attempt: u32, worker: usize, range: impl FnOnce() -> String) -> ChunkSpan {
        ChunkSpan(self.0.as_ref().map(|inner| inner.chunk(chunk, attempt, worker, range)))
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
        let Some(inner) = &self.0 else { return future };
        let _default = self.listen();
        let span = inner.chunk(chunk, attempt, worker, range);
        Box::pin(Within { future: Some(future), here: Here { dispatch: inner.here.dispatch.clone(), span } })
    }

    /// What workers elsewhere send of their events and log records.
    #[cfg(feature = "processes")]
    pub(crate) fn levels(&self) -> Levels {
        let events = if self.0.is_some() { levels::number_of(LevelFilter::current()) } else { 0 };
        Levels { events, logs: log::max_level() as u8 }
    }
}

impl Inner {
    fn chunk(&self, chunk: u64, attempt: u32, worker: usize, range: impl FnOnce() -> String) -> tracing::Span {
        let Self { here, task, model } = self;
        let span = info_span!(
            target: "threefold::chunk",
            parent: &here.span,
            "chunk",
            task,
            chunk,
            range = range(),
            worker,
            %model,
            attempt,
        );
        if span.is_disabled() { here.span.clone() } else { span }
    }
}

#[cfg(feature = "async")]
/// A future that is polled and dropped with a subscriber, in a span.
struct Within<'a, T> {
    /// Taken by the destructor alone.
    future: Option<BoxFuture<'a, T>>,
    here: Here,
}

#[cfg(feature = "async")]
impl<T> Future for Within<'_, T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        let Self { future, here } = &mut *self;
        let _entered = here.enter();
        future.as_mut().expect("it is there until it is dropped").as_mut().poll(cx)
    }
}

#[cfg(feature = "async")]
impl<T> Drop for Within<'_, T> {
    fn drop(&mut self) {
        let _entered = self.here.enter();
        self.future = None;
    }
}
