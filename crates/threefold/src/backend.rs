//! `Backend`: how a model runs chunks. The contract that every backend keeps, and nothing else.
//!
//! A backend sees chunk numbers and bytes; what is folded, in which order outputs are reduced and which failure is
//! reported is settled above it. Its duties:
//!
//! - It claims chunks in ascending order through [`Fold::claims`](crate::fold::Fold::claims) and asks
//!   [`may_start`](crate::fold::Fold::may_start) before each one. Every chunk below the limit runs exactly once.
//! - [`run`](Backend::run) returns when every chunk below the limit is done and none is in flight any more: on the
//!   caller's thread, which may be anyone's, a tokio worker or one of its own included.
//! - It calls `ready` now and then on the caller's thread, outside of any lock, so that outputs are reduced while
//!   others are still being made. `ready` never unwinds.
//! - When the limit falls, chunks above it that wait or can be killed are given up; all others are waited for.
//! - Dropping it ends every thread and process that it started.

use std::sync::Arc;

use crate::fold::Fold;

pub(crate) mod current;
pub(crate) mod init;
pub(crate) mod make;
pub(crate) mod options;
mod pace;
#[cfg(all(feature = "processes", target_os = "linux"))]
pub(crate) mod processes;
pub(crate) mod sequential;
mod threads;
#[cfg(feature = "async")]
mod tokio;
#[cfg(feature = "async")]
pub(crate) mod wait;

/// Runs the chunks of folds.
pub(crate) trait Backend: Send + Sync {
    /// How many workers a fold has at most.
    fn workers(&self) -> usize;

    /// Runs `fold` to its end.
    fn run(&self, fold: &Arc<Fold>, ready: &mut dyn FnMut());
}
