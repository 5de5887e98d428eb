//! `Run`: a work that was run once, and what is known of it afterwards.

#[cfg(target_os = "linux")]
mod feed_fold;

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use threefold::{CancelToken, Event, Executor, Model, Source, Task, Trace, TryError};

#[cfg(target_os = "linux")]
use self::feed_fold::FeedFold;
use crate::arguments::{Format, RunRequest};
use crate::chunk_error::{ChunkError, FailedChunk};
use crate::computation::{Describe, Prepared, Verb, Visitor};
#[cfg(target_os = "linux")]
use crate::computation::{Fed, Wanted};
use crate::failure::Failure;
use crate::overdue::Overdue;
use crate::plan::Plan;
use crate::progress::FoldProgress;
use crate::recording::Recording;
use crate::work::Work;
use crate::{messages, model_options};

/// A run that has ended, one way or the other.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) model: Model,
    pub(crate) work: Work,
    /// The number of workers; `None` if the executor could not be made.
    pub(crate) workers: Option<usize>,
    pub(crate) chunks: u64,
    pub(crate) value: Result<String, Failure>,
    /// What is known of the value if the run was cancelled, or if chunks failed with `--keep-going`.
    pub(crate) partial: Option<Partial>,
    /// Before the executor was made.
    pub(crate) began: Instant,
    /// From then to the value.
    pub(crate) total: Duration,
    /// The journal, if there is one and it is not of another run.
    pub(crate) recording: Option<Recording>,
    /// Failures of chunks after which the other chunks were run, in the order of the chunks.
    pub(crate) failures: Vec<Failure>,
    /// Failures after which a chunk was run again. The user was told of them at once.
    pub(crate) retried: Vec<Failure>,
    /// Which worker ran which chunk and when; empty unless the output is JSON.
    pub(crate) trace: Trace,
}

impl Run {
    /// What is known of a run that was cancelled, and does not end.
    fn overdue(request: RunRequest, chunks: u64, began: Instant, recording: Option<Recording>, trace: Trace) -> Self {
        let RunRequest { model, work, workers, .. } = request;
        let value = Err(Failure::Overdue { work: work.name().to_string(), model });
        let (total, failures, retried) = (began.elapsed(), Vec::new(), Vec::new());
        Self { model, work, workers, chunks, value, partial: None, began, total, recording, failures, retried, trace }
    }
}

/// What is known of a fold besides its value. All is as in a [`Run`].
#[derive(Debug, Default)]
struct SoFar {
    partial: Option<Partial>,
    failures: Vec<Failure>,
    /// Only those of the chunks that the task itself has run again.
    retried: Vec<Failure>,
}

/// The value of some of the chunks.
#[derive(Debug)]
pub(crate) struct Partial {
    pub(crate) value: String,
    /// How many chunks these are.
    pub(crate) chunks: u64,
    /// Whether they are the first chunks, without a gap.
    pub(crate) are_first: bool,
}

impl SoFar {
    /// Notes the failures after which the task has run `chunk` again, which covers what `range` says.
    fn note_retries(&mut self, work: &Work, chunk: u64, range: impl Fn() -> String, failures: &[ChunkError]) {
        self.retried.extend(
            failures
                .iter()
                .map(|error| Failure::Chunk(Box::new(FailedChunk::new(work.name(), chunk, &range, error.clone())))),
        );
    }
}

/// Says what is known of a run.
pub(crate) type Speak = fn(&Run, Format);

/// Runs the work of `request` until it is done or `token` is cancelled. If it does not end in time then, `overdue` speaks.
///
/// # Errors
///
/// Why the work cannot have this input: nothing was started.
pub(crate) fn run(request: &RunRequest, token: &CancelToken, overdue: (&Overdue, Speak)) -> Result<Run, String> {
    request.work.visit(&request.input, Once { request, token, overdue })
}

/// Runs a work once.
struct Once<'a> {
    request: &'a RunRequest,
    token: &'a CancelToken,
    overdue: (&'a Overdue, Speak),
}

impl Visitor for Once<'_> {
    type Result = Run;

    fn visit<S, T, A, V>(self, prepared: Prepared<S, T, A, V>) -> Run
    where
        S: Source<Chunk = T::Chunk>,
        T: Task,
        V: Verb<T>,
    {
        let Self { request, .. } = self;
        let plan = prepared.plan.clone();
        let fold = |on: &Executor, so_far: &mut SoFar| {
            let value = match request.failures.keep_going {
                true => keep_going(&request.work, prepared, on, so_far),
                false => fail_fast(&request.work, prepared, on, so_far),
            };
            (value, None)
        };
        let described = plan.clone();
        self.run(Some(&plan), Arc::new(move |chunk| described.describe(chunk)), fold)
    }

    #[cfg(target_os = "linux")]
    fn wants(&self) -> Wanted {
        if self.request.format == Format::Plain { Wanted::AtOnce } else { Wanted::AsText }
    }

    #[cfg(target_os = "linux")]
    fn takes_feeds(&self) -> bool {
        // A journal has to know the chunks of the whole run.
        self.request.journal.is_none()
    }

    #[cfg(target_os = "linux")]
    fn prefers_feeds(&self) -> bool {
        // So that not all outputs have to be kept until the last chunk has ended.
        self.takes_feeds() && self.request.failures.keep_going
    }

    #[cfg(target_os = "linux")]
    fn visit_feed<I, T, A, O>(self, fed: Fed<I, T, A>) -> Run
    where
        I: Iterator<Item = T::Chunk> + Send + 'static,
        T: Task<Output = Result<O, ChunkError>>,
        T::Chunk: Clone,
    {
        let Self { request, .. } = self;
        let (plan, describe) = (fed.plan.clone(), Arc::clone(&fed.describe));
        let fold = |on: &Executor, so_far: &mut SoFar| {
            FeedFold { work: &request.work, on, keeps_going: request.failures.keep_going, so_far }.run(fed)
        };
        self.run(plan.as_ref(), describe, fold)
    }
}

impl Once<'_> {
    /// Makes the executor, and runs `fold` on it. That gives the value, and the number of chunks if there is no `plan` of
    /// them. `describe` says what a chunk covers.
    fn run(
        self,
        plan: Option<&Plan>,
        describe: Describe,
        fold: impl FnOnce(&Executor, &mut SoFar) -> (Result<String, Failure>, Option<u64>),
    ) -> Run {
        let Self { request, token, overdue: (overdue, speak) } = self;
        let mut chunks = plan.map_or(0, |plan| plan.chunks);
        let progress = plan.and_then(|plan| FoldProgress::start(request.when_to_show(), plan));
        let trace = Trace::new();

        let work = request.work.clone();
        let named = move |failure: Failure| work.failure(failure, &*describe);
        let run_again = Arc::new(Mutex::new(Vec::new()));
        let began = Instant::now();
        let mut recording = None;
        let on = match &request.journal {
            Some(path) => Recording::open(path, chunks).map(|opened| recording = Some(opened)),
            None => Ok(()),
        };
        let on = on.and_then(|()| executor(request));
        if request.model == Model::Mpi && on.is_ok() && threefold::ranks() == 1 {
            messages::note(
                "there is only one MPI rank, which runs all chunks; to have more, start the program with mpirun",
            );
        }
        overdue.begin({
            let (request, recording, trace) = (request.clone(), recording.clone(), trace.clone());
            Arc::new(move || {
                let run = Run::overdue(request.clone(), chunks, began, recording.clone(), trace.clone());
                speak(&run, request.format);
            })
        });
        let (mut workers, mut so_far) = (None, SoFar::default());
        let value = on.and_then(|on| {
            let mut on = on.cancel(token);
            if let Some(progress) = &progress {
                on = on.observe(progress.observer());
            }
            if request.failures.retries > 0 {
                let (run_again, named) = (Arc::clone(&run_again), named.clone());
                on = on.observe(move |event| note_retry(event, &run_again, &named));
            }
            if request.format == Format::Json {
                on = on.trace(&trace);
            }
            if let Some(recording) = &recording {
                on = recording.on(&on);
            }
            let (value, come) = fold(&on, &mut so_far);
            if plan.is_none() {
                chunks = come.unwrap_or(chunks);
            }
            // Asked after the fold: where the user gives no number, worker processes count the cores while they start.
            workers = Some(on.workers());
            value
        });
        overdue.end();
        let total = began.elapsed();
        let value = match &recording {
            Some(recording) => value.map_err(|failure| recording.failure(failure)),
            None => value,
        };
        let value = value.map_err(&named);

        let SoFar { partial, failures, mut retried } = so_far;
        let failures = failures.into_iter().map(named).collect();
        retried.append(&mut run_again.lock().unwrap_or_else(PoisonError::into_inner));
        // Chunks fail in any order, and the attempts at a chunk one after the other.
        retried.sort_by_key(Failure::chunk);
        let RunRequest { model, work, .. } = request;
        Run {
            model: *model,
            work: work.clone(),
            workers,
            chunks,
            value,
            partial,
            began,
            total,
            recording,
            failures,
            retried,
            trace,
        }
    }
}

/// Tells at once of a chunk that failed and is run again.
fn note_retry(event: &Event<'_>, run_again: &Mutex<Vec<Failure>>, named: impl Fn(Failure) -> Failure) {
    if let Event::Retried(error) = event {
        let failure = named((*error).clone().into());
        messages::warning(format_args!("{failure:#}\n  the chunk is run again"));
        run_again.lock().unwrap_or_else(PoisonError::into_inner).push(failure);
    }
}

fn executor(request: &RunRequest) -> Result<Executor, Failure> {
    request.check_options().map_err(Failure::Unavailable)?;
    let mut builder = Executor::builder(request.model);
    // A worker process can be lost whoever applies the limits.
    if !request.work.has_limits() || request.model == Model::Processes {
        builder = builder.retries(request.failures.retries);
    }
    if let Some(workers) = request.workers {
        builder = builder.workers(workers);
    }
    let in_flight = request.work.in_flight(request.workers).filter(|_| request.model == Model::Async);
    if let Some(chunks) = request.in_flight.or(in_flight) {
        builder = builder.in_flight(chunks);
    }
    if let Some(timeout) = request.failures.timeout.filter(|_| !request.work.has_limits()) {
        builder = builder.timeout(timeout);
    }
    if let Some(bytes) = request.failures.memory_limit.filter(|_| !request.work.has_limits()) {
        builder = builder.memory_limit(bytes);
    }
    builder.build().map_err(|error| match error.is_setup() {
        true => Failure::Unavailable(model_options::as_typed(&error.to_string())),
        false => error.into(),
    })
}

/// The value of a fold that ends at the first chunk that fails. If it was cancelled, what the first chunks gave is the
/// `partial` result.
fn fail_fast<S, T, A, V>(
    work: &Work,
    prepared: Prepared<S, T, A, V>,
    on: &Executor,
    so_far: &mut SoFar,
) -> Result<String, Failure>
where
    S: Source<Chunk = T::Chunk>,
    T: Task,
    V: Verb<T>,
{
    let Prepared { plan, source, computation } = prepared;
    let (mut value, mut chunks) = (Some(computation.init), 0);
    let ended = V::fold(on, source, computation.task, |output| {
        so_far.note_retries(work, chunks, || plan.describe(chunks), (computation.retried)(&output));
        value = value.take().map(|value| (computation.reduce)(value, output));
        chunks += 1;
        match value.as_ref().is_some_and(computation.is_full) {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    });
    let value = value.expect("no reduction panics");
    match ended {
        Ok(()) => (computation.finish)(value, &plan),
        Err(TryError::Task { chunk, error }) => {
            so_far.note_retries(work, chunk, || plan.describe(chunk), &error.earlier);
            Err(failed(work, &plan, chunk, error))
        }
        Err(TryError::Failed(error)) => {
            if error.is_cancelled() {
                so_far.partial = some_of(chunks, true, (computation.partial)(value));
            }
            Err(error.into())
        }
    }
}

/// The failure of a chunk that has failed on its own account.
fn failed(work: &Work, plan: &Plan, chunk: u64, error: ChunkError) -> Failure {
    Failure::Chunk(Box::new(FailedChunk::new(work.name(), chunk, || plan.describe(chunk), error)))
}

/// A partial result, if any chunk is in it.
fn some_of(chunks: u64, are_first: bool, value: Option<String>) -> Option<Partial> {
    value.filter(|_| chunks > 0).map(|value| Partial { value, chunks, are_first })
}

/// The value of a fold that finishes the other chunks when one fails. The `failures` are noted in the order of chunks,
/// and what the finished chunks gave is the `partial` result.
fn keep_going<S, T, A, V>(
    work: &Work,
    prepared: Prepared<S, T, A, V>,
    on: &Executor,
    so_far: &mut SoFar,
) -> Result<String, Failure>
where
    S: Source<Chunk = T::Chunk>,
    T: Task,
    V: Verb<T>,
{
    let Prepared { plan, source, computation } = prepared;
    let results = on.map_results(source, computation.task)?;
    let (mut value, mut finished, mut failures_here, mut cancelled) = (computation.init, 0, Vec::new(), None);
    for (chunk, result) in (0..).zip(results) {
        match result {
            Ok(output) => {
                so_far.note_retries(work, chunk, || plan.describe(chunk), (computation.retried)(&output));
                match V::error(&output) {
                    Some(error) => failures_here.push(failed(work, &plan, chunk, error.clone())),
                    None => {
                        value = (computation.reduce)(value, output);
                        finished += 1;
                    }
                }
            }
            Err(error) if error.is_cancelled() => cancelled = Some(error),
            Err(error) => failures_here.push(error.into()),
        }
    }
    let first = failures_here.first().cloned().map(Box::new);
    let failure = match (cancelled, first) {
        (Some(cancelled), _) => Failure::Fold(cancelled),
        (None, Some(first)) => Failure::Chunks { first, failed: failures_here.len() as u64, finished },
        (None, None) => return (computation.finish)(value, &plan),
    };
    so_far.failures = failures_here;
    so_far.partial = some_of(finished, false, (computation.partial)(value));
    Err(failure)
}
