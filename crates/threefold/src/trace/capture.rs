//! `Capture`: the subscriber in a worker, and its [`logger`]. They write down what tasks tell `tracing` and `log`, and the
//! worker sends it with the answer of the chunk.
//!
//! A worker stops in [`init`](crate::init()), so it has no subscriber of the program. It gets this one with the first
//! fold whose caller has a subscriber. In a worker process it becomes the default of the whole process, so that threads
//! that a task starts are heard too. In a rank, which has several workers, it is the default of the worker's own thread
//! while chunks run.
//!
//! Records of the crate `log` are not turned into events here. The parent's own logger gets them, which may be the bridge
//! of `tracing-log` or any other. So they arrive where they would have arrived on threads. If the caller has a logger and
//! no subscriber, then the worker has no subscriber either: `tracing` with its feature `log` writes events as log records,
//! but only until the process first has a subscriber.
//!
//! # What is written down
//!
//! | the task | the record |
//! |---|---|
//! | makes an event | `Event`, with the innermost span of its thread, or the one that it names |
//! | begins a span | `Span`, in the same way |
//! | enters or leaves a span on the worker's thread | `Enter`, `Exit` |
//! | gives a value to a field of a span | `Fields` |
//! | says that a span follows from another | `Follows` |
//! | drops the last handle of a span | `Close` |
//! | logs with the crate `log` | `Line`, with the innermost span of its thread |
//!
//! Values are written down as their types: numbers as numbers, text as text, an error with its sources. All other values
//! are written down as their `Debug` writes them, while the task runs.
//!
//! A span may live longer than its chunk, for instance in the state of a worker. The parent knows it until the fold ends.
//! In the next fold it is unknown there, and what is in it counts as directly in the chunk.
//!
//! # How much is kept
//!
//! Records are kept until the chunk ends, and at most [`MOST`] bytes of them. The worker does not know the filters of the
//! parent, so most of these may be noise of some crate that nobody wants. Errors and warnings may take the same number of
//! bytes beyond that. What has no room is counted, and the parent is told how many are missing. If the process is killed,
//! those of the running chunk are lost.
//!
//! # Threads
//!
//! Each event names the span that it belongs to, as far as its own thread knows. Spans that are entered and left on
//! other threads than the worker's are not reported as entered: the parent replays everything on one thread.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::{self, ThreadId};

use tracing::callsite::{self, Identifier};
use tracing::dispatcher::{self, DefaultGuard};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id};
use tracing::subscriber::Interest;
use tracing::{Dispatch, Event, Metadata, Subscriber};
use tracing_core::span::Current;

use super::levels::{self, Levels, WARNINGS};
use super::record::{self, Fields, Record, Site};

mod logger;

use logger::Here;

/// The bytes of the records of one chunk that are kept: all, and with errors and warnings. The largest that a chunk is
/// likely to have on purpose, and no burden for a process.
const MOST: usize = 4 << 20;
const MOST_URGENT: usize = 2 * MOST;

/// The bytes that there are for records of this level, see [`levels`].
fn room_for(level: u8) -> usize {
    if level <= WARNINGS { MOST_URGENT } else { MOST }
}

/// Collects the events, spans and log records of the tasks of a worker. It is made when a fold first wants them.
#[derive(Debug, Default)]
pub(crate) struct EventCollector {
    capture: Option<Arc<Capture>>,
    /// The same as a subscriber, since a fold first wanted events.
    dispatch: Option<Dispatch>,
    /// Whether the subscriber is the default of the process.
    is_global: bool,
    levels: Levels,
}

/// What is logged on this thread is collected until this is dropped.
pub(crate) struct Listening {
    _here: Here,
    _default: Option<DefaultGuard>,
}

impl EventCollector {
    /// A fold begins that wants to know this. The worker may be `alone` in its process.
    pub(crate) fn begin(&mut self, levels: Levels, alone: bool) {
        /// Held while the most verbose level of this process is found anew. Two workers of a rank could find it at the same
        /// time, and the one that has not seen the other's level could be the last to note it.
        static CHANGE: Mutex<()> = Mutex::new(());
        let has_changed = self.levels != levels;
        let _change = has_changed.then(|| CHANGE.lock().unwrap_or_else(PoisonError::into_inner));
        if self.capture.is_none() && levels.are_off() {
            return;
        }
        let capture = Arc::clone(self.capture.get_or_insert_with(|| Arc::new(Capture::new())));
        if alone {
            logger::is_alone(&capture);
        }
        if self.dispatch.is_none() && levels.events > 0 {
            if !alone {
                // As long as a process has one subscriber, `tracing` asks the default of the thread that is there, and not
                // this one. A second subscriber has it ask them all, whichever thread makes an event first.
                static SECOND: OnceLock<Dispatch> = OnceLock::new();
                SECOND.get_or_init(|| Dispatch::new(Capture::new()));
            }
            let dispatch = Dispatch::new(Arc::clone(&capture));
            // The program may have set one before `init`. Then ours is the default of the worker's thread.
            self.is_global = alone && dispatcher::set_global_default(dispatch.clone()).is_ok();
            self.dispatch = Some(dispatch);
        }
        logger::begin(levels.logs, alone);
        capture.begin(levels);
        if has_changed {
            self.levels = levels;
            callsite::rebuild_interest_cache();
        }
    }

    /// Collects what is logged on this thread until the result is dropped.
    pub(crate) fn listen(&self) -> Option<Listening> {
        let capture = self.capture.as_ref().filter(|_| !self.levels.are_off())?;
        let default = self.dispatch.as_ref().filter(|_| !self.is_global && self.levels.events > 0);
        Some(Listening { _here: Here::enter(capture), _default: default.map(dispatcher::set_default) })
    }

    /// What was collected since the last call, as the bytes of records.
    pub(crate) fn take(&self) -> Vec<u8> {
        if self.levels.are_off() {
            return Vec::new();
        }
        self.capture.as_ref().map(|capture| capture.take()).unwrap_or_default()
    }
}

/// The subscriber.
#[derive(Debug)]
struct Capture {
    events: AtomicU8,
    logs: AtomicU8,
    /// The thread of the worker.
    owner: ThreadId,
    heard: Mutex<Heard>,
}

#[derive(Debug, Default)]
struct Heard {
    records: Vec<u8>,
    missing: u64,
    /// The numbers of the sites that were sent in this fold.
    sites: HashMap<Identifier, u32>,
    spans: HashMap<u64, Span>,
}

/// A span that is not closed.
#[derive(Debug)]
struct Span {
    metadata: &'static Metadata<'static>,
    handles: u64,
    /// Whether the parent knows it.
    is_sent: bool,
}

thread_local! {
    /// The spans that this thread is in.
    static ENTERED: RefCell<Vec<u64>> = const { RefCell::new(Vec::new()) };
}

/// The innermost span of this thread.
fn innermost() -> Option<u64> {
    ENTERED.try_with(|entered| entered.borrow().last().copied()).ok().flatten()
}

impl Capture {
    fn new() -> Self {
        Self {
            events: AtomicU8::new(0),
            logs: AtomicU8::new(0),
            owner: thread::current().id(),
            heard: Mutex::default(),
        }
    }

    /// A fold begins: the parent knows nothing of what was sent before.
    fn begin(&self, levels: Levels) {
        // Relaxed: the thread that runs the chunks stores them. Another thread may hear a little more, or less.
        self.events.store(levels.events, Ordering::Relaxed);
        self.logs.store(levels.logs, Ordering::Relaxed);
        let mut heard = self.lock();
        heard.sites.clear();
        heard.records.clear();
        heard.missing = 0;
        heard.spans.values_mut().for_each(|span| span.is_sent = false);
    }

    fn take(&self) -> Vec<u8> {
        let mut heard = self.lock();
        let missing = std::mem::take(&mut heard.missing);
        if missing > 0 {
            record::append(&Record::Missing { count: missing }, &mut heard.records);
        }
        std::mem::take(&mut heard.records)
    }

    /// Keeps that a span was entered or left, if there is room, and if the worker's own thread did it.
    fn keep_step(&self, heard: &mut Heard, step: &Record) {
        if thread::current().id() == self.owner {
            record::append_within(step, &mut heard.records, MOST);
        }
    }

    /// No lock is held while code of the user's runs, which may log in turn: values are written down before.
    fn lock(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Heard {
    /// Keeps `record`, if there is room for one of this level. Returns whether it is kept.
    fn keep(&mut self, record: &Record, level: u8) -> bool {
        let kept = record::append_within(record, &mut self.records, room_for(level));
        self.missing += u64::from(!kept);
        kept
    }

    /// Keeps a record of this site, which is sent before if it is new.
    fn keep_of(&mut self, metadata: &'static Metadata<'static>, record: impl FnOnce(u32) -> Record) -> bool {
        let (next, level) = (self.sites.len() as u32, levels::number(*metadata.level()));
        let number = match self.sites.get(&metadata.callsite()).copied() {
            Some(number) => number,
            None if self.keep(&Record::Site(site(metadata)), level) => {
                self.sites.insert(metadata.callsite(), next);
                next
            }
            None => return false,
        };
        self.keep(&record(number), level)
    }

    /// Keeps a record about a span.
    fn keep_about(&mut self, span: u64, record: &Record) {
        let level = self.spans.get(&span).map_or(levels::ALL, |span| levels::number(*span.metadata.level()));
        self.keep(record, level);
    }

    /// Whether the parent knows this span.
    fn knows(&self, span: u64) -> bool {
        self.spans.get(&span).is_some_and(|span| span.is_sent)
    }
}

fn site(metadata: &Metadata<'_>) -> Site {
    Site {
        is_span: metadata.is_span(),
        level: levels::number(*metadata.level()),
        name: metadata.name().to_string(),
        target: metadata.target().to_string(),
        module: metadata.module_path().map(str::to_string),
        file: metadata.file().map(str::to_string),
        line: metadata.line(),
        fields: metadata.fields().iter().map(|field| field.name().to_string()).collect(),
    }
}

impl Subscriber for Capture {
    fn register_callsite(&self, _metadata: &'static Metadata<'static>) -> Interest {
        // The next fold may want something else.
        Interest::sometimes()
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        levels::number(*metadata.level()) <= self.events.load(Ordering::Relaxed)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        let level = levels::level(self.events.load(Ordering::Relaxed));
        Some(level.map_or(LevelFilter::OFF, LevelFilter::from_level))
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        /// Of all subscribers, since a thread may hear of the spans of several.
        static NUMBERS: AtomicU64 = AtomicU64::new(1);
        let number = NUMBERS.fetch_add(1, Ordering::Relaxed);
        let parent =
            attributes.parent().map(Id::into_u64).or_else(|| attributes.is_contextual().then(innermost).flatten());
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        let metadata = attributes.metadata();
        let mut heard = self.lock();
        let is_sent = heard.keep_of(metadata, |site| Record::Span { number, site, parent, fields });
        heard.spans.insert(number, Span { metadata, handles: 1, is_sent });
        Id::from_u64(number)
    }

    fn record(&self, span: &Id, values: &tracing::span::Record<'_>) {
        let mut fields = Fields::default();
        values.record(&mut fields);
        let span = span.into_u64();
        self.lock().keep_about(span, &Record::Fields { span, fields });
    }

    fn record_follows_from(&self, span: &Id, follows: &Id) {
        let (span, from) = (span.into_u64(), follows.into_u64());
        self.lock().keep_about(span, &Record::Follows { span, from });
    }

    fn event(&self, event: &Event<'_>) {
        let parent = event.parent().map(Id::into_u64).or_else(|| event.is_contextual().then(innermost).flatten());
        let mut fields = Fields::default();
        event.record(&mut fields);
        self.lock().keep_of(event.metadata(), |site| Record::Event { site, parent, fields });
    }

    fn enter(&self, span: &Id) {
        let span = span.into_u64();
        let _ = ENTERED.try_with(|entered| entered.borrow_mut().push(span));
        let mut heard = self.lock();
        if heard.knows(span) {
            self.keep_step(&mut heard, &Record::Enter { span });
        }
    }

    fn exit(&self, span: &Id) {
        let span = span.into_u64();
        let _ = ENTERED.try_with(|entered| {
            let mut entered = entered.borrow_mut();
            if let Some(at) = entered.iter().rposition(|&other| other == span) {
                entered.remove(at);
            }
        });
        let mut heard = self.lock();
        if heard.knows(span) {
            self.keep_step(&mut heard, &Record::Exit { span });
        }
    }

    fn clone_span(&self, id: &Id) -> Id {
        if let Some(span) = self.lock().spans.get_mut(&id.into_u64()) {
            span.handles += 1;
        }
        id.clone()
    }

    fn try_close(&self, id: Id) -> bool {
        let number = id.into_u64();
        let mut heard = self.lock();
        let Some(span) = heard.spans.get_mut(&number) else { return false };
        span.handles -= 1;
        if span.handles > 0 {
            return false;
        }
        let is_sent = span.is_sent;
        heard.spans.remove(&number);
        if is_sent {
            // Even if there is no more room: there are no more of these than of spans, and the parent keeps a span until
            // it is closed.
            record::append(&Record::Close { span: number }, &mut heard.records);
        }
        true
    }

    fn current_span(&self) -> Current {
        let metadata = |number| self.lock().spans.get(&number).map(|span| span.metadata);
        let current = innermost().and_then(|number| metadata(number).map(|metadata| (number, metadata)));
        current.map_or_else(Current::none, |(number, metadata)| Current::new(Id::from_u64(number), metadata))
    }
}
