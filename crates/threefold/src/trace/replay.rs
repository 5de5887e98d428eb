//! `Replay`: tells the subscriber and the logger of the caller what happened in a worker.
//!
//! The subscriber is told the same as if the chunk ran on this thread, in the same order, only later: its time is the
//! time at which the answer of the chunk came. All spans and events of the chunk are in the span of the chunk, which the
//! parent makes itself.
//!
//! | record | what the subscriber is told |
//! |---|---|
//! | `Site` | nothing, unless the site is new to this process: then whether it wants what comes from there |
//! | `Event` | the event, if it wants it |
//! | `Span` | the span, if it wants it; if not, the span that it is in stands for it |
//! | `Fields`, `Follows` | the same of the span, if it wants that |
//! | `Enter`, `Exit` | the same of the span; a span that is still entered at the end is left |
//! | `Close` | that the last handle is gone |
//! | `Line` | nothing; the logger is given the record, while the span that it is in is entered |
//! | `Missing` | a warning of Threefold itself; the logger is given it if there is no subscriber |
//!
//! # When
//!
//! The caller's thread does this, or the background thread of a future, when a message of the worker is taken in. It
//! comes before the answer of the chunk in the same stream. So everything that a chunk has told is told before its
//! output can be reduced, and before the verb returns. The order among chunks of different workers is that of their
//! answers.
//!
//! The span of the chunk is opened at the first message about the chunk, and closed with its answer. A chunk that has told
//! nothing has a span as well, which is opened and closed when it is answered. So has the chunk that a worker was running
//! when it was lost. A chunk that still runs when its fold has ended has none, unless something was heard of it.
//!
//! # What is not trusted
//!
//! A worker is not trusted. What it sends about a span or a site that it has not made is about the chunk, or is ignored,
//! and the number of spans that are kept is bounded.

use std::collections::HashMap;

use tracing::span::{Attributes, Id, Record as Values};
use tracing::{Dispatch, Event, dispatcher, warn};

use super::record::{Fields, Line, Record, records};
use super::scope::{ChunkSpan, Scope};
use super::site::{Known, MOST};

/// No more spans of a worker than this are kept. A task that opens more at the same time is out of the ordinary, and its
/// further spans are left out.
const MOST_SPANS: usize = 1 << 16;

/// What is said if records had no room.
const MISSING: &str = "some events of this chunk were dropped: a worker keeps 4 MiB of events for a chunk, and 4 MiB \
    more for errors and warnings; log less, or set a stricter level";

/// What is known of one worker.
#[derive(Debug, Default)]
pub(crate) struct Replay {
    /// The sites that it has sent in this fold. `None` is one that is left out.
    sites: Vec<Option<&'static Known>>,
    spans: HashMap<u64, Copied>,
    /// The chunk of which something was heard, and which is not answered yet.
    chunk: Option<(u64, ChunkSpan)>,
}

/// A span of the worker's, as the subscriber knows it.
#[derive(Debug)]
struct Copied {
    dispatch: Dispatch,
    id: Id,
    /// `None` if the subscriber does not want it: then it stands for the span that it is in.
    site: Option<&'static Known>,
}

impl Drop for Copied {
    fn drop(&mut self) {
        self.dispatch.try_close(self.id.clone());
    }
}

/// The spans of the worker that this thread is in. They are left when this is dropped, also if a subscriber panics.
struct Stack<'a> {
    dispatch: &'a Dispatch,
    /// Whether the fold's caller has a subscriber, and not only a logger.
    has_subscriber: bool,
    /// The span of the chunk, in which all others are.
    chunk: Option<Id>,
    entered: Vec<(u64, Id)>,
}

impl Stack<'_> {
    fn enter(&mut self, number: u64, id: &Id) {
        self.dispatch.enter(id);
        self.entered.push((number, id.clone()));
    }

    /// Does nothing if the span is not entered.
    fn exit(&mut self, number: u64) {
        if let Some(at) = self.entered.iter().rposition(|&(entered, _)| entered == number) {
            self.dispatch.exit(&self.entered.remove(at).1);
        }
    }

    fn innermost(&self) -> Option<&Id> {
        self.entered.last().map(|(_, id)| id).or(self.chunk.as_ref())
    }
}

impl Drop for Stack<'_> {
    fn drop(&mut self) {
        while let Some((_, id)) = self.entered.pop() {
            self.dispatch.exit(&id);
        }
    }
}

impl Replay {
    /// Tells what the worker has sent of a chunk that it has not answered yet, and whose span `span` makes.
    ///
    /// # Errors
    ///
    /// What the worker has sent cannot be read.
    pub(crate) fn tell(
        &mut self,
        scope: &Scope,
        chunk: u64,
        span: impl FnOnce() -> ChunkSpan,
        sent: &[u8],
    ) -> Result<(), ()> {
        let _listening = scope.listen();
        let open = self.chunk.take().filter(|(open, _)| *open == chunk);
        let span = open.map_or_else(span, |(_, span)| span);
        let dispatch = dispatcher::get_default(Dispatch::clone);
        let result = {
            let _entered = scope.enter_chunk(&span);
            let has_subscriber = scope.is_heard();
            let mut stack = Stack { dispatch: &dispatch, has_subscriber, chunk: span.id(), entered: Vec::new() };
            records(sent).try_for_each(|record| {
                self.replay(record?, &mut stack);
                Ok(())
            })
        };
        self.chunk = Some((chunk, span));
        result
    }

    /// The chunks from `first` on are answered, `count` of them. `span` makes the span of those of which nothing was
    /// heard.
    pub(crate) fn answered(&mut self, scope: &Scope, first: u64, count: u64, span: impl Fn(u64) -> ChunkSpan) {
        let _listening = scope.listen();
        for chunk in first..first + count {
            let open = self.chunk.take().filter(|(open, _)| *open == chunk);
            let span = open.map_or_else(|| span(chunk), |(_, span)| span);
            // What measures how long spans are entered should know of each chunk.
            drop(scope.enter_chunk(&span));
        }
    }

    fn replay(&mut self, record: Record, stack: &mut Stack<'_>) {
        let dispatch = stack.dispatch;
        match record {
            Record::Site(site) if self.sites.len() < MOST => self.sites.push(Known::of(&site)),
            Record::Site(_) => {}
            Record::Event { site, parent, fields } => {
                let Some(known) = self.site(site, false).filter(|known| known.is_enabled(dispatch)) else { return };
                let parent = self.parent(parent, stack);
                known.with_values(&fields, |values| {
                    let event = match parent {
                        Some(parent) => Event::new_child_of(parent, known.metadata(), values),
                        None => Event::new(known.metadata(), values),
                    };
                    dispatch.event(&event);
                });
            }
            Record::Span { number, site, parent, fields } => self.open(number, site, parent, &fields, stack),
            Record::Fields { span, fields } => {
                if let Some(Copied { id, site: Some(known), .. }) = self.spans.get(&span) {
                    known.with_values(&fields, |values| dispatch.record(id, &Values::new(values)));
                }
            }
            Record::Follows { span, from } => {
                if let (Some(span), Some(from)) = (self.spans.get(&span), self.spans.get(&from)) {
                    dispatch.record_follows_from(&span.id, &from.id);
                }
            }
            Record::Enter { span } => {
                if let Some(Copied { id, site: Some(_), .. }) = self.spans.get(&span) {
                    stack.enter(span, id);
                }
            }
            Record::Exit { span } => stack.exit(span),
            Record::Close { span } => {
                stack.exit(span);
                self.spans.remove(&span);
            }
            Record::Line { parent, line } => self.log(parent, &line, stack),
            Record::Missing { count } if stack.has_subscriber => warn!(target: "threefold", count, "{}", {MISSING}),
            Record::Missing { count } => log::warn!(target: "threefold", "{count} {MISSING}"),
        }
    }

    /// A site for events, or for spans.
    fn site(&self, number: u32, is_span: bool) -> Option<&'static Known> {
        let site = self.sites.get(number as usize).copied().flatten();
        site.filter(|known| known.metadata().is_span() == is_span)
    }

    /// The span with that number, or else the span of the chunk. `None` if this thread is in it already: a layer that
    /// does not want this span looks for the next one among those that the thread is in.
    fn parent(&self, number: Option<u64>, stack: &Stack<'_>) -> Option<Id> {
        let copied = number.and_then(|number| self.spans.get(&number)).map(|span| &span.id);
        let parent = copied.or(stack.chunk.as_ref());
        parent.filter(|&parent| Some(parent) != stack.innermost()).cloned()
    }

    fn open(&mut self, number: u64, site: u32, parent: Option<u64>, fields: &Fields, stack: &Stack<'_>) {
        if self.spans.len() >= MOST_SPANS {
            return;
        }
        let dispatch = stack.dispatch;
        let parent = self.parent(parent, stack);
        let known = self.site(site, true).filter(|known| known.is_enabled(dispatch));
        let id = match (known, parent.as_ref().or(stack.innermost())) {
            (Some(known), _) => known.with_values(fields, |values| {
                dispatch.new_span(&match parent {
                    Some(parent) => Attributes::child_of(parent, known.metadata(), values),
                    None => Attributes::new(known.metadata(), values),
                })
            }),
            (None, Some(outer)) => dispatch.clone_span(outer),
            (None, None) => return,
        };
        self.spans.insert(number, Copied { dispatch: dispatch.clone(), id, site: known });
    }

    /// Gives the logger of this process a record of the crate `log`, within the span that it belongs to.
    fn log(&self, parent: Option<u64>, line: &Line, stack: &mut Stack<'_>) {
        let Some(level) = log::Level::iter().nth(usize::from(line.level).wrapping_sub(1)) else { return };
        let metadata = log::Metadata::builder().level(level).target(&line.target).build();
        if level > log::max_level() || !log::logger().enabled(&metadata) {
            return;
        }
        let parent = parent.and_then(|number| Some((number, &self.spans.get(&number)?.id)));
        let parent = parent.filter(|&(_, id)| Some(id) != stack.innermost());
        if let Some((number, id)) = parent {
            stack.enter(number, id);
        }
        log::logger().log(
            &log::Record::builder()
                .metadata(metadata)
                .args(format_args!("{}", line.message))
                .module_path(line.module.as_deref())
                .file(line.file.as_deref())
                .line(line.line)
                .build(),
        );
        if let Some((number, _)) = parent {
            stack.exit(number);
        }
    }
}
