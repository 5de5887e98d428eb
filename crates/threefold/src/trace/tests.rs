//! What a worker hears, and what the parent makes of it, in one process.

#![allow(clippy::unwrap_used, reason = "a test says with it what must be so")]

use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use proptest::prelude::*;
use tracing::field::{Field, Visit};
use tracing::subscriber::NoSubscriber;
use tracing::{Dispatch, Event, Subscriber, debug, dispatcher, error, info, info_span};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

use super::capture::EventCollector;
use super::levels::Levels;
use super::record::{self, Fields, Line, Record, Site, Value};
use super::replay::Replay;
use super::scope::Scope;
use super::site::Known;
use crate::model::Model;

/// A subscriber that keeps each event as a line.
#[derive(Clone, Debug, Default)]
struct Lines(Arc<Mutex<Vec<String>>>);

struct Writing(String);

impl Visit for Writing {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0 += &format!(" {}={value:?}", field.name());
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Lines {
    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let spans: Vec<_> = context.event_scope(event).into_iter().flatten().map(|span| span.name()).collect();
        let mut line = Writing(format!("{} {}", event.metadata().level(), spans.join("<")));
        event.record(&mut line);
        self.0.lock().unwrap().push(line.0);
    }
}

/// What a worker sends that has this collector and runs `task`.
fn heard(collector: &EventCollector, task: impl FnOnce()) -> Vec<u8> {
    let listening = collector.listen();
    task();
    drop(listening);
    collector.take()
}

/// A parent that runs a fold.
struct Parent {
    lines: Lines,
    dispatch: Dispatch,
    scope: Scope,
    replay: Replay,
}

impl Parent {
    fn new() -> Self {
        let lines = Lines::default();
        let dispatch = Dispatch::new(tracing_subscriber::registry().with(lines.clone()));
        let scope = dispatcher::with_default(&dispatch, || Scope::of_caller("task", Model::Processes, 9, || 2));
        Self { lines, dispatch, scope, replay: Replay::default() }
    }

    /// What its subscriber is told when a worker sends this of a chunk.
    fn told(&mut self, chunk: u64, sent: &[u8]) -> (Result<(), ()>, Vec<String>) {
        let Self { scope, replay, .. } = self;
        let result = dispatcher::with_default(&self.dispatch, || {
            let result = replay.tell(scope, chunk, || scope.chunk(chunk, 1, 0, String::new), sent);
            assert!(tracing::Span::current().is_none(), "no span is left entered");
            result
        });
        (result, std::mem::take(&mut self.lines.0.lock().unwrap()))
    }
}

fn levels(events: u8, logs: u8) -> Levels {
    Levels::new(events, logs).unwrap()
}

#[test]
fn the_parent_is_told_what_the_worker_hears() {
    let mut collector = EventCollector::default();
    collector.begin(levels(3, 0), false);
    let sent = heard(&collector, || {
        info!(n = 1, "outside");
        info_span!("inner").in_scope(|| info!(text = "t", "inside"));
        debug!("not wanted");
    });
    let (result, lines) = Parent::new().told(7, &sent);
    assert_eq!(result, Ok(()));
    let [outside, inside] = &lines[..] else { panic!("{lines:?}") };
    // The fields of a message come first.
    assert_eq!(outside, "INFO chunk<fold message=outside n=1");
    assert_eq!(inside, "INFO inner<chunk<fold message=inside text=\"t\"");
}

#[test]
fn a_span_that_outlives_its_chunk_is_known_in_the_next_one_of_the_fold() {
    let mut collector = EventCollector::default();
    collector.begin(levels(3, 0), false);
    let mut span = None;
    let first = heard(&collector, || span = Some(info_span!("kept")));
    let speak = || span.as_ref().unwrap().in_scope(|| info!("within"));
    let second = heard(&collector, speak);
    let mut parent = Parent::new();
    assert_eq!(parent.told(0, &first), (Ok(()), Vec::new()));
    assert_eq!(parent.told(1, &second), (Ok(()), vec!["INFO kept<chunk<fold message=within".to_string()]));
    // The parent of the next fold has never heard of it.
    collector.begin(levels(3, 0), false);
    let third = heard(&collector, speak);
    assert_eq!(Parent::new().told(2, &third), (Ok(()), vec!["INFO chunk<fold message=within".to_string()]));
}

#[test]
fn without_a_level_nothing_is_heard() {
    let mut collector = EventCollector::default();
    collector.begin(Levels::OFF, false);
    assert!(heard(&collector, || info!("unheard")).is_empty());
    collector.begin(levels(5, 0), false);
    assert!(!heard(&collector, || info!("heard")).is_empty());
    collector.begin(Levels::OFF, false);
    assert!(heard(&collector, || info!("unheard")).is_empty());
}

#[test]
fn with_a_logger_alone_no_subscriber_is_set() {
    let mut collector = EventCollector::default();
    collector.begin(levels(0, 3), false);
    let has_subscriber = || !dispatcher::get_default(|dispatch| dispatch.is::<NoSubscriber>());
    let before = has_subscriber();
    heard(&collector, || assert_eq!(has_subscriber(), before));
    collector.begin(levels(3, 3), false);
    assert!(!heard(&collector, || info!("heard")).is_empty());
}

#[test]
fn what_is_kept_of_a_chunk_is_bounded_and_urgent_records_have_room_of_their_own() {
    let mut collector = EventCollector::default();
    collector.begin(levels(3, 0), false);
    let sent = heard(&collector, || {
        let text = "x".repeat(1 << 20);
        (0..9).for_each(|_| info!(text, "noise"));
        error!("urgent");
        info!("noise");
        // There is no room for the first of these, and for the others.
        let text = "x".repeat(5 << 20);
        error!(text, "longer than all that is left");
        error!("urgent");
    });
    assert!((3 << 20..8 << 20).contains(&sent.len()), "{}", sent.len());
    let (result, lines) = Parent::new().told(7, &sent);
    assert_eq!(result, Ok(()));
    let starts = lines.iter().map(|line| line.split(" chunk<fold ").collect::<Vec<_>>());
    let starts: Vec<_> =
        starts.map(|parts| (parts[0].to_string(), parts[1].split(' ').next().unwrap().to_string())).collect();
    let line = |level: &str, message: &str| (level.to_string(), format!("message={message}"));
    let mut expected = vec![line("INFO", "noise"); 3];
    expected.extend([line("ERROR", "urgent"), line("INFO", "noise"), line("ERROR", "urgent"), line("WARN", "some")]);
    assert_eq!(starts, expected);
    assert!(lines.last().unwrap().ends_with("count=7"), "{:?}", lines.last());
}

fn site(name: &str) -> Site {
    Site {
        is_span: false,
        level: 3,
        name: name.to_string(),
        target: "target".to_string(),
        module: None,
        file: Some("file.rs".to_string()),
        line: Some(1),
        fields: vec!["message".to_string(), "n".to_string()],
    }
}

#[test]
fn a_site_is_made_once() {
    let one = Known::of(&site("one")).unwrap();
    assert!(std::ptr::eq(one, Known::of(&site("one")).unwrap()));
    assert!(!std::ptr::eq(one, Known::of(&site("other")).unwrap()));
    assert!(Known::of(&Site { level: 0, ..site("one") }).is_none());
    assert!(Known::of(&Site { fields: vec!["n".to_string(); 5000], ..site("one") }).is_none());
    assert!(Known::of(&site(&"n".repeat(100_000))).is_none());
}

#[test]
fn what_no_worker_would_send_is_told_of_the_chunk_or_left_out() {
    let mut sent = Vec::new();
    let number = Fields(vec![(1, Value::Unsigned(5)), (9, Value::Bool(true))]);
    for record in [
        Record::Event { site: 0, parent: None, fields: number.clone() },
        Record::Exit { span: 3 },
        Record::Close { span: 3 },
        Record::Enter { span: 3 },
        Record::Fields { span: 3, fields: number.clone() },
        Record::Follows { span: 3, from: 4 },
        Record::Site(site("event")),
        Record::Site(Site { level: 9, ..site("event") }),
        Record::Site(Site { is_span: true, ..site("span") }),
        Record::Event { site: 1, parent: None, fields: number.clone() },
        Record::Event { site: 2, parent: None, fields: number.clone() },
        Record::Span { number: 8, site: 0, parent: Some(8), fields: number.clone() },
        Record::Span { number: 9, site: 2, parent: Some(3), fields: number.clone() },
        // Entered twice, and not left.
        Record::Enter { span: 9 },
        Record::Enter { span: 9 },
        Record::Follows { span: 9, from: 9 },
        Record::Event { site: 0, parent: Some(4), fields: number.clone() },
        Record::Event { site: 0, parent: Some(9), fields: number },
    ] {
        assert!(record::append(&record, &mut sent));
    }
    let mut parent = Parent::new();
    let (result, lines) = parent.told(7, &sent);
    assert_eq!(
        (result, lines),
        (Ok(()), vec!["INFO chunk<fold n=5".to_string(), "INFO span<chunk<fold n=5".to_string()])
    );
    assert_eq!(parent.told(7, b"\x01\0\0\0").0, Err(()));
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<f64>().prop_map(Value::Float),
        any::<i128>().prop_map(Value::LongSigned),
        any::<bool>().prop_map(Value::Bool),
        any::<Vec<u8>>().prop_map(Value::Bytes),
        any::<String>().prop_map(Value::Text),
    ]
}

/// Records with few numbers, so that they are often about the same spans and sites.
fn any_record() -> impl Strategy<Value = Record> {
    let fields = || prop::collection::vec((0..4u32, value()), 0..4).prop_map(Fields);
    let (number, site_number) = (0..4u64, 0..4u32);
    let parent = || prop::option::of(0..4u64);
    prop_oneof![
        (any::<bool>(), 0..7u8).prop_map(|(is_span, level)| Record::Site(Site { is_span, level, ..site("any") })),
        (site_number.clone(), parent(), fields()).prop_map(|(site, parent, fields)| Record::Event {
            site,
            parent,
            fields
        }),
        (number.clone(), site_number, parent(), fields()).prop_map(|(number, site, parent, fields)| Record::Span {
            number,
            site,
            parent,
            fields
        }),
        (number.clone(), fields()).prop_map(|(span, fields)| Record::Fields { span, fields }),
        (number.clone(), number.clone()).prop_map(|(span, from)| Record::Follows { span, from }),
        number.clone().prop_map(|span| Record::Enter { span }),
        number.clone().prop_map(|span| Record::Exit { span }),
        number.prop_map(|span| Record::Close { span }),
        (parent(), any::<u8>(), any::<String>()).prop_map(|(parent, level, message)| Record::Line {
            parent,
            line: Line { level, target: message.clone(), module: None, file: None, line: None, message }
        }),
        any::<u64>().prop_map(|count| Record::Missing { count }),
    ]
}

proptest! {
    #[test]
    fn any_records_in_any_order_are_told_and_leave_no_span_entered(all in prop::collection::vec(any_record(), 0..60)) {
        let mut sent = Vec::new();
        all.iter().for_each(|record| assert!(record::append(record, &mut sent)));
        let mut parent = Parent::new();
        for chunk in [0, 0, 1] {
            prop_assert_eq!(parent.told(chunk, &sent).0, Ok(()));
        }
    }

    #[test]
    fn any_bytes_are_told_or_refused(sent: Vec<u8>) {
        let _ = Parent::new().told(7, &sent);
    }
}
