//! Where the time of a fold went, from the spans of its chunks.
//!
//! A worker's time is cut in four. *In chunks* is the union of its spans, since async chunks overlap; it is split into
//! work and waiting by the processor time that was used meanwhile; time for which others had the processors is work, too. *Transfer* is what lies between its first chunk's
//! beginning and its last one's end, and is in none. *Idle* is the rest of the fold.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use threefold::Trace;

use crate::comparison::{Block, Profile};
use crate::usage::Used;

/// The profile of a fold that `began` and `took` so long, on so many workers.
pub(crate) fn of(trace: &Trace, began: Instant, took: Duration, workers: usize, used: Used) -> Profile {
    let spans: Vec<Block> = trace
        .spans()
        .iter()
        .map(|span| Block {
            chunk: span.chunk,
            worker: span.worker,
            start_s: span.started.saturating_duration_since(began).as_secs_f64(),
            duration_s: span.duration.as_secs_f64(),
        })
        .collect();
    let profile = of_blocks(spans, took.as_secs_f64(), workers, used);
    Profile { bytes_moved: trace.bytes_moved(), ..profile }
}

/// The same, from blocks in the order in which they began.
fn of_blocks(spans: Vec<Block>, wall_s: f64, workers: usize, used: Used) -> Profile {
    let mut lanes: BTreeMap<usize, Lane> = BTreeMap::new();
    for block in &spans {
        lanes.entry(block.worker).or_default().add(block);
    }
    // `sum` of no numbers is -0.0, which JSON would show: 0.0 is added.
    let in_chunks_s = 0.0 + lanes.values().map(|lane| lane.in_chunks_s).sum::<f64>();
    let transfer_s = 0.0 + lanes.values().map(|lane| lane.between_s).sum::<f64>();
    let busiest_s = lanes.values().map(|lane| lane.in_chunks_s).fold(0.0, f64::max);
    let computing = if in_chunks_s > 0.0 { ((used.cpu_s + used.queued_s) / in_chunks_s).min(1.0) } else { 1.0 };
    let chunks = spans.len().max(1) as f64;
    Profile {
        wall_s,
        cpu_s: used.cpu_s,
        queued_s: used.queued_s,
        work_s: in_chunks_s * computing,
        waiting_s: in_chunks_s * (1.0 - computing),
        transfer_s,
        idle_s: (wall_s * workers as f64 - in_chunks_s - transfer_s).max(0.0),
        cost_per_chunk_s: transfer_s / chunks,
        empty_chunk_s: 0.0,
        mean_chunk_s: (0.0 + spans.iter().map(|block| block.duration_s).sum::<f64>()) / chunks,
        longest_chunk_s: spans.iter().map(|block| block.duration_s).fold(0.0, f64::max),
        imbalance: if in_chunks_s > 0.0 { busiest_s * workers as f64 / in_chunks_s } else { 1.0 },
        peak_memory_bytes: used.peak_memory_bytes,
        bytes_moved: 0,
        spans,
    }
}

/// What one worker did.
#[derive(Default)]
struct Lane {
    in_chunks_s: f64,
    between_s: f64,
    /// The end of the chunks so far; `None` before the first.
    end_s: Option<f64>,
}

impl Lane {
    /// Adds a block that began no earlier than those before.
    fn add(&mut self, block: &Block) {
        let end_s = block.start_s + block.duration_s;
        let covered_s = self.end_s.unwrap_or(block.start_s);
        self.between_s += (block.start_s - covered_s).max(0.0);
        self.in_chunks_s += (end_s - covered_s.max(block.start_s)).max(0.0);
        self.end_s = Some(covered_s.max(end_s));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(worker: usize, start_s: f64, duration_s: f64) -> Block {
        Block { chunk: 0, worker, start_s, duration_s }
    }

    fn used(cpu_s: f64) -> Used {
        Used { cpu_s, ..Used::default() }
    }

    #[test]
    fn the_workers_time_is_cut_in_four() {
        let spans = vec![block(0, 1.0, 2.0), block(1, 2.0, 4.0), block(0, 4.0, 2.0)];
        let profile = of_blocks(spans, 8.0, 2, used(6.0));
        assert_eq!((profile.work_s, profile.waiting_s), (6.0, 2.0));
        assert_eq!((profile.transfer_s, profile.idle_s), (1.0, 7.0));
        assert_eq!(profile.workers_s(), 16.0);
        assert_eq!((profile.busy_share(), profile.imbalance), (0.5, 1.0));
        assert_eq!((profile.longest_chunk_s, profile.cost_per_chunk_s), (4.0, 1.0 / 3.0));
    }

    #[test]
    fn chunks_that_overlap_on_one_worker_count_once() {
        let spans = vec![block(0, 0.0, 10.0), block(0, 1.0, 10.0), block(0, 2.0, 3.0)];
        let profile = of_blocks(spans, 11.0, 1, used(1.1));
        assert!((profile.work_s - 1.1).abs() < 1e-9 && (profile.waiting_s - 9.9).abs() < 1e-9);
        assert_eq!((profile.transfer_s, profile.idle_s), (0.0, 0.0));
        assert!(profile.waits());
    }

    #[test]
    fn a_worker_without_chunks_is_idle() {
        let profile = of_blocks(vec![block(1, 0.0, 5.0)], 5.0, 2, used(5.0));
        assert_eq!((profile.idle_s, profile.imbalance), (5.0, 2.0));
    }
}
