//! `Run`: one fold, and what is known of it afterwards.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use threefold::{CancelToken, Event, Executor, Model, Source, Trace, View};

use crate::failure::Failure;
use crate::output;
use crate::plan::{Cutting, Plan};
use crate::progress::Progress;
use crate::words::{Faults, Format, Order};
use crate::works::sum;

/// A fold that has ended, one way or the other.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) model: Model,
    /// How many workers there were; `None` where the executor could not be made.
    pub(crate) workers: Option<usize>,
    pub(crate) chunks: u64,
    pub(crate) value: Result<i128, Failure>,
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
pub(crate) fn run(order: &Order, token: &CancelToken) -> Run {
    let Order { model, plan, format, .. } = order;
    let progress = Progress::start(order.progress, plan);
    let mut trace = Trace::new();

    let failures = Arc::new(Mutex::new(Vec::new()));
    let began = Instant::now();
    let on = executor(order);
    let value = on.as_ref().map_err(|error| error.clone().into()).and_then(|on| {
        let mut view = on.cancel(token);
        if let Some(progress) = &progress {
            view = view.observe(progress.observer());
        }
        if order.faults.retries > 0 {
            let failures = Arc::clone(&failures);
            view = view.observe(move |event| note_retry(event, &failures));
        }
        let view = if *format == Format::Json { view.trace(&mut trace) } else { view };
        if order.faults.keep_going { keep_going(plan, view, &failures) } else { fold(plan, view) }
    });
    let total = began.elapsed();

    let workers = on.ok().map(|on| on.workers());
    let failures = std::mem::take(&mut *failures.lock().unwrap_or_else(PoisonError::into_inner));
    Run { model: *model, workers, chunks: plan.chunks, value, began, total, failures, trace }
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

/// The total of the ranges, which is also what the formula says.
fn fold(plan: &Plan, on: View<'_>) -> Result<i128, Failure> {
    let total = match plan.source.clone() {
        Cutting::One(range) => add_up(on, range),
        Cutting::AsGiven(ranges) => add_up(on, ranges),
    };
    check(plan, total?)
}

/// The same, where a chunk that fails does not keep the others from being finished.
fn keep_going(plan: &Plan, on: View<'_>, failures: &Mutex<Vec<threefold::Error>>) -> Result<i128, Failure> {
    let outcomes = match plan.source.clone() {
        Cutting::One(range) => on.outcomes(range, sum::calculate_sum),
        Cutting::AsGiven(ranges) => on.outcomes(ranges, sum::calculate_sum),
    };
    let (parts, failed): (Vec<_>, Vec<_>) = outcomes?.into_iter().partition(Result::is_ok);
    let failed: Vec<_> = failed.into_iter().filter_map(Result::err).collect();
    if let Some(first) = failed.first().cloned() {
        let done = parts.len();
        failures.lock().unwrap_or_else(PoisonError::into_inner).extend(failed);
        return Err(Failure::Chunks { first, done, of: plan.chunks });
    }
    check(plan, parts.into_iter().flatten().try_fold(0, sum::add))
}

/// The total, where it is what the formula says.
fn check(plan: &Plan, total: Option<i128>) -> Result<i128, Failure> {
    let total = total.ok_or(Failure::Overflow)?;
    match sum::expected(&plan.ranges) {
        Some(expected) if expected != total => Err(Failure::Mismatch { total, expected }),
        _ => Ok(total),
    }
}

fn add_up<S>(on: View<'_>, source: S) -> threefold::Result<Option<i128>>
where
    S: Source<Chunk = std::ops::RangeInclusive<i64>>,
{
    on.fold(source, sum::calculate_sum, Some(0), |total, part| sum::add(total?, part))
}
