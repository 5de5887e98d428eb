//! `Subject`: the work with its types erased: a fold that can be run again and again.

use std::time::{Duration, Instant};

use threefold::{CancelToken, Executor, Source, Task, Trace};

/// So much of a value is told.
const TOLD: usize = 200;

/// A fold that can be run again and again.
pub(crate) trait Subject {
    /// How many items its source has.
    fn items(&self) -> u128;

    /// Runs the fold once: how long it took, and the text of what it came to.
    fn run(
        &mut self,
        on: &Executor,
        cancel: &CancelToken,
        trace: Option<&mut Trace>,
    ) -> threefold::Result<(Duration, &str)>;
}

/// A source, a task, and how outputs are reduced.
pub(crate) struct Folding<S, T, A, R> {
    source: S,
    task: T,
    init: A,
    reduce: R,
    value: String,
}

impl<S, T, A, R> Folding<S, T, A, R> {
    pub(crate) fn new(source: S, task: T, init: A, reduce: R) -> Self {
        Self { source, task, init, reduce, value: String::new() }
    }
}

impl<S, T, A, R> Subject for Folding<S, T, A, R>
where
    S: Source + Clone,
    T: Task<Chunk = S::Chunk> + Clone,
    A: Clone + std::fmt::Debug,
    R: Fn(A, T::Output) -> A,
{
    fn items(&self) -> u128 {
        self.source.len()
    }

    fn run(
        &mut self,
        on: &Executor,
        cancel: &CancelToken,
        trace: Option<&mut Trace>,
    ) -> threefold::Result<(Duration, &str)> {
        let (source, task, init) = (self.source.clone(), self.task.clone(), self.init.clone());
        let view = on.cancel(cancel);
        let began = Instant::now();
        let value = match trace {
            Some(trace) => view.trace(trace).fold(source, task, init, &self.reduce),
            None => view.fold(source, task, init, &self.reduce),
        }?;
        let took = began.elapsed();
        self.value.clear();
        // Writing to a string does not fail.
        let _ = std::fmt::Write::write_fmt(&mut self.value, format_args!("{value:?}"));
        Ok((took, &self.value))
    }
}

/// The text of a value, as far as a reader wants it.
pub(crate) fn shortened(value: &str) -> String {
    match value.char_indices().nth(TOLD) {
        Some((end, _)) => format!("{} ..", &value[..end]),
        None => value.to_string(),
    }
}
