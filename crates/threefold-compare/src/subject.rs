//! `Subject`: the work with its types erased: a fold that can be run again and again.

use std::time::{Duration, Instant};

use threefold::{CancelToken, Executor, Source, Task, Trace};

/// So much of a value is told.
const TOLD: usize = 200;

/// A fold that can be run again and again.
pub(crate) trait Subject {
    /// How many items its source has.
    fn items(&self) -> u128;

    /// Runs the fold once: how long it took, and the text of what it came to, or what is wrong with that.
    fn run(
        &mut self,
        on: &Executor,
        cancel: &CancelToken,
        trace: Option<&Trace>,
    ) -> threefold::Result<(Duration, Result<String, String>)>;
}

/// A source, a task, how outputs are reduced, and the text of what they come to.
pub(crate) struct Folding<S, T, A, R, C> {
    pub(crate) source: S,
    pub(crate) task: T,
    pub(crate) init: A,
    pub(crate) reduce: R,
    pub(crate) check: C,
}

impl<S, T, A, R, C> Subject for Folding<S, T, A, R, C>
where
    S: Source + Clone,
    T: Task<Chunk = S::Chunk> + Clone,
    A: Clone,
    R: Fn(A, T::Output) -> A,
    C: Fn(A) -> Result<String, String>,
{
    fn items(&self) -> u128 {
        self.source.item_count()
    }

    fn run(
        &mut self,
        on: &Executor,
        cancel: &CancelToken,
        trace: Option<&Trace>,
    ) -> threefold::Result<(Duration, Result<String, String>)> {
        let (source, task, init) = (self.source.clone(), self.task.clone(), self.init.clone());
        let view = on.cancel(cancel);
        let began = Instant::now();
        let value = match trace {
            Some(trace) => view.trace(trace).fold(source, task, init, &self.reduce),
            None => view.fold(source, task, init, &self.reduce),
        }?;
        let took = began.elapsed();
        Ok((took, (self.check)(value)))
    }
}

/// The text of a value, as far as a reader wants it.
pub(crate) fn shortened(value: &str) -> String {
    match value.char_indices().nth(TOLD) {
        Some((end, _)) => format!("{} ..", &value[..end]),
        None => value.to_string(),
    }
}
