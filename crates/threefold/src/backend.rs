//! `Backend`: how a model runs chunks. The contract that every backend keeps, and nothing else.
//!
//! A backend sees chunk numbers and bytes; what is folded, in which order outputs are reduced and which failure is
//! reported is settled above it. It *begins* a fold and returns; the fold itself tells of its progress and its end. Its
//! duties:
//!
//! - [`start`](Backend::start) arranges that others run the chunks, and returns at once. Where nobody but the caller runs
//!   chunks it does nothing.
//! - [`take_part`](Backend::take_part) is for a caller that blocks, and lends its thread: it runs chunks as worker 0, or
//!   does the talking with workers elsewhere, and returns when there is nothing left for it to do. Others may still be
//!   inside the fold then, whose end the caller waits for. The caller may be anyone: a tokio worker, a task of this same
//!   backend. Nothing may depend on anyone but the caller to make progress, or a nested fold could wait for itself.
//! - Workers claim chunks in ascending order through [`claims`](crate::fold::Fold::claims) and ask
//!   [`may_start`](crate::fold::Fold::may_start) before each. Every chunk below the limit runs exactly once. They are
//!   inside the [gate](crate::fold::gate) from before their first claim until all that they claimed is kept.
//! - `ready` is called now and then on the caller's thread, outside of any lock, so that outputs are reduced while others
//!   are still being made. It never unwinds.
//! - When the limit falls, chunks above it that wait or can be killed are given up; all others are waited for.
//! - Once its fold has returned to the caller nothing of a backend holds the fold any more.
//! - Dropping it ends every thread and process that it started.

use std::ops::Deref;
use std::sync::{Arc, Weak};

use crate::fold::Fold;

mod blocks;
pub(crate) mod current;
pub(crate) mod init;
pub(crate) mod make;
pub(crate) mod options;
mod pace;
mod pool;
#[cfg(all(feature = "processes", target_os = "linux"))]
pub(crate) mod processes;
#[cfg(feature = "async")]
mod runtime;
pub(crate) mod sequential;
mod stack;
mod threads;
#[cfg(feature = "async")]
mod tokio;
#[cfg(feature = "async")]
pub(crate) mod wait;

/// Runs the chunks of folds.
pub(crate) trait Backend: Send + Sync {
    /// How many workers a fold has at most.
    fn workers(&self) -> usize;

    /// Arranges that others run the chunks of `fold`.
    fn start(&self, fold: &Running);

    /// Runs chunks of `fold` on the caller's thread, until none is left that it could run.
    fn take_part(&self, fold: &Running, ready: &mut dyn FnMut());
}

/// A fold and who runs it: what folds that are nested in it run on as well.
#[derive(Clone)]
pub(crate) struct Running {
    fold: Arc<Fold>,
    /// Weak: a worker that is still leaving a fold must not be the one that ends the executor.
    backend: Weak<dyn Backend>,
}

impl Running {
    pub(crate) fn new(fold: Arc<Fold>, backend: &Arc<dyn Backend>) -> Self {
        Self { fold, backend: Arc::downgrade(backend) }
    }

    pub(crate) fn fold(&self) -> &Arc<Fold> {
        &self.fold
    }
}

impl Deref for Running {
    type Target = Fold;

    fn deref(&self) -> &Fold {
        &self.fold
    }
}
