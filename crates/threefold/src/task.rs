//! `Task`: a function of one chunk that can be sent to another process.

use std::pin::Pin;

mod in_place;
mod portable;
#[doc(hidden)]
pub mod probe;
#[cfg(feature = "processes")]
pub(crate) mod received;
pub(crate) mod registry;
pub(crate) mod roundtrip;
#[cfg(feature = "simd")]
mod simd;
pub(crate) mod state;
mod with;

#[doc(hidden)]
pub use in_place::a_task_in_place_captures_nothing;
pub use portable::Portable;
use registry::Entry;

use crate::source::Pieces;
use crate::source::filled::Filled;
use crate::source::placed::Placed;
#[cfg(feature = "simd")]
pub use simd::vectorized;
use state::State;
pub use with::{Captures, With};

/// A future in a box: an `async` task that is running.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Boxes the future of an `async` task, whose output type it names.
#[doc(hidden)]
pub fn boxed<'a, T>(future: impl Future<Output = T> + Send + 'a) -> BoxFuture<'a, T> {
    Box::pin(future)
}

/// The work of a fold: a function from one chunk of the source to one output.
///
/// Write a plain function and mark it with [`#[task]`](macro@crate::task). The function can still be called and tested.
/// Its first parameter is the chunk. Further parameters are captures, the values that a closure would take from outside:
///
/// ```
/// use threefold::prelude::*;
///
/// #[task]
/// fn count_above(chunk: Slice<f64>, limit: &f64) -> usize {
///     chunk.iter().filter(|&value| value > limit).count()
/// }
///
/// let on = Executor::new(Model::Threads)?;
/// let count = on.fold(vec![0.5, 1.5, 2.5], count_above.with(1.0), 0, |sum, part| sum + part)?;
/// assert_eq!(count, 2);
/// # Ok::<(), threefold::Error>(())
/// ```
///
/// A struct of your own can be a task as well, with its fields as the captures. Put `#[task]` on the `impl`:
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
///     fn map(&self, chunk: Slice<f64>) -> usize {
///         chunk.iter().filter(|&&value| value > self.limit).count()
///     }
/// }
///
/// let on = Executor::new(Model::Threads)?;
/// let count = on.fold(vec![0.5, 1.5, 2.5], CountAbove { limit: 1.0 }, 0, |sum, part| sum + part)?;
/// assert_eq!(count, 2);
/// # Ok::<(), threefold::Error>(())
/// ```
///
/// Every model gives the same result if the task depends only on its chunk and its captures. Global variables,
/// environment variables and the working folder are not sent to worker processes.
///
/// # State per worker
///
/// Some tasks need a value that is expensive to make and cheap to use again: a connection, a model that was loaded from a
/// file, a large buffer. Such a task has a `type State`, and a `fn state` that makes it. `map` then takes the state as a
/// parameter before the chunk:
///
/// ```
/// use serde::{Deserialize, Serialize};
/// use threefold::prelude::*;
///
/// /// Counts the primes of a chunk, with one table of primes for each worker.
/// #[derive(PartialEq, Serialize, Deserialize)]
/// struct CountPrimes {
///     below: u32,
/// }
///
/// #[task]
/// impl Task for CountPrimes {
///     type Chunk = std::ops::Range<u32>;
///     type Output = usize;
///     type State = Vec<bool>;
///
///     fn state(&self) -> Vec<bool> {
///         (0..self.below).map(|n| n > 1 && (2..n).take_while(|d| d * d <= n).all(|d| n % d > 0)).collect()
///     }
///
///     fn map(&self, is_prime: &mut Vec<bool>, chunk: std::ops::Range<u32>) -> usize {
///         chunk.filter(|&n| is_prime[n as usize]).count()
///     }
/// }
///
/// let on = Executor::new(Model::Threads)?;
/// assert_eq!(on.fold(0..1_000, CountPrimes { below: 1_000 }, 0, |sum, part| sum + part)?, 168);
/// # Ok::<(), threefold::Error>(())
/// ```
///
/// - A worker makes its state before its first chunk of a fold, and uses it for all its chunks of this fold. Each fold,
///   also a nested one, has states of its own. On sequential there is one.
/// - Which chunks share a state depends on the model and on timing. So an output must not depend on what earlier chunks
///   have left in the state: use the state as a cache, a buffer or a connection.
/// - The state must be `Send`, and need not be serialized. On sequential, async and threads the caller drops all states
///   before the fold returns. A worker process or a rank drops its state before its next fold, or when it exits, and the
///   fold does not wait for that. The next fold does. A worker process that exits has 10 s to drop its state.
/// - `fn state` may return a `Result` whose error can be displayed. An `Err`, or a panic of `fn state`, ends the fold with
///   an error for which [`is_setup`](crate::Error::is_setup) is `true`, and which names no chunk. After a panic of `map`
///   the worker makes a new state before it runs another chunk.
/// - A [`timeout`](crate::Builder::timeout) does not count the time in which the state is made.
/// - If you call [`map`](Task::map) yourself, it makes a state for this one chunk, and panics if that fails.
/// - An `async` task has no state, since many of its chunks wait at the same time on one worker.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a task",
    label = "not a task",
    note = "put `#[task]` on a function to make it a task",
    note = "give a task with captures as `name.with(captures)`",
    note = "a closure cannot be sent to a worker process: write it as a function"
)]
pub trait Task: Portable + Registered + Sync {
    /// One piece of the source. It is owned.
    type Chunk: Portable;
    /// What the task makes of one chunk.
    type Output: Portable;

    /// Runs the task on one chunk, on this thread. For an `async` task it waits until the future is ready.
    ///
    /// ```
    /// use threefold::prelude::*;
    ///
    /// #[task]
    /// fn double(chunk: u64) -> u64 {
    ///     2 * chunk
    /// }
    ///
    /// fn twice<T: Task<Chunk = u64, Output = u64>>(task: &T, chunk: u64) -> u64 {
    ///     task.map(task.map(chunk))
    /// }
    ///
    /// assert_eq!(twice(&double, 3), 12);
    /// ```
    fn map(&self, chunk: Self::Chunk) -> Self::Output;

    /// The future of an `async` task; `None` for a plain function.
    #[doc(hidden)]
    fn __future(&self, _chunk: Self::Chunk) -> Option<BoxFuture<'_, Self::Output>> {
        None
    }

    /// Whether the task is `async`, so that [`__future`](Self::__future) gives one.
    #[doc(hidden)]
    const __ASYNC: bool = false;

    /// Whether the task has a state in each worker.
    #[doc(hidden)]
    const __STATEFUL: bool = false;

    /// Makes the state of a worker, if the task has one. Written by `#[task]`.
    #[doc(hidden)]
    fn __state(&self) -> Result<State, String> {
        Ok(State::default())
    }

    /// Runs the task on one chunk, with the state of this worker. Written by `#[task]`.
    #[doc(hidden)]
    #[inline]
    fn __map_with(&self, _state: &mut State, chunk: Self::Chunk) -> Self::Output {
        self.map(chunk)
    }

    /// Whether the output is a `Result::Err`. Written by `#[task]`, which sees the type.
    #[doc(hidden)]
    fn __is_err(_output: &Self::Output) -> bool {
        false
    }

    /// Whether two values of the task are equal, where that can be told. Written by `#[task]`.
    #[doc(hidden)]
    fn __eq(_one: &Self, _other: &Self) -> Option<bool> {
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

    /// An array from its bytes, where the chunks are slices of plain data. Written by `#[task]`.
    #[doc(hidden)]
    fn __array(_bytes: &[u8]) -> Option<Array<Self::Chunk>> {
        None
    }
}

/// An array as a source of chunks of type `C`.
pub type Array<C> = Box<dyn Pieces<Chunk = C>>;

/// A task that is in the table of all tasks. Implemented by `#[task]`.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not registered as a task, so no worker process could find it",
    label = "put `#[task]` on this impl"
)]
pub trait Registered {
    /// The entry in the table.
    fn __entry() -> &'static Entry;
}

/// A [`Task`] whose chunk is `C`: what the verbs of an [`Executor`](crate::Executor) ask of a task, with the chunk of
/// their source.
///
/// It is implemented for every `Task<Chunk = C>`. You do not implement it yourself.
///
/// ```
/// use threefold::prelude::*;
/// use threefold::TaskOf;
///
/// #[task]
/// fn double(chunk: u64) -> u64 {
///     2 * chunk
/// }
///
/// fn outputs<T: TaskOf<u64>>(chunks: Vec<u64>, task: T) -> threefold::Result<Vec<T::Output>> {
///     Executor::new(Model::Threads)?.map(Items(chunks), task)
/// }
///
/// assert_eq!(outputs(vec![1, 2], double)?, [2, 4]);
/// # Ok::<(), threefold::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a task with chunks of type `{C}`",
    label = "not a task with such chunks",
    note = "put `#[task]` on a function to make it a task, and give a task with captures as `name.with(captures)`",
    note = "a `Vec<T>` is cut into `Slice<T>`; for one element per chunk write `Items(vec)`"
)]
pub trait TaskOf<C>: Task<Chunk = C> {}

#[diagnostic::do_not_recommend]
impl<C, T: Task<Chunk = C>> TaskOf<C> for T {}

/// A task that fills pieces of a buffer: what [`map_into`](crate::Executor::map_into) asks of a task, with the chunk of
/// its source and the items of its buffer.
///
/// It is implemented for every function with `#[task]` whose first parameter is a `C`, and whose second parameter is
/// a `&mut [T]`. You do not implement it yourself.
///
/// ```
/// use std::ops::Range;
/// use threefold::prelude::*;
/// use threefold::FillOf;
///
/// #[task]
/// fn count_up(chunk: Range<u32>, piece: &mut [u32]) {
///     piece.iter_mut().zip(chunk).for_each(|(item, i)| *item = i);
/// }
///
/// fn table<T: FillOf<Range<u32>, u32>>(task: T) -> threefold::Result<[u32; 4]> {
///     let mut table = [0; 4];
///     Executor::new(Model::Threads)?.map_into(&mut table, 0..4, task)?;
///     Ok(table)
/// }
///
/// assert_eq!(table(count_up)?, [0, 1, 2, 3]);
/// # Ok::<(), threefold::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a task that fills items of type `{T}` for chunks of type `{C}`",
    label = "not a task that fills such items",
    note = "the second parameter of such a task is the piece that it fills: `#[task] fn name(chunk: .., piece: &mut [..])`"
)]
pub trait FillOf<C, T>: Task<Chunk = Placed<C, T>, Output = Filled<T>> {}

#[diagnostic::do_not_recommend]
impl<C, I, T: Task<Chunk = Placed<C, I>, Output = Filled<I>>> FillOf<C, I> for T {}
