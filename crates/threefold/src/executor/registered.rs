//! `Registered`: a fold with everything that may cancel it.

use std::sync::{Arc, Weak};

use super::Executor;
use crate::backend::Running;
use crate::backend::current::Context;
use crate::cancel::CancelToken;
use crate::fold::Fold;

/// The chunk of another fold that begins a fold, if it is begun by a task.
pub(super) struct Parent(Option<(Weak<Fold>, u64)>);

impl Parent {
    /// The chunk with this number, of the fold of that context.
    pub(super) fn of((context, chunk): &(Option<Context>, u64)) -> Self {
        let fold = context.as_ref().and_then(Context::fold);
        Self(fold.map(|fold| (Arc::downgrade(fold.fold()), *chunk)))
    }
}

/// The registrations of a fold with the tokens and with the chunk that may cancel it. They end when this is dropped.
pub(super) struct Registered(Option<Registrations>);

/// At least one registration. The parent is not kept alive: the future of a nested fold may outlive the chunk that began
/// it.
struct Registrations {
    fold: Weak<Fold>,
    tokens: Vec<CancelToken>,
    parent: Option<Weak<Fold>>,
}

impl Registered {
    /// Registers `fold`, before its first chunk starts. Each registration looks at the state once more after it has
    /// joined (see `CancelToken::register` and `Fold::adopt`), so no cancel is missed.
    pub(super) fn new(on: &Executor, fold: &Running, parent: Parent) -> Self {
        let (fold, tokens) = (fold.fold(), &on.extras.tokens);
        if tokens.is_empty() && parent.0.is_none() {
            return Self(None);
        }
        tokens.iter().for_each(|token| token.register(fold));
        let parent = parent.0.map(|(parent, chunk)| {
            if let Some(parent) = parent.upgrade() {
                parent.adopt(chunk, fold);
            }
            parent
        });
        Self(Some(Registrations { fold: Arc::downgrade(fold), tokens: tokens.clone(), parent }))
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        let Some(Registrations { fold, tokens, parent }) = &self.0 else { return };
        tokens.iter().for_each(|token| token.release(fold));
        if let Some(parent) = parent.as_ref().and_then(Weak::upgrade) {
            parent.disown(fold);
        }
    }
}
