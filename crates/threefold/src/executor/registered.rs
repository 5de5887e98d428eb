//! `Registered`: a fold with everything that may cancel it.

use std::sync::{Arc, Weak};

use super::Executor;
use crate::backend::Running;
use crate::backend::current::Context;
use crate::cancel::CancelToken;
use crate::fold::Fold;
use crate::fold::group::Group;

/// The chunk of another fold that begins a fold, if it is begun by a task. It does not own that fold: the future of a nested
/// fold may outlive the chunk that began it, and must not be the last owner of values of the user's.
#[derive(Clone)]
pub(super) struct Parent(Option<(Arc<Group<Fold>>, u64)>);

impl Parent {
    /// The chunk with this number, of the fold of that context.
    pub(super) fn of((context, chunk): &(Option<Context>, u64)) -> Self {
        let fold = context.as_ref().and_then(Context::fold);
        Self(fold.map(|fold| (Arc::clone(fold.fold().nested()), *chunk)))
    }

    /// Whether the chunk is not needed any more.
    #[cfg(feature = "processes")]
    pub(super) fn is_cancelled(&self) -> bool {
        self.0.as_ref().is_some_and(|(nested, chunk)| nested.was_told(*chunk))
    }
}

/// The registrations of a fold with the tokens and with the chunk that may cancel it. They end when this is dropped.
pub(super) struct Registered(Option<Registrations>);

/// At least one registration.
struct Registrations {
    fold: Weak<Fold>,
    tokens: Vec<CancelToken>,
    parent: Parent,
}

impl Registered {
    /// Registers `fold`, before its first chunk starts. Each registration tells whether it comes too late, so no cancel is
    /// missed.
    pub(super) fn new(on: &Executor, fold: &Running, parent: Parent) -> Self {
        let (fold, tokens) = (fold.fold(), &on.extras.tokens);
        if tokens.is_empty() && parent.0.is_none() {
            return Self(None);
        }
        tokens.iter().for_each(|token| token.register(fold));
        if let Some((nested, chunk)) = &parent.0
            && nested.join(*chunk, fold)
        {
            fold.cancel();
        }
        Self(Some(Registrations { fold: Arc::downgrade(fold), tokens: tokens.clone(), parent }))
    }

    /// The chunk that has begun the fold.
    #[cfg(feature = "processes")]
    pub(super) fn parent(&self) -> Parent {
        self.0.as_ref().map_or(Parent(None), |registrations| registrations.parent.clone())
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        let Some(Registrations { fold, tokens, parent }) = &self.0 else { return };
        tokens.iter().for_each(|token| token.release(fold));
        if let Some((nested, _)) = &parent.0 {
            nested.leave(fold);
        }
    }
}
