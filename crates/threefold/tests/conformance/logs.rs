//! The subscriber of a fold's caller is told of the spans and the events of its tasks, wherever they run, and its logger
//! of their records.

use std::collections::BTreeMap;
use std::fmt::{Debug, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use threefold::prelude::*;
use threefold::{Executor, Items, Model, from_iter};
use tracing::field::{Empty, Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Subscriber, debug, error, info, info_span, trace, warn};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;

use crate::fixtures::fixture;
use crate::tasks::PanicsOn;
use crate::{executor, with_one_worker};

crate::rows! {
    every:
        the_callers_subscriber_is_told_the_same_as_on_sequential,
        spans_say_which_chunk_ran_where,
        a_filter_of_the_caller_holds_for_its_tasks,
        a_subscriber_of_another_thread_is_told_nothing,
        the_events_of_a_chunk_that_panics_arrive,
        a_chunk_that_runs_again_names_its_attempt,
        async_tasks_stay_in_the_span_of_their_chunk,
        awaited_folds_and_streams_have_the_subscriber_of_who_polls_them,
        the_events_of_making_a_state_arrive,
        records_of_the_crate_log_arrive,
        with_a_logger_alone_no_subscriber_is_set,
        observers_are_in_the_span_of_the_caller,
        what_nobody_wants_is_not_even_made;
    local:
        reductions_are_in_the_span_of_the_caller,
        a_panic_of_the_subscriber_when_a_thread_leaves_the_span_of_the_caller_is_that_of_no_chunk;
    processes: events_of_threads_that_a_task_starts_arrive;
    remote:
        of_too_many_events_of_a_chunk_it_is_said_how_many_are_missing,
        a_logger_is_told_how_many_records_of_a_chunk_are_missing,
        an_error_arrives_behind_many_events_that_nobody_wants,
        a_panic_of_the_subscriber_unwinds_from_the_verb,
        a_panic_of_the_subscriber_at_a_span_that_was_not_closed_ends_no_worker,
        a_panic_of_the_subscriber_where_chunks_are_taken_from_an_iterator_unwinds_from_the_stream;
    isolating_with_one_worker:
        the_events_of_finished_chunks_outlive_their_worker,
        a_chunk_that_ends_its_worker_has_a_span,
        a_panic_of_the_subscriber_unwinds_while_a_lost_chunk_is_halved;
}

/// A subscriber that writes down what it is told.
#[derive(Clone, Debug, Default)]
struct Told(Arc<Mutex<Vec<Entry>>>);

/// An event, or a span that has closed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    /// The name of a span; empty for an event.
    span: &'static str,
    target: String,
    level: String,
    fields: Fields,
    /// The spans that it is in, the outermost first.
    within: Vec<(&'static str, Fields)>,
}

type Fields = BTreeMap<&'static str, String>;

/// Writes fields as `Debug` writes them.
struct Writing<'a>(&'a mut Fields);

impl Visit for Writing<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        let mut text = format!("error {value}");
        let mut error = value;
        while let Some(source) = error.source() {
            write!(text, ": {source}").unwrap();
            error = source;
        }
        self.0.insert(field.name(), text);
    }
}

impl Told {
    fn within<S: Subscriber + for<'a> LookupSpan<'a>>(
        context: &Context<'_, S>,
        id: Option<&Id>,
    ) -> Vec<(&'static str, Fields)> {
        let spans = id.and_then(|id| context.span_scope(id)).into_iter().flat_map(|scope| scope.from_root());
        spans.map(|span| (span.name(), span.extensions().get::<Fields>().cloned().unwrap_or_default())).collect()
    }

    /// The events, without what differs between models: the order among chunks, the model, the worker.
    fn events(&self) -> Vec<Entry> {
        let mut events: Vec<_> = self.all().into_iter().filter(|entry| entry.span.is_empty()).collect();
        for event in &mut events {
            for (_, fields) in &mut event.within {
                ["model", "worker", "workers"].iter().for_each(|field| drop(fields.remove(field)));
            }
        }
        events.sort();
        events
    }

    fn messages(&self) -> Vec<String> {
        self.events().into_iter().map(|event| event.fields["message"].clone()).collect()
    }

    fn spans(&self, name: &str) -> Vec<Entry> {
        self.all().into_iter().filter(|entry| entry.span == name).collect()
    }

    fn all(&self) -> Vec<Entry> {
        self.0.lock().unwrap().clone()
    }

    /// Is the subscriber of this thread during `work`.
    fn during<R>(&self, work: impl FnOnce() -> R) -> R {
        tracing::subscriber::with_default(tracing_subscriber::registry().with(self.clone()), work)
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Told {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Fields::new();
        attributes.record(&mut Writing(&mut fields));
        context.span(id).unwrap().extensions_mut().insert(fields);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let span = context.span(id).unwrap();
        let mut extensions = span.extensions_mut();
        values.record(&mut Writing(extensions.get_mut().unwrap()));
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::new();
        event.record(&mut Writing(&mut fields));
        let within = Self::within(&context, context.event_span(event).map(|span| span.id()).as_ref());
        let (target, level) = (event.metadata().target().to_string(), event.metadata().level().to_string());
        self.0.lock().unwrap().push(Entry { span: "", target, level, fields, within });
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let span = context.span(&id).unwrap();
        let fields = span.extensions().get::<Fields>().cloned().unwrap_or_default();
        let mut within = Self::within(&context, Some(&id));
        within.pop();
        let (target, level) = (span.metadata().target().to_string(), span.metadata().level().to_string());
        self.0.lock().unwrap().push(Entry { span: span.name(), target, level, fields, within });
    }
}

fn numbers(count: u64) -> Items<u64> {
    Items((0..count).collect())
}

#[derive(Debug)]
struct Broken(std::num::ParseIntError);

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("no number")
    }
}

impl std::error::Error for Broken {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

/// Makes events with fields of every type, in spans and in a fold of its own.
#[task]
fn speak(chunk: u64) -> u64 {
    info!(signed = -1, unsigned = chunk, float = 0.5, flag = true, text = "t\n", list = ?[chunk], "chunk {chunk}");
    let inner = info_span!("inner", chunk, late = Empty);
    inner.in_scope(|| {
        inner.record("late", "here");
        let broken = Broken("x".parse::<u8>().unwrap_err());
        let broken: &(dyn std::error::Error + 'static) = &broken;
        error!(target: "elsewhere", long = u128::MAX, low = i128::MIN, broken, "inner {chunk}");
        let innermost = info_span!("innermost");
        debug!(parent: &innermost, "innermost {chunk}");
        let total = Executor::current().fold((0..4).split_into(2), whisper, 0, |sum, part| sum + part);
        assert_eq!(total.unwrap(), 6);
    });
    trace!("left {chunk}");
    chunk
}

#[task]
fn whisper(range: std::ops::Range<u64>) -> u64 {
    trace!(range.start, "whisper");
    range.sum()
}

fn the_callers_subscriber_is_told_the_same_as_on_sequential(model: Model) {
    let events_on = |on: &Executor| {
        let told = Told::default();
        let sum =
            told.during(|| info_span!("caller").in_scope(|| on.fold(numbers(9), speak, 0, |sum, part| sum + part)));
        assert_eq!(sum.unwrap(), 36);
        told.events()
    };
    let expected = events_on(&executor(Model::Sequential, 1));
    assert_eq!(expected.len(), 9 * 6);
    for workers in [1, 3] {
        let on = executor(model, workers);
        for _ in 0..2 {
            let events = events_on(&on);
            for (event, expected) in events.iter().zip(&expected) {
                assert_eq!(event, expected);
            }
            assert_eq!(events.len(), expected.len());
        }
    }
}

fn spans_say_which_chunk_ran_where(model: Model) {
    let told = Told::default();
    let workers = executor(model, 2).workers();
    told.during(|| executor(model, 2).map((0..100u64).split_into(4), whisper)).unwrap();
    let [fold] = &told.spans("fold")[..] else { panic!("one fold") };
    assert_eq!(fold.target, "threefold::fold");
    assert_eq!(
        (&*fold.fields["task"], &*fold.fields["chunks"], &*fold.fields["model"]),
        ("\"whisper\"", "4", model.name())
    );
    assert_eq!(fold.fields["workers"], workers.to_string());
    let mut chunks = told.spans("chunk");
    chunks.sort_by_key(|chunk| chunk.fields["chunk"].clone());
    assert_eq!(chunks.len(), 4);
    for (number, chunk) in chunks.iter().enumerate() {
        assert_eq!((&*chunk.target, &*chunk.level), ("threefold::chunk", "INFO"));
        assert_eq!(chunk.within.iter().map(|(name, _)| *name).collect::<Vec<_>>(), ["fold"]);
        let field = |name| chunk.fields[name].as_str();
        let range = format!("\"{}..{}\"", number * 25, number * 25 + 25);
        assert_eq!([field("task"), field("chunk"), field("range")], ["\"whisper\"", &number.to_string(), &range]);
        assert_eq!([field("model"), field("attempt")], [model.name(), "1"]);
        assert!(field("worker").parse::<usize>().unwrap() < workers);
    }
}

fn a_filter_of_the_caller_holds_for_its_tasks(model: Model) {
    let told = Told::default();
    let filter = Targets::new().with_target("elsewhere", Level::ERROR).with_target("threefold::chunk", Level::INFO);
    let subscriber = tracing_subscriber::registry().with(told.clone().with_filter(filter));
    let on = executor(model, 2);
    tracing::subscriber::with_default(subscriber, || on.for_each(numbers(3), speak)).unwrap();
    assert_eq!(told.messages(), ["inner 0", "inner 1", "inner 2"]);
    for (number, event) in told.events().iter().enumerate() {
        let [(name, fields)] = &event.within[..] else { panic!("only its chunk: {:?}", event.within) };
        assert_eq!((*name, &*fields["chunk"]), ("chunk", &*number.to_string()));
    }
    // The spans of the library are no more than spans: without them the events are in the span of the caller.
    let told = Told::default();
    let filter = Targets::new().with_default(Level::DEBUG).with_target("threefold", LevelFilter::OFF);
    let subscriber = tracing_subscriber::registry().with(told.clone().with_filter(filter));
    tracing::subscriber::with_default(subscriber, || info_span!("caller").in_scope(|| on.for_each(numbers(3), speak)))
        .unwrap();
    let within = told.events().into_iter().filter(|event| event.level == "INFO").map(|event| event.within);
    assert_eq!(within.collect::<Vec<_>>(), vec![vec![("caller", Fields::new())]; 3]);
}

fn a_subscriber_of_another_thread_is_told_nothing(model: Model) {
    let told = Told::default();
    told.during(|| {
        thread::scope(|scope| {
            scope.spawn(|| {
                threefold::init();
                executor(model, 2).for_each(numbers(3), speak).unwrap();
            });
        });
    });
    assert_eq!(told.all(), []);
}

#[task]
fn speak_and_panic(chunk: u64) {
    warn!("about to panic {chunk}");
    assert!(chunk < 2, "it panics");
}

fn the_events_of_a_chunk_that_panics_arrive(model: Model) {
    let told = Told::default();
    let error = told.during(|| executor(model, 1).for_each(numbers(3), speak_and_panic)).unwrap_err();
    assert_eq!((error.is_panic(), error.chunk()), (true, Some(2)));
    let expected = [0, 1, 2].map(|chunk| format!("about to panic {chunk}"));
    let messages = told.messages();
    assert!(with_one_worker(model) && messages == expected || messages.contains(&expected[2]), "{messages:?}");
}

/// Panics at the first attempt.
#[task]
fn speak_at_last(chunk: u64, folder: &std::path::PathBuf) -> u64 {
    let is_first = std::fs::File::create_new(folder.join(chunk.to_string())).is_ok();
    info!("first: {is_first}");
    assert!(!is_first, "not yet");
    chunk
}

fn a_chunk_that_runs_again_names_its_attempt(model: Model) {
    let (told, folder) = (Told::default(), crate::fixtures::folder());
    let on = Executor::builder(model).retries(1).retry_panics(true).build().unwrap();
    told.during(|| on.map(numbers(5), speak_at_last.with(folder.path().to_path_buf()))).unwrap();
    let events = told.events();
    assert_eq!(events.len(), 10);
    for event in events {
        let (_, chunk) = event.within.last().unwrap();
        let expected = if event.fields["message"] == "first: true" { "1" } else { "2" };
        assert_eq!(chunk["attempt"], expected, "{chunk:?}");
    }
}

#[task]
async fn speak_late(chunk: u64) -> u64 {
    info!("before {chunk}");
    tokio::time::sleep(std::time::Duration::from_millis(chunk % 3)).await;
    info!("after {chunk}");
    chunk
}

/// All events name the chunk that they are in.
fn assert_in_their_chunks(told: &Told, count: usize) {
    let events = told.events();
    assert_eq!(events.len(), count);
    for event in events {
        let number = event.fields["message"].split(' ').nth(1).unwrap();
        let names: Vec<_> = event.within.iter().map(|(name, _)| *name).collect();
        assert_eq!((names, &*event.within.last().unwrap().1["chunk"]), (vec!["fold", "chunk"], number), "{event:?}");
    }
}

fn async_tasks_stay_in_the_span_of_their_chunk(model: Model) {
    for workers in [1, 3] {
        let told = Told::default();
        told.during(|| executor(model, workers).map(numbers(20), speak_late)).unwrap();
        assert_in_their_chunks(&told, 40);
    }
}

fn awaited_folds_and_streams_have_the_subscriber_of_who_polls_them(model: Model) {
    let on = executor(model, 2);
    let told = Told::default();
    told.during(|| pollster::block_on(on.map_async(numbers(10), speak_late))).unwrap();
    assert_in_their_chunks(&told, 20);
    let told = Told::default();
    let chunks = (0..10).inspect(|number| info!("comes {number}"));
    let sum: u64 = told.during(|| on.stream(from_iter(chunks), speak_late).map(Result::unwrap).sum());
    assert_eq!(sum, 45);
    // The iterator runs on a thread of its own, outside of all chunks.
    let comes = |entry: &Entry| entry.fields.get("message").is_some_and(|text| text.starts_with("comes"));
    assert_eq!(told.all().iter().filter(|entry| comes(entry) && entry.within.is_empty()).count(), 10);
    told.0.lock().unwrap().retain(|entry| !comes(entry));
    assert_in_their_chunks(&told, 20);
}

#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
struct Stateful;

#[task]
impl Task for Stateful {
    type Chunk = u64;
    type Output = u64;
    type State = u64;

    fn state(&self) -> Result<u64, String> {
        info!("made");
        Ok(1)
    }

    fn map(&self, state: &mut u64, chunk: u64) -> u64 {
        chunk + *state
    }
}

fn the_events_of_making_a_state_arrive(model: Model) {
    let told = Told::default();
    assert_eq!(told.during(|| executor(model, 1).map(numbers(3), Stateful)).unwrap(), [1, 2, 3]);
    assert_eq!(told.messages()[0], "made");
}

fn reductions_are_in_the_span_of_the_caller(model: Model) {
    let told = Told::default();
    let reduce = |sum, part| {
        info!("reduced");
        sum + part
    };
    let on = executor(model, 2);
    told.during(|| info_span!("caller").in_scope(|| on.fold((0..10).split_into(5), whisper, 0, reduce))).unwrap();
    let reduced = told.events().into_iter().filter(|event| event.fields["message"] == "reduced");
    assert_eq!(reduced.map(|event| event.within.len()).collect::<Vec<_>>(), [1; 5]);
}

fn observers_are_in_the_span_of_the_caller(model: Model) {
    let observed = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&observed);
    let on = Executor::builder(model).retries(1).retry_panics(true).build().unwrap().observe(move |_event| {
        counter.fetch_add(1, Ordering::Relaxed);
        info!("observed");
    });
    let blocking = || on.map_results(numbers(20), PanicsOn(vec![3, 7]));
    let awaited = || pollster::block_on(on.map_results_async(numbers(20), PanicsOn(vec![3, 7])));
    for fold in [&blocking as &dyn Fn() -> threefold::Result<_>, &awaited] {
        let told = Told::default();
        observed.store(0, Ordering::Relaxed);
        let results: Vec<Result<u64, _>> = told.during(|| info_span!("caller").in_scope(fold)).unwrap();
        assert_eq!(results.iter().filter(|result| result.is_err()).count(), 2);
        let heard: Vec<_> = told.events().into_iter().filter(|event| event.fields["message"] == "observed").collect();
        assert_eq!(heard.len() as u64, observed.load(Ordering::Relaxed));
        let within = |event: &Entry| event.within.iter().map(|(name, _)| *name).collect::<Vec<_>>();
        assert!(heard.iter().all(|event| within(event) == ["caller"]), "{heard:?}");
    }
}

#[task]
fn speak_on_a_thread(chunk: u64) {
    let span = info_span!("of the task");
    let _entered = span.enter();
    let parent = span.clone();
    thread::spawn(move || info!(parent: &parent, "from a thread {chunk}")).join().unwrap();
    thread::spawn(move || info!("alone {chunk}")).join().unwrap();
}

fn events_of_threads_that_a_task_starts_arrive(model: Model) {
    let told = Told::default();
    told.during(|| executor(model, 2).for_each(numbers(3), speak_on_a_thread)).unwrap();
    let expected: Vec<_> =
        ["alone", "from a thread"].iter().flat_map(|text| (0..3).map(move |chunk| format!("{text} {chunk}"))).collect();
    assert_eq!(told.messages(), expected);
    let depths = told.events().iter().map(|event| event.within.len()).collect::<Vec<_>>();
    assert_eq!(depths, [2, 2, 2, 3, 3, 3]);
}

#[task]
fn chatter(count: u64) {
    let text = "x".repeat(1000);
    (0..count).for_each(|number| info!(number, text, "chatter"));
}

fn of_too_many_events_of_a_chunk_it_is_said_how_many_are_missing(model: Model) {
    let told = Told::default();
    told.during(|| executor(model, 1).for_each(Items(vec![3000, 20_000, 2]), chatter)).unwrap();
    let (missing, kept): (Vec<_>, Vec<_>) =
        told.all().into_iter().filter(|entry| entry.span.is_empty()).partition(|event| event.target == "threefold");
    let [missing] = &missing[..] else { panic!("{missing:?}") };
    assert_eq!((&*missing.level, &*missing.within[1].1["chunk"]), ("WARN", "1"));
    let count: usize = missing.fields["count"].parse().unwrap();
    assert_eq!(kept.len() + count, 23_002);
    assert!(kept.len() > 3002 + 3500, "{}", kept.len());
}

fn an_error_arrives_behind_many_events_that_nobody_wants(model: Model) {
    let told = Told::default();
    let filter = Targets::new().with_target("elsewhere", Level::INFO);
    let subscriber = tracing_subscriber::registry().with(told.clone().with_filter(filter));
    let fold = || executor(model, 1).for_each(Items(vec![20_000]), chatter_and_fail);
    tracing::subscriber::with_default(subscriber, fold).unwrap();
    assert_eq!(told.messages(), ["it matters"]);
}

#[task]
fn chatter_and_fail(count: u64) {
    let text = "x".repeat(1000);
    (0..count).for_each(|number| info!(number, text, "chatter"));
    error!(target: "elsewhere", "it matters");
}

fn a_logger_is_told_how_many_records_of_a_chunk_are_missing(model: Model) {
    let stdout = fixture("logs-alone", model).stdout;
    let [first, second, missing, last] = stdout.lines().collect::<Vec<_>>()[..] else { panic!("{stdout}") };
    assert_eq!([first, second], ["ERROR elsewhere: after 1", "ERROR elsewhere: after 20000"]);
    let missing = missing.strip_prefix("WARN threefold: ").unwrap().split(' ').next().unwrap();
    let arrived = last.split(' ').next_back().unwrap();
    assert_eq!([missing, arrived].map(|count| count.parse::<u64>().unwrap()).iter().sum::<u64>(), 20_001, "{stdout}");
}

/// A subscriber with a defect.
struct Panicking;

impl<S: Subscriber> Layer<S> for Panicking {
    fn on_event(&self, _event: &Event<'_>, _context: Context<'_, S>) {
        panic!("a defect");
    }
}

fn a_panic_of_the_subscriber_unwinds_from_the_verb(model: Model) {
    let on = executor(model, 2);
    for _ in 0..10 {
        let subscriber = tracing_subscriber::registry().with(Panicking);
        let fold = || tracing::subscriber::with_default(subscriber, || on.for_each(numbers(3), speak_late));
        let payload = catch_unwind(AssertUnwindSafe(fold)).unwrap_err();
        assert_eq!(payload.downcast_ref(), Some(&"a defect"));
    }
    on.for_each(numbers(3), speak).unwrap();
}

/// Panics when a thread leaves the span of the caller.
struct PanickingOnExit;

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for PanickingOnExit {
    fn on_exit(&self, id: &Id, context: Context<'_, S>) {
        let is_callers = context.span(id).is_some_and(|span| span.name() == "caller");
        if is_callers && !thread::panicking() {
            std::panic::panic_any("a defect");
        }
    }
}

fn a_panic_of_the_subscriber_when_a_thread_leaves_the_span_of_the_caller_is_that_of_no_chunk(model: Model) {
    let on = executor(model, 1);
    let subscriber = tracing_subscriber::registry().with(PanickingOnExit);
    let fold = || {
        let caller = info_span!("caller");
        // The future begins in the span, and is awaited outside of it: the caller leaves nothing.
        let mut future = std::pin::pin!(on.map_results_async(numbers(3), speak));
        let mut is_first = true;
        pollster::block_on(std::future::poll_fn(|cx| {
            if std::mem::take(&mut is_first) {
                let entered = caller.enter();
                let polled = future.as_mut().poll(cx);
                let left = catch_unwind(AssertUnwindSafe(|| drop(entered)));
                assert_eq!(left.unwrap_err().downcast_ref(), Some(&"a defect"));
                return polled;
            }
            future.as_mut().poll(cx)
        }))
    };
    let fold = || tracing::subscriber::with_default(subscriber, fold);
    let payload = catch_unwind(AssertUnwindSafe(fold)).unwrap_err();
    assert_eq!(payload.downcast_ref(), Some(&"a defect"));
    on.for_each(numbers(3), speak).unwrap();
}

/// Panics when a span of a task is closed.
struct PanickingOnClose;

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for PanickingOnClose {
    fn on_close(&self, id: Id, context: Context<'_, S>) {
        if context.span(&id).is_some_and(|span| span.name() == "never closed") {
            std::panic::panic_any("a defect");
        }
    }
}

#[task]
fn never_close(_chunk: u64) -> u32 {
    std::mem::forget(info_span!("never closed"));
    std::process::id()
}

fn a_panic_of_the_subscriber_at_a_span_that_was_not_closed_ends_no_worker(model: Model) {
    let on = executor(model, 1);
    let workers = on.map(numbers(1), never_close).unwrap();
    let subscriber = tracing_subscriber::registry().with(PanickingOnClose);
    let fold = || tracing::subscriber::with_default(subscriber, || on.map(numbers(1), never_close));
    let payload = catch_unwind(AssertUnwindSafe(fold)).unwrap_err();
    assert_eq!(payload.downcast_ref(), Some(&"a defect"));
    assert_eq!(on.map(numbers(1), never_close).unwrap(), workers);
}

/// Panics when a span is entered on the thread that takes chunks from an iterator.
struct PanickingOnFeed;

impl<S: Subscriber> Layer<S> for PanickingOnFeed {
    fn on_enter(&self, _id: &Id, _ctx: Context<'_, S>) {
        if thread::current().name() == Some("threefold-feed") {
            std::panic::panic_any("a defect");
        }
    }
}

fn a_panic_of_the_subscriber_where_chunks_are_taken_from_an_iterator_unwinds_from_the_stream(model: Model) {
    let on = executor(model, 2);
    let subscriber = tracing_subscriber::registry().with(PanickingOnFeed);
    let stream = || info_span!("caller").in_scope(|| on.stream(threefold::from_iter(0..3), speak).count());
    let fold = || tracing::subscriber::with_default(subscriber, stream);
    let payload = catch_unwind(AssertUnwindSafe(fold)).unwrap_err();
    assert_eq!(payload.downcast_ref(), Some(&"a defect"));
}

#[task]
fn speak_and_abort(chunk: u64) {
    info!("chunk {chunk}");
    if chunk == 30 {
        std::process::abort();
    }
}

fn the_events_of_finished_chunks_outlive_their_worker(model: Model) {
    let told = Told::default();
    let on = Executor::builder(model).workers(1).isolate(true).build().unwrap();
    let error = told.during(|| on.for_each(numbers(100), speak_and_abort)).unwrap_err();
    assert_eq!((error.is_worker_lost(), error.chunk()), (true, Some(30)));
    let messages = told.messages();
    assert!((0..30).all(|chunk| messages.contains(&format!("chunk {chunk}"))), "{messages:?}");
}

/// Its events arrive if its worker lives on.
#[task]
fn speak_or_abort(range: std::ops::Range<u64>) {
    info!("{range:?}");
    if range.contains(&3) {
        std::process::abort();
    }
}

fn a_panic_of_the_subscriber_unwinds_while_a_lost_chunk_is_halved(model: Model) {
    let on = Executor::builder(model).workers(1).isolate(true).bisect(true).build().unwrap();
    let blocking = || on.for_each((0..4u64).split_into(1), speak_or_abort);
    let awaited = || pollster::block_on(on.for_each_async((0..4u64).split_into(1), speak_or_abort));
    for fold in [&blocking as &dyn Fn() -> threefold::Result<()>, &awaited] {
        let subscriber = tracing_subscriber::registry().with(Panicking);
        let fold = || tracing::subscriber::with_default(subscriber, fold);
        let payload = catch_unwind(AssertUnwindSafe(fold)).unwrap_err();
        assert_eq!(payload.downcast_ref(), Some(&"a defect"));
    }
}

fn a_chunk_that_ends_its_worker_has_a_span(model: Model) {
    let told = Told::default();
    let on = Executor::builder(model).workers(1).isolate(true).build().unwrap();
    told.during(|| on.for_each(numbers(100), speak_and_abort)).unwrap_err();
    let spans = told.spans("chunk");
    let [lost] = &spans.iter().filter(|span| span.fields["chunk"] == "30").collect::<Vec<_>>()[..] else {
        panic!("one span: {spans:?}")
    };
    assert_eq!((&*lost.fields["attempt"], lost.within[0].0), ("1", "fold"));
}

#[task]
fn log_some(chunk: u64) {
    info_span!("of the task").in_scope(|| log::warn!(target: "elsewhere", "logged {chunk}"));
    log::debug!("not wanted");
}

/// In a copy with the bridge of `tracing-log`.
pub(crate) fn log(model: Model) {
    let told = Told::default();
    let filtered = told.clone().with_filter(LevelFilter::INFO);
    tracing_subscriber::registry().with(filtered).init();
    log::set_max_level(log::LevelFilter::Info);
    executor(model, 2).for_each(numbers(3), log_some).unwrap();
    let events = told.events();
    for event in &events {
        let names: Vec<_> = event.within.iter().map(|(name, _)| *name).collect();
        println!("{} {} in {}", event.level, event.fields["message"], names.join(" > "));
        assert_eq!(event.fields["log.target"], "\"elsewhere\"");
        assert!(event.fields["log.file"].ends_with("logs.rs\""));
    }
}

fn records_of_the_crate_log_arrive(model: Model) {
    let expected: String = (0..3).map(|chunk| format!("WARN logged {chunk} in fold > chunk > of the task\n")).collect();
    assert_eq!(fixture("logs", model).stdout, expected);
}

/// A logger that counts lines, and prints what is more than information.
struct Counting(AtomicU64);

impl log::Log for Counting {
    fn enabled(&self, _metadata: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        if record.level() < log::Level::Info {
            println!("{} {}: {}", record.level(), record.target(), record.args());
        } else {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn flush(&self) {}
}

/// Logs much of what nobody needs, and then something that must not be missed. Whether the process has had a subscriber.
#[task]
fn log_much(count: u64) -> bool {
    let text = "x".repeat(1000);
    (0..count).for_each(|number| log::info!("{number} {text}"));
    log::error!(target: "elsewhere", "after {count}");
    tracing::dispatcher::has_been_set()
}

/// In a copy with a logger, and without a subscriber.
pub(crate) fn log_alone(model: Model) {
    static LOGGER: Counting = Counting(AtomicU64::new(0));
    log::set_logger(&LOGGER).unwrap();
    log::set_max_level(log::LevelFilter::Info);
    let has_subscriber = executor(model, 1).map(Items(vec![1, 20_000]), log_much).unwrap();
    println!("{has_subscriber:?} {}", LOGGER.0.load(Ordering::Relaxed));
}

/// While a process has had no subscriber, `tracing` writes events as log records, if its feature `log` is on.
fn with_a_logger_alone_no_subscriber_is_set(model: Model) {
    let stdout = fixture("logs-alone", model).stdout;
    assert!(stdout.lines().last().unwrap().starts_with("[false, false] "), "{stdout}");
}

/// Whether events of two levels and a log record would be made.
#[task]
fn what_is_enabled(_chunk: u64) -> (bool, bool, bool) {
    (tracing::enabled!(Level::INFO), tracing::enabled!(Level::DEBUG), log::log_enabled!(log::Level::Error))
}

/// In a copy whose only subscriber wants little, and is there for one of three folds.
pub(crate) fn log_little(model: Model) {
    let on = executor(model, 1);
    let fold = || println!("{:?}", on.map(numbers(1), what_is_enabled).unwrap()[0]);
    fold();
    let subscriber = tracing_subscriber::registry().with(Told::default().with_filter(LevelFilter::INFO));
    tracing::subscriber::with_default(subscriber, fold);
    fold();
}

fn what_nobody_wants_is_not_even_made(model: Model) {
    let none = "(false, false, false)\n";
    assert_eq!(fixture("logs-little", model).stdout, format!("{none}(true, false, false)\n{none}"));
}
