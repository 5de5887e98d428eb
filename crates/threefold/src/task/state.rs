//! State per worker: what a task makes once in each worker of a fold, and changes with every chunk.
//!
//! A task with a state implements [`Stateful`], which `#[task]` makes of an `impl Task` that has a `type State`. The fold
//! knows the state without its type, as a [`State`], so that tasks without one have nothing of it.

use std::any::Any;
use std::fmt;

use super::Registered;

/// The state of one worker, with its type erased. Empty for a task without a state.
#[doc(hidden)]
#[derive(Default)]
pub struct State(Option<Box<dyn Any + Send>>);

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("State").field(&self.0.is_some()).finish()
    }
}

/// An `impl Task` with a `type State`, as it was written.
#[doc(hidden)]
pub trait Stateful: Registered {
    type Chunk;
    type Output;
    type State: Send + 'static;
    /// What `state` returns: the state, or a `Result` of it.
    type Made: Made<Self::State>;

    fn state(&self) -> Self::Made;
    fn map(&self, state: &mut Self::State, chunk: Self::Chunk) -> Self::Output;
}

/// What `fn state` may return: the state, or a `Result` of it.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`fn state` returns `{Self}`, but the state of this task is `{S}`",
    note = "`fn state` returns the state, or a `Result` of it whose error can be displayed"
)]
pub trait Made<S> {
    fn into_result(self) -> Result<S, String>;
}

impl<S> Made<S> for S {
    fn into_result(self) -> Result<S, String> {
        Ok(self)
    }
}

impl<S, E: fmt::Display> Made<S> for Result<S, E> {
    fn into_result(self) -> Result<S, String> {
        self.map_err(|error| error.to_string())
    }
}

/// Makes a state for one worker.
#[doc(hidden)]
pub fn make<T: Stateful>(task: &T) -> Result<State, String> {
    task.state().into_result().map(|state| State(Some(Box::new(state))))
}

/// Runs a chunk with the state of this worker.
#[doc(hidden)]
pub fn map_with<T: Stateful>(task: &T, state: &mut State, chunk: T::Chunk) -> T::Output {
    let state = state.0.as_mut().and_then(|state| state.downcast_mut());
    Stateful::map(task, state.expect("the worker has made the state of its task"), chunk)
}

/// Runs a chunk with a state of its own: a task that is called as a plain function.
#[doc(hidden)]
pub fn map_alone<T: Stateful>(task: &T, chunk: T::Chunk) -> T::Output {
    match task.state().into_result() {
        Ok(mut state) => Stateful::map(task, &mut state, chunk),
        Err(reason) => panic!("{}: {}", T::__entry().name, unmade(&reason)),
    }
}

/// The message for a state that could not be made, for this reason.
pub(crate) fn unmade(reason: &str) -> String {
    format!("the state of a worker could not be made: {reason}")
}
