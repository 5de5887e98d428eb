//! `Task`: a function of one chunk that can be sent.

use std::pin::Pin;

use serde::Serialize;
use serde::de::DeserializeOwned;

#[doc(hidden)]
pub mod probe;
#[cfg(feature = "processes")]
pub(crate) mod received;
pub(crate) mod registry;
pub(crate) mod roundtrip;

use registry::Entry;

/// A future in a box, as a task in flight is.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Boxes the future of an `async` task, whose output type it names.
#[doc(hidden)]
pub fn boxed<'a, T>(future: impl Future<Output = T> + Send + 'a) -> BoxFuture<'a, T> {
    Box::pin(future)
}

/// What can be sent to a worker and back: anything that serde can write and read again, and that may change threads.
///
/// It is implemented for every type that qualifies; nobody implements it by hand.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be sent to a worker",
    label = "not sendable",
    note = "a task, its chunk and its output must be owned, `Send`, and implement serde's `Serialize` and `Deserialize`, so that the same task runs on every model"
)]
pub trait Portable: Serialize + DeserializeOwned + Send + 'static {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned + Send + 'static> Portable for T {}

/// Compiles for types that travel.
#[doc(hidden)]
pub const fn travels<T: Portable>() {}

/// The work of a fold: a function from one chunk of the source to one output.
///
/// Write a plain function and mark it with [`#[task]`](macro@crate::task); it stays callable and testable. Where the work needs
/// values from outside - what a closure would capture - make it a struct and mark the `impl`:
///
/// ```
/// use serde::{Deserialize, Serialize};
/// use threefold::prelude::*;
///
/// #[derive(Debug, PartialEq, Serialize, Deserialize)]
/// struct CountAbove {
///     limit: f64,
/// }
///
/// #[task]
/// impl Task for CountAbove {
///     type Chunk = Slice<f64>;
///     type Output = usize;
///
///     fn map(&self, values: Slice<f64>) -> usize {
///         values.iter().filter(|&&value| value > self.limit).count()
///     }
/// }
///
/// let on = Executor::new(Model::Threads)?;
/// let count = on.fold(vec![0.5, 1.5, 2.5], CountAbove { limit: 1.0 }, 0, |sum, part| sum + part)?;
/// assert_eq!(count, 2);
/// # Ok::<(), threefold::Error>(())
/// ```
///
/// The laws (same answer, same error, on every model) hold for a task that depends only on its chunk and its
/// captures: globals, environment variables and the working folder do not travel.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a task",
    label = "expected a task",
    note = "a closure cannot be sent to another process: write a function `#[task] fn name(chunk: Chunk) -> Output`, or, where it captures values, a struct of them with `#[task] impl Task for ..`"
)]
pub trait Task: Portable + Sync {
    /// One piece of the source, owned.
    type Chunk: Portable;
    /// What becomes of it.
    type Output: Portable;

    /// Runs the task on one chunk, here and now. An `async` task is waited for.
    fn map(&self, chunk: Self::Chunk) -> Self::Output;

    /// The future of an `async` task; `None` for a plain function.
    #[doc(hidden)]
    fn __future(&self, _chunk: Self::Chunk) -> Option<BoxFuture<'_, Self::Output>> {
        None
    }

    /// Whether the task is `async`, so that [`__future`](Self::__future) gives one.
    #[doc(hidden)]
    const __ASYNC: bool = false;

    /// The name under which a worker finds the task. Written by `#[task]`.
    #[doc(hidden)]
    fn __entry() -> &'static Entry;

    /// Whether the output is a `Result::Err`. Written by `#[task]`, which sees the type.
    #[doc(hidden)]
    fn __is_err(_output: &Self::Output) -> bool {
        false
    }

    /// Whether two values of the task are equal, where that can be told. Written by `#[task]`.
    #[doc(hidden)]
    fn __eq(&self, _other: &Self) -> Option<bool> {
        None
    }

    /// Whether two outputs are equal, where that can be told. Written by `#[task]`.
    #[doc(hidden)]
    fn __output_eq(_one: &Self::Output, _other: &Self::Output) -> Option<bool> {
        None
    }

    /// Whether two chunks are equal, where that can be told. Written by `#[task]`.
    #[doc(hidden)]
    fn __chunk_eq(_one: &Self::Chunk, _other: &Self::Chunk) -> Option<bool> {
        None
    }
}
