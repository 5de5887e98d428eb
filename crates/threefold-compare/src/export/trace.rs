//! Chrome trace events, which Perfetto and `chrome://tracing` open. Each contender is a process, each worker a thread.

use serde_json::{Value, json};

use crate::comparison::Comparison;
use crate::escape::escaped;
use crate::profile::ChunkSpan;
use crate::row::Row;

/// Microseconds, the unit of the format, to the nanosecond.
fn microseconds(seconds: f64) -> f64 {
    (seconds * 1e9).round() / 1e3
}

pub(super) fn of(comparison: &Comparison) -> String {
    let events: Vec<Value> =
        comparison.rows.iter().enumerate().flat_map(|(row, contender)| contender_events(row, contender)).collect();
    let trace = json!({
        "displayTimeUnit": "ns",
        "otherData": { "work": escaped(&comparison.workload), "threefold": escaped(&comparison.version) },
        "traceEvents": events,
    });
    trace.to_string() + "\n"
}

fn contender_events(row: usize, contender: &Row) -> Vec<Value> {
    // Numbers begin at 1, because viewers take 0 for no process.
    let pid = row + 1;
    let name = |kind: &str, tid: usize, name: String| json!({ "ph": "M", "name": kind, "pid": pid, "tid": tid, "args": { "name": name } });
    let workers: std::collections::BTreeSet<usize> = contender.profile.spans.iter().map(|span| span.worker).collect();
    let mut events = vec![
        name("process_name", 0, contender.name()),
        json!({ "ph": "M", "name": "process_sort_index", "pid": pid, "tid": 0, "args": { "sort_index": row } }),
    ];
    events.extend(workers.into_iter().map(|worker| name("thread_name", worker + 1, format!("worker {worker}"))));
    // Chunks that overlap on one worker cannot be slices of one lane. They become asynchronous slices.
    let overlap = overlaps(&contender.profile.spans);
    for span in &contender.profile.spans {
        let (start, duration) = (microseconds(span.start_s), microseconds(span.duration_s));
        let chunk = format!("chunk {}", span.chunk);
        let tid = span.worker + 1;
        if overlap {
            let id = span.chunk;
            events.push(
                json!({ "ph": "b", "cat": "chunk", "name": chunk, "id": id, "pid": pid, "tid": tid, "ts": start }),
            );
            let end = microseconds(span.start_s + span.duration_s);
            events
                .push(json!({ "ph": "e", "cat": "chunk", "name": chunk, "id": id, "pid": pid, "tid": tid, "ts": end }));
        } else {
            events.push(json!({
                "ph": "X", "cat": "chunk", "name": chunk, "pid": pid, "tid": tid, "ts": start, "dur": duration,
            }));
        }
    }
    events
}

/// Whether two chunks of one worker ran at the same time.
fn overlaps(spans: &[ChunkSpan]) -> bool {
    let mut ends = std::collections::BTreeMap::new();
    spans.iter().any(|span| {
        let end = ends.insert(span.worker, span.start_s + span.duration_s);
        end.is_some_and(|end| span.start_s < end)
    })
}
