//! `Replay`: tells the subscriber and the logger of the caller what happened in a worker.
//!
//! The subscriber is told the same as if the chunk ran on this thread, in the same order, only later: its time is the
//! time at which the answer of the chunk came. All spans and events of the chunk are in the span of the chunk, which the
//! parent makes itself.
//!
//! A worker is not trusted. What it sends about a span or a site that it has not made is about the chunk, or is ignored,
//! and the number of spans that are kept is bounded.

use std::collections::HashMap;

use tracing::span::{Attributes, Id, Record as Values};
use tracing::{Dispatch, Event, dispatcher, warn};

use super::record::{Fields, Line, Record, records};
use super::scope::{ChunkSpan, Scope};
use super::site::Known;

/// No more spans of a worker than this are kept. A task that opens more at the same time is out of the ordinary, and its
/// further spans are left out.
const MOST_SPANS: usize = 1 << 16;

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

/// The spans that are entered on this thread. They are left when it is dropped, also if a subscriber panics.
struct Entered<'a> {
    dispatch: &'a Dispatch,
    ids: Vec<(u64, Id)>,
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        while let Some((_, id)) = self.ids.pop() {
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
        if self.chunk.as_ref().is_none_or(|(open, _)| *open != chunk) {
            self.chunk = Some((chunk, span()));
        }
        let (_, within) = self.chunk.take().expect("it was opened above");
        let told = dispatcher::get_default(Dispatch::clone);
        let result = {
            let _within = within.enter();
            let outer = within.span().and_then(tracing::Span::id);
            let mut entered = Entered { dispatch: &told, ids: Vec::new() };
            records(sent).try_for_each(|record| {
                self.replay(record?, outer.as_ref(), &mut entered);
                Ok(())
            })
        };
        self.chunk = Some((chunk, within));
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
            drop(span.enter());
        }
    }

    fn replay(&mut self, record: Record, outer: Option<&Id>, entered: &mut Entered<'_>) {
        let dispatch = entered.dispatch;
        match record {
            Record::Site(site) => self.sites.push(Known::of(&site)),
            Record::Event { site, parent, fields } => {
                let Some(known) = self.site(site, false).filter(|known| known.is_enabled(dispatch)) else { return };
                let parent = self.parent(parent, outer);
                known.with_values(&fields, |values| {
                    let event = match parent {
                        Some(parent) => Event::new_child_of(parent, known.metadata(), values),
                        None => Event::new(known.metadata(), values),
                    };
                    dispatch.event(&event);
                });
            }
            Record::Span { number, site, parent, fields } => self.open(number, site, parent, &fields, outer, dispatch),
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
                    dispatch.enter(id);
                    entered.ids.push((span, id.clone()));
                }
            }
            Record::Exit { span } => {
                if let Some(at) = entered.ids.iter().rposition(|(number, _)| *number == span) {
                    dispatch.exit(&entered.ids.remove(at).1);
                }
            }
            Record::Close { span } => {
                if !entered.ids.iter().any(|(number, _)| *number == span) {
                    self.spans.remove(&span);
                }
            }
            Record::Line { parent, line } => self.log(parent, &line, dispatch),
            Record::Missing { count } => {
                warn!(target: "threefold", count, "events of this chunk are missing: a worker keeps 4 MiB of them at most");
            }
        }
    }

    /// A site for events, or for spans.
    fn site(&self, number: u32, is_span: bool) -> Option<&'static Known> {
        let site = self.sites.get(number as usize).copied().flatten();
        site.filter(|known| known.metadata().is_span() == is_span)
    }

    /// The span with that number, or else the span of the chunk.
    fn parent<'a>(&'a self, number: Option<u64>, outer: Option<&'a Id>) -> Option<&'a Id> {
        number.and_then(|number| self.spans.get(&number)).map(|span| &span.id).or(outer)
    }

    fn open(
        &mut self,
        number: u64,
        site: u32,
        parent: Option<u64>,
        fields: &Fields,
        outer: Option<&Id>,
        dispatch: &Dispatch,
    ) {
        if self.spans.len() >= MOST_SPANS {
            return;
        }
        let parent = self.parent(parent, outer);
        let known = self.site(site, true).filter(|known| known.is_enabled(dispatch));
        let id = match (known, parent) {
            (Some(known), parent) => known.with_values(fields, |values| {
                dispatch.new_span(&match parent {
                    Some(parent) => Attributes::child_of(parent.clone(), known.metadata(), values),
                    None => Attributes::new(known.metadata(), values),
                })
            }),
            (None, Some(parent)) => dispatch.clone_span(parent),
            (None, None) => return,
        };
        self.spans.insert(number, Copied { dispatch: dispatch.clone(), id, site: known });
    }

    /// Gives the logger of this process a record of the crate `log`, within the span that it belongs to.
    fn log(&self, parent: Option<u64>, line: &Line, dispatch: &Dispatch) {
        let Some(level) = log::Level::iter().nth(usize::from(line.level).wrapping_sub(1)) else { return };
        let metadata = log::Metadata::builder().level(level).target(&line.target).build();
        if level > log::max_level() || !log::logger().enabled(&metadata) {
            return;
        }
        let mut entered = Entered { dispatch, ids: Vec::new() };
        if let Some((number, span)) = parent.and_then(|number| Some((number, self.spans.get(&number)?))) {
            dispatch.enter(&span.id);
            entered.ids.push((number, span.id.clone()));
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
    }
}
