//! `Subject`: the workload with its types erased, a fold that can be run again and again.

use std::time::{Duration, Instant};

use threefold::{CancelToken, Executor, Source, Task, Trace};

/// A fold that can be run again and again. It remembers its first value and compares later ones with it.
pub(crate) trait Subject {
    /// How many items the source has.
    fn items(&self) -> u128;

    /// Whether the task is an `async fn`.
    fn awaits(&self) -> bool;

    /// Runs the fold once.
    fn run(&mut self, on: &Executor, cancel: &CancelToken, trace: Option<&Trace>) -> threefold::Result<Folded>;

    /// The first value as text, shortened; empty before there is one.
    fn value(&self) -> String;
}

/// When the fold began, and how long it took.
#[derive(Clone, Copy)]
pub(crate) struct Timing {
    pub(crate) began: Instant,
    pub(crate) took: Duration,
}

/// What one run of the fold gave.
pub(crate) struct Folded {
    pub(crate) timing: Timing,
    /// Whether the value is as it should be.
    pub(crate) value: Result<(), Problem>,
}

/// What is wrong with a value. Values are texts, shortened.
pub(crate) enum Problem {
    /// It differs from the first value.
    Different { expected: String, value: String },
    /// It is not equal to itself.
    NotItself { value: String },
    /// Its key could not be made: the check rejected it.
    Wrong { reason: String },
}

/// A source, a task, how outputs are reduced, and how values are compared: by a key of them, `K`.
pub(crate) struct Folding<S, T, A, R, C, K> {
    pub(crate) source: S,
    pub(crate) task: T,
    pub(crate) init: A,
    pub(crate) reduce: R,
    /// Makes the key of a value, or says what is wrong with the value.
    pub(crate) key: C,
    /// The text of a key, shortened.
    pub(crate) show: fn(&K) -> String,
    /// The key of the first value.
    pub(crate) first: Option<K>,
}

impl<S, T, A, R, C, K> Subject for Folding<S, T, A, R, C, K>
where
    S: Source + Clone,
    T: Task<Chunk = S::Chunk> + Clone,
    A: Clone,
    R: Fn(A, T::Output) -> A,
    C: Fn(A) -> Result<K, String>,
    K: PartialEq,
{
    fn items(&self) -> u128 {
        self.source.item_count()
    }

    fn awaits(&self) -> bool {
        T::__ASYNC
    }

    fn run(&mut self, on: &Executor, cancel: &CancelToken, trace: Option<&Trace>) -> threefold::Result<Folded> {
        let (source, task, init) = (self.source.clone(), self.task.clone(), self.init.clone());
        let view = on.cancel(cancel);
        let began = Instant::now();
        let value = match trace {
            Some(trace) => view.trace(trace).fold(source, task, init, &self.reduce),
            None => view.fold(source, task, init, &self.reduce),
        }?;
        let took = began.elapsed();
        Ok(Folded { timing: Timing { began, took }, value: self.compare(value) })
    }

    fn value(&self) -> String {
        self.first.as_ref().map_or_else(String::new, self.show)
    }
}

impl<S, T, A, R, C, K> Folding<S, T, A, R, C, K>
where
    C: Fn(A) -> Result<K, String>,
    K: PartialEq,
{
    /// Compares a value with the first one, or keeps it if it is the first.
    fn compare(&mut self, value: A) -> Result<(), Problem> {
        let key = (self.key)(value).map_err(|reason| Problem::Wrong { reason })?;
        match &self.first {
            Some(first) if key == *first => Ok(()),
            Some(first) => Err(Problem::Different { expected: (self.show)(first), value: (self.show)(&key) }),
            None => {
                #[allow(
                    clippy::eq_op,
                    reason = "a value that is not equal to itself, such as NaN, is found in this way"
                )]
                if key != key {
                    return Err(Problem::NotItself { value: (self.show)(&key) });
                }
                self.first = Some(key);
                Ok(())
            }
        }
    }
}
