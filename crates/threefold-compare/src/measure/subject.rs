//! `Subject`: the workload with its types erased, a fold that can be run again and again.

use std::time::{Duration, Instant};

use threefold::__private::{Of, Pieces, Repeated};
use threefold::{CancelToken, Executor, Source, Task, Trace};

/// Makes an executor.
pub(crate) type Make<'a> = &'a dyn Fn() -> threefold::Result<Executor>;

/// A fold that can be run again and again. It remembers its first value and compares later ones with it.
pub(crate) trait Subject {
    /// How many items the source has.
    fn items(&self) -> u128;

    /// Whether the task is an `async fn`.
    fn awaits(&self) -> bool;

    /// A part has chunks like those of the whole if its number of items is a multiple of this. It is at least 1.
    fn grain(&mut self) -> u128;

    /// Runs the fold once on a new executor, whose making belongs to the fold's duration.
    fn run_cold(
        &mut self,
        make: Make<'_>,
        cancel: &CancelToken,
        trace: &Trace,
    ) -> threefold::Result<(Executor, Folded)>;

    /// How long a part of the fold takes on a new executor, whose making belongs to it: the first `items` items, so many
    /// times over. Its value is not looked at. `None` if the source has no such part.
    fn part(
        &mut self,
        items: u128,
        times: u64,
        make: Make<'_>,
        cancel: &CancelToken,
    ) -> threefold::Result<Option<Duration>>;

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
pub(crate) struct Folding<S: Source, T, A, R, C, K> {
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
    /// The source in the form from which parts are cut, once one was asked for.
    pub(crate) pieces: Option<S::Pieces>,
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

    fn grain(&mut self) -> u128 {
        self.pieces().grain()
    }

    fn run_cold(
        &mut self,
        make: Make<'_>,
        cancel: &CancelToken,
        trace: &Trace,
    ) -> threefold::Result<(Executor, Folded)> {
        let (source, task, init) = (self.source.clone(), self.task.clone(), self.init.clone());
        let began = Instant::now();
        let on = make()?;
        let value = on.cancel(cancel).trace(trace).fold(source, task, init, &self.reduce)?;
        let took = began.elapsed();
        let folded = Folded { timing: Timing { began, took }, value: self.compare(value) };
        Ok((on, folded))
    }

    fn part(
        &mut self,
        items: u128,
        times: u64,
        make: Make<'_>,
        cancel: &CancelToken,
    ) -> threefold::Result<Option<Duration>> {
        let Some(first) = self.pieces().first(items) else { return Ok(None) };
        if times == 1 {
            return self.timed(Of(first), make, cancel).map(Some);
        }
        Repeated::new(first, times).map(|repeated| self.timed(Of(repeated), make, cancel)).transpose()
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
    S: Source + Clone,
    T: Task<Chunk = S::Chunk> + Clone,
    A: Clone,
    R: Fn(A, T::Output) -> A,
{
    /// The source, from which parts are cut.
    fn pieces(&mut self) -> &S::Pieces {
        let source = &self.source;
        self.pieces.get_or_insert_with(|| source.clone().into_pieces())
    }

    /// How long the fold of `part` takes on a new executor.
    fn timed(
        &self,
        part: impl Source<Chunk = S::Chunk>,
        make: Make<'_>,
        cancel: &CancelToken,
    ) -> threefold::Result<Duration> {
        let (task, init) = (self.task.clone(), self.init.clone());
        let began = Instant::now();
        let on = make()?;
        let value = on.cancel(cancel).fold(part, task, init, &self.reduce)?;
        let took = began.elapsed();
        drop(value);
        Ok(took)
    }
}

impl<S, T, A, R, C, K> Folding<S, T, A, R, C, K>
where
    S: Source,
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
