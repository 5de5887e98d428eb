//! `Run`: one fold, and what is known of it afterwards.

use std::time::{Duration, Instant};

use threefold::{CancelToken, Executor, Model, Source, Trace, View};

use crate::failure::Failure;
use crate::plan::{Cutting, Plan};
use crate::progress::Progress;
use crate::words::{Format, Order};
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
    /// Which worker ran which chunk, when; empty where nobody reads it.
    pub(crate) trace: Trace,
}

/// Does what `order` says, until it is done or `token` is cancelled.
pub(crate) fn run(order: &Order, token: &CancelToken) -> Run {
    let Order { model, plan, format, .. } = order;
    let progress = Progress::start(order.progress, plan);
    let mut trace = Trace::new();

    let began = Instant::now();
    let on = executor(order);
    let value = on.as_ref().map_err(|error| error.clone().into()).and_then(|on| {
        let mut view = on.cancel(token);
        if let Some(progress) = &progress {
            view = view.observe(progress.observer());
        }
        fold(plan, if *format == Format::Json { view.trace(&mut trace) } else { view })
    });
    let total = began.elapsed();

    let workers = on.ok().map(|on| on.workers());
    Run { model: *model, workers, chunks: plan.chunks, value, began, total, trace }
}

fn executor(order: &Order) -> threefold::Result<Executor> {
    let mut builder = Executor::builder(order.model);
    if let Some(workers) = order.workers {
        builder = builder.workers(workers);
    }
    if let Some(chunks) = order.in_flight {
        builder = builder.in_flight(chunks);
    }
    builder.build()
}

/// The total of the ranges, which is also what the formula says.
fn fold(plan: &Plan, on: View<'_>) -> Result<i128, Failure> {
    let total = match plan.source.clone() {
        Cutting::One(range) => add_up(on, range),
        Cutting::AsGiven(ranges) => add_up(on, ranges),
    };
    let total = total?.ok_or(Failure::Overflow)?;
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
