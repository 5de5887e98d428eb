//! Chrome trace events: what Perfetto and `chrome://tracing` open. Every model is a process, every worker a thread.

use serde_json::{Value, json};

use crate::comparison::{Block, Comparison, Row};

/// Microseconds, the unit of the format, to the nanosecond.
fn microseconds(seconds: f64) -> f64 {
    (seconds * 1e9).round() / 1e3
}

pub(super) fn of(comparison: &Comparison) -> String {
    let events: Vec<Value> =
        comparison.rows.iter().enumerate().flat_map(|(row, contender)| contender_events(row, contender)).collect();
    let trace = json!({
        "displayTimeUnit": "ns",
        "otherData": { "work": comparison.work, "threefold": comparison.version },
        "traceEvents": events,
    });
    trace.to_string() + "\n"
}

fn contender_events(row: usize, contender: &Row) -> Vec<Value> {
    // Numbered from 1, since viewers take 0 for none.
    let pid = row + 1;
    let name = |kind: &str, tid: usize, name: String| json!({ "ph": "M", "name": kind, "pid": pid, "tid": tid, "args": { "name": name } });
    let mut events = vec![
        name("process_name", 0, contender.name()),
        json!({ "ph": "M", "name": "process_sort_index", "pid": pid, "tid": 0, "args": { "sort_index": row } }),
    ];
    events.extend((0..contender.workers).map(|worker| name("thread_name", worker + 1, format!("worker {worker}"))));
    // Chunks that overlap on one worker would nest wrongly as slices of its lane: they are asynchronous slices.
    let overlap = overlaps(&contender.profile.spans);
    for block in &contender.profile.spans {
        let (start, duration) = (microseconds(block.start_s), microseconds(block.duration_s));
        let chunk = format!("chunk {}", block.chunk);
        let tid = block.worker + 1;
        if overlap {
            let id = block.chunk;
            events.push(
                json!({ "ph": "b", "cat": "chunk", "name": chunk, "id": id, "pid": pid, "tid": tid, "ts": start }),
            );
            let end = microseconds(block.start_s + block.duration_s);
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

/// Whether two chunks of one worker ran at once.
fn overlaps(spans: &[Block]) -> bool {
    let mut ends = std::collections::BTreeMap::new();
    spans.iter().any(|block| {
        let end = ends.insert(block.worker, block.start_s + block.duration_s);
        end.is_some_and(|end| block.start_s < end)
    })
}
