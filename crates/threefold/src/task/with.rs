//! `With`: a task together with its captures.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::portable::Portable;
use super::registry::Entry;
use super::{Array, BoxFuture, Registered, Task};

/// A task together with the values that it captures: what `name.with(..)` gives for a task `name` with captures, and what
/// [`task_fn!`](crate::task_fn) gives, which captures nothing.
///
/// The parameters of a task after its chunk are captures. The function takes them by reference, and `with` takes them
/// owned. `With` is a [`Task`], so every verb of an [`Executor`](crate::Executor) takes it. It is [`Clone`],
/// [`Debug`](fmt::Debug) and [`PartialEq`] if its captures are.
///
/// ```
/// use threefold::prelude::*;
/// use threefold::With;
///
/// #[task]
/// fn count_above(chunk: Slice<f64>, limit: &f64) -> usize {
///     chunk.iter().filter(|&value| value > limit).count()
/// }
///
/// let above_one: With<count_above> = count_above.with(1.0);
/// assert_eq!(format!("{above_one:?}"), "count_above.with(1.0)");
///
/// let count = Executor::new(Model::Threads)?.fold(vec![0.5, 1.5, 2.5], above_one, 0, |sum, part| sum + part)?;
/// assert_eq!(count, 2);
/// # Ok::<(), threefold::Error>(())
/// ```
pub struct With<F: Captures> {
    captures: F::Captures,
}

/// A function with captures: what `#[task]` implements for it.
#[doc(hidden)]
pub trait Captures: Sized + 'static {
    /// The captures, owned, as a tuple.
    type Captures: Portable + Sync;
    type Chunk: Portable;
    type Output: Portable;

    const ASYNC: bool;

    fn map(captures: &Self::Captures, chunk: Self::Chunk) -> Self::Output;
    fn future(captures: &Self::Captures, chunk: Self::Chunk) -> Option<BoxFuture<'_, Self::Output>>;
    fn entry() -> &'static Entry;
    fn is_err(output: &Self::Output) -> bool;
    fn eq(one: &Self::Captures, other: &Self::Captures) -> Option<bool>;
    fn output_eq(one: &Self::Output, other: &Self::Output) -> Option<bool>;
    fn chunk_eq(one: &Self::Chunk, other: &Self::Chunk) -> Option<bool>;
    fn array(bytes: &[u8]) -> Option<Array<Self::Chunk>>;
}

impl<F: Captures> With<F> {
    /// Called by the `with` that `#[task]` writes.
    #[doc(hidden)]
    pub fn __new(captures: F::Captures) -> Self {
        Self { captures }
    }
}

#[diagnostic::do_not_recommend]
impl<F: Captures> Registered for With<F> {
    fn __entry() -> &'static Entry {
        F::entry()
    }
}

#[diagnostic::do_not_recommend]
impl<F: Captures> Task for With<F> {
    type Chunk = F::Chunk;
    type Output = F::Output;

    fn map(&self, chunk: F::Chunk) -> F::Output {
        F::map(&self.captures, chunk)
    }

    fn __future(&self, chunk: F::Chunk) -> Option<BoxFuture<'_, F::Output>> {
        F::future(&self.captures, chunk)
    }

    const __ASYNC: bool = F::ASYNC;

    fn __is_err(output: &F::Output) -> bool {
        F::is_err(output)
    }

    fn __eq(one: &Self, other: &Self) -> Option<bool> {
        F::eq(&one.captures, &other.captures)
    }

    fn __output_eq(one: &F::Output, other: &F::Output) -> Option<bool> {
        F::output_eq(one, other)
    }

    fn __chunk_eq(one: &F::Chunk, other: &F::Chunk) -> Option<bool> {
        F::chunk_eq(one, other)
    }

    fn __array(bytes: &[u8]) -> Option<Array<F::Chunk>> {
        F::array(bytes)
    }
}

impl<F: Captures> Serialize for With<F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.captures.__serialize(serializer)
    }
}

impl<'de, F: Captures> Deserialize<'de> for With<F> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        F::Captures::__deserialize(deserializer).map(Self::__new)
    }
}

impl<F: Captures<Captures: Clone>> Clone for With<F> {
    fn clone(&self) -> Self {
        Self::__new(self.captures.clone())
    }
}

impl<F: Captures<Captures: PartialEq>> PartialEq for With<F> {
    fn eq(&self, other: &Self) -> bool {
        self.captures == other.captures
    }
}

impl<F: Captures<Captures: fmt::Debug>> fmt::Debug for With<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let captures = format!("{:?}", self.captures);
        if captures == "()" {
            return f.write_str(F::entry().name);
        }
        // A tuple of one is written with a comma, which a call does not have.
        let arguments = captures.strip_suffix(",)").map_or(captures.clone(), |one| format!("{one})"));
        write!(f, "{}.with{arguments}", F::entry().name)
    }
}
