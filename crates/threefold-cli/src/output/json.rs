//! JSON output: one object on one line, whether there is a value or not.
//!
//! Other programs read the fields by name: fields are added, never renamed, and `schema` grows when one changes its
//! meaning. All times are in seconds; all but `duration_s` count from just before the executor was made.

use std::io::{self, Write};
use std::time::Instant;

use serde::{Serialize, Serializer};
use serde_json::ser::Formatter;
use threefold::{Model, Span};

use crate::arguments::Refused;
use crate::chunk_error::{ChunkError, FailedChunk};
use crate::escape;
use crate::failure::Failure;
use crate::recording::Recording;
use crate::run::Run;

/// A cancelled run with more finished chunks has no spans in its object. It is to be written as a whole in the time that is
/// left, and unless hundreds of chunks have failed it fits into a pipe, which holds 64 KiB by default, even before anybody
/// reads.
const MOST_CANCELLED: u64 = 400;

/// Writes `run`.
pub(crate) fn write(run: &Run, out: &mut dyn Write) -> io::Result<()> {
    write_object(&Object::new(run), out)
}

/// Writes that nothing was started.
pub(crate) fn write_refused(refused: &Refused, out: &mut dyn Write) -> io::Result<()> {
    let failure = Failure::Unavailable(refused.reason.clone());
    write_object(&Object::refused(refused, &failure), out)
}

fn write_object(object: &Object<'_>, out: &mut dyn Write) -> io::Result<()> {
    object.serialize(&mut serde_json::Serializer::with_formatter(&mut *out, Escaping))?;
    writeln!(out)
}

/// JSON in which every control character is escaped, also those that JSON would allow.
struct Escaping;

impl Formatter for Escaping {
    fn write_string_fragment<W: Write + ?Sized>(&mut self, out: &mut W, fragment: &str) -> io::Result<()> {
        let mut rest = fragment;
        while let Some(at) = rest.find(escape::is_control) {
            let (plain, from) = rest.split_at(at);
            let mut after = from.chars();
            // All control characters have at most 16 bits, so that one escape is enough.
            let code = after.next().map_or(0, u32::from);
            write!(out, "{plain}\\u{code:04x}")?;
            rest = after.as_str();
        }
        out.write_all(rest.as_bytes())
    }
}

#[derive(Serialize)]
struct Object<'a> {
    schema: u32,
    model: Model,
    work: &'a str,
    workers: Option<usize>,
    chunks: u64,
    /// A string, because most readers of JSON hold numbers as `f64`.
    value: Option<&'a str>,
    /// What is known of the value if the run was cancelled, or if chunks failed with `--keep-going`. Absent otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    partial: Option<PartialObject<'a>>,
    /// How many chunks an earlier run had recorded in the journal. Absent without a journal.
    #[serde(skip_serializing_if = "Option::is_none")]
    resumed: Option<u64>,
    total_s: f64,
    startup_s: f64,
    fold_s: f64,
    /// Of the chunks that are finished. None of a run that was cancelled after more than [`MOST_CANCELLED`] of them.
    spans: Spans,
    /// Failures of chunks that did not end the run: they were run again, or the other chunks were finished.
    failures: Vec<ErrorObject<'a>>,
    error: Option<ErrorObject<'a>>,
}

#[derive(Serialize)]
struct PartialObject<'a> {
    value: &'a str,
    /// How many chunks are in it.
    chunks: u64,
}

#[derive(Serialize)]
struct SpanObject {
    chunk: u64,
    worker: usize,
    start_s: f64,
    duration_s: f64,
    attempt: u32,
}

#[derive(Serialize)]
struct ErrorObject<'a> {
    kind: &'static str,
    task: Option<&'a str>,
    chunk: Option<u64>,
    range: Option<&'a str>,
    model: Model,
    worker: Option<usize>,
    pid: Option<u32>,
    signal: Option<i32>,
    exit_code: Option<i32>,
    attempt: Option<u32>,
    attempts: Option<u32>,
    message: String,
}

impl<'a> Object<'a> {
    fn new(run: &'a Run) -> Self {
        let are_left_out = run.is_cancelled() && run.course.finished() > MOST_CANCELLED;
        // Copying millions of them would take too long.
        let spans = if are_left_out { Vec::new() } else { run.trace.spans() };
        // Without a chunk all the time was start-up.
        let startup = run.course.startup().map_or(run.total, |startup| startup.min(run.total));
        Self {
            schema: 1,
            model: run.model,
            work: run.work.name(),
            workers: run.workers,
            chunks: run.chunks,
            value: run.value.as_ref().ok().map(String::as_str),
            partial: run
                .partial
                .as_ref()
                .map(|partial| PartialObject { value: &partial.value, chunks: partial.chunks }),
            resumed: run.recording.as_ref().map(Recording::resumed),
            total_s: run.total.as_secs_f64(),
            startup_s: startup.as_secs_f64(),
            fold_s: run.total.saturating_sub(startup).as_secs_f64(),
            spans: Spans { began: run.course.began(), spans },
            failures: run
                .retried
                .iter()
                .chain(&run.failures)
                .map(|failure| ErrorObject::new(run.model, failure))
                .collect(),
            error: run.value.as_ref().err().map(|failure| ErrorObject::new(run.model, failure)),
        }
    }
}

impl<'a> Object<'a> {
    /// Nothing was started because of `failure`.
    fn refused(refused: &'a Refused, failure: &'a Failure) -> Self {
        Self {
            schema: 1,
            model: refused.model,
            work: &refused.work,
            workers: None,
            chunks: 0,
            value: None,
            partial: None,
            resumed: None,
            total_s: 0.0,
            startup_s: 0.0,
            fold_s: 0.0,
            spans: Spans { began: Instant::now(), spans: Vec::new() },
            failures: Vec::new(),
            error: Some(ErrorObject::new(refused.model, failure)),
        }
    }
}

impl<'a> ErrorObject<'a> {
    fn new(model: Model, failure: &'a Failure) -> Self {
        let (kind, message) = (failure.kind(), failure.to_string());
        let (task, range) = (failure.task(), failure.range());
        if let Some(FailedChunk { chunk, error, .. }) = failure.failed_chunk() {
            let &ChunkError { pid, signal, exit_code, attempt, attempts, .. } = error;
            let (chunk, worker) = (Some(*chunk), None);
            return Self {
                kind,
                task,
                chunk,
                range,
                model,
                worker,
                pid,
                signal,
                exit_code,
                attempt,
                attempts,
                message,
            };
        }
        let error = failure.error();
        Self {
            kind,
            task,
            chunk: failure.chunk(),
            range,
            model,
            worker: error.and_then(|error| error.worker()),
            pid: error.and_then(|error| error.pid()),
            signal: error.and_then(|error| error.signal()),
            exit_code: error.and_then(|error| error.exit_code()),
            attempt: error.and_then(|error| error.attempt()),
            attempts: error.and_then(|error| error.attempts()),
            message,
        }
    }
}

/// Written one by one: there may be 2^24.
struct Spans {
    began: Instant,
    spans: Vec<Span>,
}

impl Serialize for Spans {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.spans.iter().map(|span| SpanObject {
            chunk: span.chunk,
            worker: span.worker,
            start_s: span.started.saturating_duration_since(self.began).as_secs_f64(),
            duration_s: span.duration.as_secs_f64(),
            attempt: span.attempt,
        }))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Serialize;

    use super::Escaping;
    use crate::escape;

    proptest! {
        #[test]
        fn every_text_is_read_back_and_holds_no_control_character(text: String) {
            let mut json = Vec::new();
            text.serialize(&mut serde_json::Serializer::with_formatter(&mut json, Escaping)).unwrap();
            let json = String::from_utf8(json).unwrap();
            prop_assert!(!json.chars().any(escape::is_control));
            prop_assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
        }
    }
}
