//! `Run`: one fold, and what is known of it afterwards.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use threefold::{CancelToken, Event, Executor, Model, Source, Task, Trace};

use crate::failure::Failure;
use crate::output;
use crate::progress::Progress;
use crate::words::{Faults, Format, Order};
use crate::works::{Fold, Use, Work};

/// A fold that has ended, one way or the other.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) model: Model,
    pub(crate) work: Work,
    /// How many workers there were; `None` where the executor could not be made.
    pub(crate) workers: Option<usize>,
    pub(crate) chunks: u64,
    pub(crate) value: Result<String, Failure>,
    /// Before the executor was made.
    pub(crate) began: Instant,
    /// From then to the value.
    pub(crate) total: Duration,
    /// What failed on the way: chunks that were run again, or that others outlived.
    pub(crate) failures: Vec<threefold::Error>,
    /// Which worker ran which chunk, when; empty where nobody reads it.
    pub(crate) trace: Trace,
}

/// Does what `order` says, until it is done or `token` is cancelled.
///
/// # Errors
///
/// Why the work cannot have such an input: nothing was started.
pub(crate) fn run(order: &Order, token: &CancelToken) -> Result<Run, String> {
    order.work.with(&order.input, Once { order, token })
}

/// A work is folded once.
struct Once<'a> {
    order: &'a Order,
    token: &'a CancelToken,
}

impl Use for Once<'_> {
    type Result = Run;

    fn fold<S, T, A>(self, fold: Fold<S, T, A>) -> Run
    where
        S: Source<Chunk = T::Chunk>,
        T: Task,
    {
        let Self { order: &Order { work, model, .. }, .. } = self;
        let chunks = fold.plan.chunks;
        let progress = Progress::start(self.order.progress, &fold.plan);
        let trace = Trace::new();

        let failures = Arc::new(Mutex::new(Vec::new()));
        let began = Instant::now();
        let on = executor(self.order);
        let value = on.as_ref().map_err(|error| error.clone().into()).and_then(|on| {
            let mut on = on.cancel(self.token);
            if let Some(progress) = &progress {
                on = on.observe(progress.observer());
            }
            if self.order.faults.retries > 0 {
                let failures = Arc::clone(&failures);
                on = on.observe(move |event| note_retry(event, &failures));
            }
            if self.order.format == Format::Json {
                on = on.trace(&trace);
            }
            if self.order.faults.keep_going { keep_going(fold, &on, &failures) } else { fail_fast(fold, &on) }
        });
        let total = began.elapsed();

        let workers = on.ok().map(|on| on.workers());
        let failures = std::mem::take(&mut *failures.lock().unwrap_or_else(PoisonError::into_inner));
        Run { model, work, workers, chunks, value, began, total, failures, trace }
    }
}

/// A chunk that failed and is run again is told of at once.
fn note_retry(event: &Event<'_>, failures: &Mutex<Vec<threefold::Error>>) {
    if let Event::Retried(error) = event {
        output::warn(format_args!("{error:#}\n  it is run again"));
        failures.lock().unwrap_or_else(PoisonError::into_inner).push((*error).clone());
    }
}

fn executor(order: &Order) -> threefold::Result<Executor> {
    let mut builder = Executor::builder(order.model);
    if let Some(workers) = order.workers {
        builder = builder.workers(workers);
    }
    if let Some(chunks) = order.in_flight {
        builder = builder.in_flight(chunks);
    }
    let Faults { retries, timeout, memory_limit, .. } = order.faults;
    builder = builder.retries(retries);
    if let Some(timeout) = timeout {
        builder = builder.timeout(timeout);
    }
    if let Some(bytes) = memory_limit {
        builder = builder.memory_limit(bytes);
    }
    builder.build()
}

/// The value of `fold`, which ends at the first chunk that fails.
fn fail_fast<S, T, A>(fold: Fold<S, T, A>, on: &Executor) -> Result<String, Failure>
where
    S: Source<Chunk = T::Chunk>,
    T: Task,
{
    let Fold { plan, source, recipe } = fold;
    let total = on.fold(source, recipe.task, recipe.init, recipe.reduce)?;
    (recipe.finish)(total, &plan)
}

/// The same, where a chunk that fails does not keep the others from being finished.
fn keep_going<S, T, A>(
    fold: Fold<S, T, A>,
    on: &Executor,
    failures: &Mutex<Vec<threefold::Error>>,
) -> Result<String, Failure>
where
    S: Source<Chunk = T::Chunk>,
    T: Task,
{
    let Fold { plan, source, recipe } = fold;
    let (parts, failed): (Vec<_>, Vec<_>) = on.map_results(source, recipe.task)?.into_iter().partition(Result::is_ok);
    let failed: Vec<_> = failed.into_iter().filter_map(Result::err).collect();
    if let Some(first) = failed.first().cloned() {
        let done = parts.len();
        failures.lock().unwrap_or_else(PoisonError::into_inner).extend(failed);
        return Err(Failure::Chunks { first, done, of: plan.chunks });
    }
    let total = parts.into_iter().flatten().fold(recipe.init, recipe.reduce);
    (recipe.finish)(total, &plan)
}
