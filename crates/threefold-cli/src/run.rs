//! `Run`: a work that was run once, and what is known of it afterwards.

#[cfg(target_os = "linux")]
mod feed_fold;
mod whole_fold;

use std::any;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use threefold::{CancelToken, Event, Executor, Model, Source, Task, Trace};

#[cfg(target_os = "linux")]
use self::feed_fold::FeedFold;
use self::whole_fold::{fail_fast, keep_going};
use crate::arguments::{Format, RunRequest};
use crate::chunk_error::{ChunkError, FailedChunk};
use crate::computation::{Describe, Prepared, Verb, Visitor};
#[cfg(target_os = "linux")]
use crate::computation::{Fed, Wanted};
use crate::course::Course;
use crate::failure::{Failure, Unended};
use crate::overdue::Overdue;
use crate::plan::{MOST_DEFAULT_CHUNKS, Plan};
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
    /// When it began, and what its chunks have done. Chunks are known if the output is JSON.
    pub(crate) course: Course,
    /// From before the executor was made to the value.
    pub(crate) total: Duration,
    /// The journal, if there is one and it records this fold.
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
    fn overdue(request: RunRequest, task: String, chunks: Option<u64>, course: Course) -> Self {
        let RunRequest { model, work, workers, .. } = request;
        let what = match chunks {
            None => Unended::Input,
            // Of more chunks, clearing them away may take as long.
            Some(chunks) if u128::from(chunks) <= MOST_DEFAULT_CHUNKS && course.is_in_chunk() => Unended::Chunk,
            Some(_) => Unended::Run,
        };
        Self {
            model,
            work,
            workers,
            chunks: chunks.unwrap_or(0),
            value: Err(Failure::Overdue { task, model, what }),
            partial: None,
            total: course.began().elapsed(),
            course,
            recording: None,
            failures: Vec::new(),
            retried: Vec::new(),
            trace: Trace::new(),
        }
    }

    /// Whether it was cancelled.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.value.as_ref().is_err_and(|failure| failure.kind() == "cancelled")
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
    let (speaker, speak) = overdue;
    let (prepared, course) = (request.clone(), Course::new());
    speaker.begin(Arc::new(move || {
        let name = prepared.work.name().to_string();
        speak(&Run::overdue(prepared.clone(), name, None, course.clone()), prepared.format);
    }));
    request.work.visit(&request.input, Once { request, token, overdue }).inspect_err(|_| speaker.end())
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
        self.run(Some(&plan), Arc::new(move |chunk| described.describe(chunk)), name_of::<T>(&request.work), fold)
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
        self.run(plan.as_ref(), describe, name_of::<T>(&request.work), fold)
    }
}

impl Once<'_> {
    /// Makes the executor, and runs `fold` on it. That gives the value, and the number of chunks if there is no `plan` of
    /// them. `describe` says what a chunk covers, and `task` is what is run on it.
    fn run(
        self,
        plan: Option<&Plan>,
        describe: Describe,
        task: String,
        fold: impl FnOnce(&Executor, &mut SoFar) -> (Result<String, Failure>, Option<u64>),
    ) -> Run {
        let Self { request, token, overdue: (overdue, speak) } = self;
        let mut chunks = plan.map_or(0, |plan| plan.chunks);
        let progress = plan.and_then(|plan| FoldProgress::start(request.when_to_show(), plan));
        let trace = Trace::new();

        let work = request.work.clone();
        let named = move |failure: Failure| work.failure(failure, &*describe);
        let run_again = Arc::new(Mutex::new(Vec::new()));
        let course = Course::new();
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
            let course = course.clone();
            Arc::new(move || {
                let run = Run::overdue(request.clone(), task.clone(), Some(chunks), course.clone());
                speak(&Run { recording: recording.clone(), trace: trace.clone(), ..run }, request.format);
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
            // Very many chunks may be so short that observing them would take longer than they do.
            let are_few = plan.is_none_or(|plan| u128::from(plan.chunks) <= MOST_DEFAULT_CHUNKS);
            if request.format == Format::Json || (are_few && !request.is_brief()) {
                on = on.observe(course.observer());
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
        let total = course.began().elapsed();
        // No more processes are started than there are chunks. How many chunks would have come to a run that has failed, is
        // not known.
        if request.model == Model::Processes && (plan.is_some() || value.is_ok()) {
            workers = workers.map(|workers| workers.min(usize::try_from(chunks).unwrap_or(usize::MAX)));
        }
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
            course,
            total,
            recording,
            failures,
            retried,
            trace,
        }
    }
}

/// What is run on every chunk: the user's own words, or the name of the task `T`, as the library's errors have it.
fn name_of<T>(work: &Work) -> String {
    let task = any::type_name::<T>().rsplit("::").next().unwrap_or_default();
    if work.is_the_users() { work.name().to_string() } else { task.to_string() }
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
