//! What stands in for a scope, and for what workers hear, in a build without the feature `tracing`. Nothing of it has a
//! size, and no call of it leaves an instruction.

#[cfg(feature = "processes")]
use super::levels::Levels;
use crate::model::Model;
use crate::panics::Payload;
#[cfg(feature = "async")]
use crate::task::BoxFuture;

/// What a fold knows of a subscriber: nothing.
#[derive(Clone, Debug)]
pub(crate) struct Scope(());

/// What a thread knows of one.
#[cfg(feature = "async")]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Here;

/// Nothing that could be entered.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Nothing;

impl Scope {
    pub(crate) fn of_caller(
        _task: &'static str,
        _model: Model,
        _chunks: u64,
        _workers: impl FnOnce() -> usize,
    ) -> Self {
        Self(())
    }

    pub(crate) fn is_heard(&self) -> bool {
        false
    }

    pub(crate) fn listen(&self) -> Nothing {
        Nothing
    }

    pub(crate) fn leave(&self, _listening: Nothing) -> bool {
        false
    }

    pub(crate) fn enter(&self) -> Nothing {
        Nothing
    }

    pub(crate) fn chunk(&self, _: u64, _: u32, _: usize, _range: impl FnOnce() -> String) -> Nothing {
        Nothing
    }

    pub(crate) fn enter_chunk(&self, _span: &Nothing) -> Nothing {
        Nothing
    }

    #[cfg(feature = "async")]
    pub(crate) fn within<'a, T: 'a>(
        &self,
        future: BoxFuture<'a, T>,
        _chunk: u64,
        _attempt: u32,
        _worker: usize,
        _range: impl FnOnce() -> String,
    ) -> BoxFuture<'a, T> {
        future
    }

    #[cfg(feature = "processes")]
    pub(crate) fn keep_panic(&self, payload: Payload) -> Option<Payload> {
        Some(payload)
    }

    pub(crate) fn take_panic(&self) -> Option<Payload> {
        None
    }

    #[cfg(feature = "processes")]
    pub(crate) fn levels(&self) -> Levels {
        Levels::OFF
    }
}

#[cfg(feature = "async")]
impl Here {
    pub(crate) fn now() -> Option<Self> {
        None
    }

    pub(crate) fn enter(&self) -> Nothing {
        Nothing
    }
}
