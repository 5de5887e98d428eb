//! One parallel fold on any model: async tasks, threads or worker processes, chosen with one word.
//!
//! ```
//! use std::ops::RangeInclusive;
//! use threefold::prelude::*;
//!
//! /// A task is a plain function of one chunk: you can still call and test it. No variable may have its name.
//! #[task]
//! fn calculate_sum(chunk: RangeInclusive<i64>) -> i128 {
//!     chunk.map(i128::from).sum()
//! }
//!
//! fn main() -> threefold::Result<()> {
//!     threefold::init(); // a worker process stops here and serves
//!     for &model in Model::available() {
//!         let on = Executor::new(model)?;
//!         let total = on.fold((1..=1_000_000).split_into(4), calculate_sum, 0, |sum, part| sum + part)?;
//!         println!("{model:<10} {total}"); // the same line on every model
//!     }
//!     Ok(())
//! }
//! ```
//!
//! - [`Source`] is what is cut into chunks, [`Task`] is what is done with one, [`Model`] says by whom, and an
//!   [`Executor`] does it: [`fold`](Executor::fold), [`try_fold`](Executor::try_fold), [`map`](Executor::map),
//!   [`for_each`](Executor::for_each).
//! - The chunks are a function of the source alone and are reduced in their order, so the result is the same on every
//!   model and any number of workers, floats included.
//! - A task that panics, or takes its worker process down, is an [`Error`] that names the chunk.

pub use threefold_macros::task;

mod backend;
mod cancel;
mod error;
mod executor;
mod fold;
mod model;
mod panics;
#[cfg(feature = "processes")]
#[doc(hidden)]
pub mod remote;
mod source;
mod task;
mod trace;

pub use backend::current::is_cancelled;
pub use backend::init::init;
pub use cancel::CancelToken;
pub use error::{Error, Result, TryError};
pub use executor::{Builder, Executor, Reduced};
pub use model::{Capabilities, Model, UnknownModel};
pub use source::{Chunked, Divisible, Integer, Items, Slice, Source};
#[doc(hidden)]
pub use task::probe;
pub use task::{Portable, Task, TaskOf, With};
pub use trace::{Event, Span, Trace};

/// What a first program needs.
pub mod prelude {
    pub use crate::{Executor, Items, Model, Slice, Source, Task, task};
}

/// What the code that `#[task]` writes refers to. Not for anyone else: it changes without notice.
#[doc(hidden)]
pub mod __private {
    #[cfg(feature = "async")]
    pub use crate::backend::wait::wait;
    pub use crate::entry;
    pub use crate::task::registry::{Entry, TASKS};
    pub use crate::task::{BoxFuture, Captures, Registered, boxed};
    pub use linkme;
    pub use serde;

    /// Stands where the runtime would be, so that the one error of an async task is a sentence.
    #[cfg(not(feature = "async"))]
    pub fn wait<T>(_future: BoxFuture<'_, T>) -> T
    where
        T: NeedsTheFeatureAsync,
    {
        unreachable!("no type has the bound")
    }

    #[cfg(not(feature = "async"))]
    #[diagnostic::on_unimplemented(
        message = "an `async` task needs threefold's feature `async`",
        label = "remove `async`, or add the feature"
    )]
    pub trait NeedsTheFeatureAsync {}
}
