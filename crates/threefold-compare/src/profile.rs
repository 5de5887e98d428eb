//! `Profile`: where the time of one fold went, computed from the spans of its chunks.
//!
//! The workers' time is the duration of the fold times the number of workers. It has four parts:
//!
//! - *In chunks* is the union of a worker's spans; it is a union because chunks of one async worker overlap. The
//!   processor time that was used meanwhile splits it into *work* and *waiting*, if it is known. Time in which a thread was ready to run
//!   and other threads had the processors counts as work.
//! - *Transfer* is the time between a worker's first chunk and its last in which it runs no chunk.
//! - *Idle* is the rest.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use threefold::Trace;

use crate::counters::Counters;
use crate::stats;

/// Chunks are called large from this many bytes on, counted there and back.
const LARGE_CHUNK_BYTES: u64 = 4096;

/// Chunks of less than this duration, in seconds, are tiny: to note one takes some 0.1 us.
const TINY_S: f64 = 10e-6;

/// Where the time of one warm fold went. This fold is observed in addition to the timed ones.
///
/// Durations are in seconds and at least 0. The workers' time is `wall_s` times the number of workers; it is the sum of
/// `work_s`, `waiting_s`, `transfer_s` and `idle_s`. Where chunks take less than 10 us, what observing them has cost is left
/// out of `transfer_s`, so that the sum is less.
///
/// ```
#[doc = include_str!("doc/measured.md")]
/// let profile = &comparison.rows[1].profile; // threads with 2 workers
/// assert_eq!(profile.spans.len(), 1000);
/// assert!(profile.longest_chunk_s >= profile.mean_chunk_s);
/// # Ok::<(), threefold_compare::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Profile {
    /// The duration of the fold in seconds. 0 if no fold was observed.
    pub wall_s: f64,
    /// Processor seconds of this process and its workers, over all their threads. On mpi those of all ranks, rank 0
    /// included. 0 if it is not known.
    pub cpu_s: f64,
    /// Thread seconds in which a thread that runs chunks was ready to run and other threads, of this program or of others, had
    /// the processors. As far as chunks ran meanwhile, they are part of `work_s`.
    /// Time that the host of a virtual machine takes away is not seen here. 0 if it is not known.
    pub queued_s: f64,
    /// Seconds of the workers' time in chunks that compute. All of the time in chunks, if `chunks_cpu_s` is not known.
    pub work_s: f64,
    /// Seconds of the workers' time in chunks that wait for something other than a processor.
    pub waiting_s: f64,
    /// Seconds of the workers' time between two chunks: dispatching chunks, and sending them and their outputs.
    pub transfer_s: f64,
    /// Seconds of the workers' time before their first chunk and after their last.
    pub idle_s: f64,
    /// `transfer_s` divided by the number of chunks: what a chunk costs besides its own duration, in seconds.
    pub cost_per_chunk_s: f64,
    /// The duration of a fold of 1,000 empty chunks divided by 1,000, in seconds.
    pub empty_chunk_s: f64,
    /// The mean duration of a chunk in seconds.
    pub mean_chunk_s: f64,
    /// The duration of the longest chunk in seconds.
    pub longest_chunk_s: f64,
    /// The busiest worker's time in chunks, divided by the mean of all workers. 1 is perfect balance; the largest possible
    /// value is the number of workers.
    pub imbalance: f64,
    /// The largest resident memory of this process and of its worker processes, or of all ranks on mpi, added up, in
    /// bytes. 0 if it is not known.
    pub peak_memory_bytes: u64,
    /// How many bytes were sent to worker processes and back. 0 for models without worker processes.
    pub bytes_moved: u64,
    /// How many bytes a new executor's first fold sends to all workers before their first chunk: the task with its
    /// captures, and a source that is sent as a whole. 0 for models without worker processes. Worker processes keep the task,
    /// so that these bytes are not part of `bytes_moved`, which is that of a later fold.
    pub sent_once_bytes: u64,
    /// How many times longer a chunk took than the same chunk on sequential: the median over the chunks. `None` for
    /// sequential itself, and if it is not known.
    pub slowdown: Option<f64>,
    /// How many chunks of one worker were under way at the same time, at most. It is 1 unless an `async` task waits.
    pub most_at_once: usize,
    /// Processor seconds of the threads that ran the chunks. `None` if it is not known, so that computing cannot be told
    /// from waiting.
    pub chunks_cpu_s: Option<f64>,
    /// Processor seconds of the other threads of this program, for instance of a server that the chunks call. `None` if it
    /// is not known.
    pub bystanders_cpu_s: Option<f64>,
    /// What the processors' hardware counted. `None` unless it was asked for, if the machine has no counters, and on mpi.
    #[serde(default)]
    pub counters: Option<Counters>,
    /// One span for each chunk, in the order in which the chunks began.
    pub spans: Vec<ChunkSpan>,
}

/// One chunk on one worker.
///
/// ```
#[doc = include_str!("doc/measured.md")]
/// let span = &comparison.rows[1].profile.spans[0];
/// println!("chunk {} ran on worker {} for {} s", span.chunk, span.worker, span.duration_s);
/// # Ok::<(), threefold_compare::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ChunkSpan {
    /// The number of the chunk, from 0.
    pub chunk: u64,
    /// The number of the worker, from 0.
    pub worker: usize,
    /// When the chunk began, in seconds since the fold began.
    pub start_s: f64,
    /// The duration of the chunk in seconds.
    pub duration_s: f64,
}

/// What a fold used while it ran, as far as it is known.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Used {
    pub(crate) time: Option<UsedTime>,
    /// The largest resident memory of each process, added up.
    pub(crate) peak_memory_bytes: Option<u64>,
}

/// The processor time that a fold used while it ran.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct UsedTime {
    /// Processor seconds over all threads.
    pub(crate) cpu_s: f64,
    /// Seconds in which threads that run chunks were ready to run and other threads had the processors.
    pub(crate) queued_s: f64,
    /// Processor seconds of the threads that run chunks.
    pub(crate) chunks_cpu_s: f64,
    /// Processor seconds of the other threads of this program.
    pub(crate) bystanders_cpu_s: f64,
}

impl Profile {
    /// Whether no fold was observed, because the comparison was cancelled before. All numbers are 0 then.
    ///
    /// ```
    #[doc = include_str!("doc/measured.md")]
    /// assert!(!comparison.rows[0].profile.is_empty());
    /// # Ok::<(), threefold_compare::Error>(())
    /// ```
    pub fn is_empty(&self) -> bool {
        self.wall_s == 0.0
    }

    /// The workers' time in seconds: the duration of the fold times the number of workers, without what observing has cost.
    ///
    /// ```
    #[doc = include_str!("doc/measured.md")]
    /// let threads = &comparison.rows[1];
    /// assert!(threads.profile.workers_s() <= 2.0 * threads.profile.wall_s + 1e-9);
    /// # Ok::<(), threefold_compare::Error>(())
    /// ```
    pub fn workers_s(&self) -> f64 {
        self.work_s + self.waiting_s + self.transfer_s + self.idle_s
    }

    /// The share of the workers' time that was spent in chunks, from 0 to 1.
    ///
    /// ```
    #[doc = include_str!("doc/measured.md")]
    /// println!("the workers were busy for {:.0}% of their time", comparison.rows[1].profile.busy_share() * 100.0);
    /// # Ok::<(), threefold_compare::Error>(())
    /// ```
    pub fn busy_share(&self) -> f64 {
        if self.workers_s() > 0.0 { (self.work_s + self.waiting_s) / self.workers_s() } else { 0.0 }
    }

    /// Whether chunks and outputs are large: more than 4 KiB for each chunk, there and back, were sent to worker processes.
    ///
    /// ```
    #[doc = include_str!("doc/measured.md")]
    /// assert!(!comparison.rows[1].profile.moves_much(), "threads read their chunks where they are");
    /// # Ok::<(), threefold_compare::Error>(())
    /// ```
    pub fn moves_much(&self) -> bool {
        self.bytes_moved > LARGE_CHUNK_BYTES.saturating_mul(self.spans.len() as u64)
    }

    /// Whether chunks spend more than a third of their time waiting. If that is not known, they do not.
    ///
    /// ```
    #[doc = include_str!("doc/measured.md")]
    /// if comparison.rows[0].profile.waits() {
    ///     println!("async can overlap the waits of these chunks");
    /// }
    /// # Ok::<(), threefold_compare::Error>(())
    /// ```
    pub fn waits(&self) -> bool {
        self.waiting_s > (self.work_s + self.waiting_s) / 3.0
    }

    /// The same, if it is known.
    pub(crate) fn is_known_to_wait(&self) -> Option<bool> {
        self.chunks_cpu_s.map(|_| self.waits())
    }

    /// How many times longer a chunk took than the same chunk of `alone`: the median over the chunks.
    pub(crate) fn slowdown_beside(&self, alone: &Self) -> Option<f64> {
        let longest = self.spans.iter().map(|span| span.chunk).max()?;
        let mut alone_s = vec![0.0; usize::try_from(longest).ok()? + 1];
        for span in alone.spans.iter().filter(|span| span.chunk <= longest) {
            alone_s[span.chunk as usize] = span.duration_s;
        }
        let ratio = |span: &ChunkSpan| span.duration_s / alone_s[span.chunk as usize];
        let ratios: Vec<f64> = self.spans.iter().map(ratio).filter(|ratio| ratio.is_finite() && *ratio > 0.0).collect();
        (!ratios.is_empty()).then(|| stats::median(&ratios))
    }

    /// The same without what watching itself has cost, where chunks are tiny: a fold that is not watched takes `median_s`,
    /// and what this one took longer went into noting each chunk, after its end.
    pub(crate) fn without_watching(self, median_s: f64) -> Self {
        if self.mean_chunk_s > TINY_S || self.wall_s <= median_s || self.wall_s == 0.0 {
            return self;
        }
        let watching_s = self.workers_s() * (1.0 - median_s / self.wall_s);
        let transfer_s = (self.transfer_s - watching_s).max(0.0);
        let chunks = self.spans.len().max(1) as f64;
        Self { transfer_s, cost_per_chunk_s: transfer_s / chunks, ..self }
    }

    /// The share of the time in chunks that was spent waiting, from 0 to 1.
    pub(crate) fn waiting_share(&self) -> f64 {
        let in_chunks_s = self.work_s + self.waiting_s;
        if in_chunks_s > 0.0 { self.waiting_s / in_chunks_s } else { 0.0 }
    }

    /// The profile of a fold that `began` then, and took so long on so many workers.
    pub(crate) fn of(trace: &Trace, began: Instant, took: Duration, workers: usize, used: Used) -> Self {
        let spans: Vec<ChunkSpan> = trace
            .spans()
            .iter()
            .map(|span| ChunkSpan {
                chunk: span.chunk,
                worker: span.worker,
                start_s: span.started.saturating_duration_since(began).as_secs_f64(),
                duration_s: span.duration.as_secs_f64(),
            })
            .collect();
        Self::of_spans(spans, took.as_secs_f64(), workers, used, trace.bytes_moved())
    }

    /// The same, from spans in the order in which they began.
    fn of_spans(spans: Vec<ChunkSpan>, wall_s: f64, workers: usize, used: Used, bytes_moved: u64) -> Self {
        let mut lanes: BTreeMap<usize, Lane> = BTreeMap::new();
        for span in &spans {
            lanes.entry(span.worker).or_default().add(span);
        }
        let in_chunks_s = total(lanes.values().map(|lane| lane.in_chunks_s));
        let transfer_s = total(lanes.values().map(|lane| lane.between_s));
        let busiest_s = lanes.values().map(|lane| lane.in_chunks_s).fold(0.0, f64::max);
        let time = used.time.unwrap_or_default();
        let computing = match used.time {
            Some(time) if in_chunks_s > 0.0 => ((time.chunks_cpu_s + time.queued_s) / in_chunks_s).min(1.0),
            _ => 1.0,
        };
        let chunks = spans.len().max(1) as f64;
        Self {
            wall_s,
            cpu_s: time.cpu_s,
            queued_s: time.queued_s,
            work_s: in_chunks_s * computing,
            waiting_s: in_chunks_s * (1.0 - computing),
            transfer_s,
            idle_s: (wall_s * workers as f64 - in_chunks_s - transfer_s).max(0.0),
            cost_per_chunk_s: transfer_s / chunks,
            empty_chunk_s: 0.0,
            mean_chunk_s: total(spans.iter().map(|span| span.duration_s)) / chunks,
            longest_chunk_s: spans.iter().map(|span| span.duration_s).fold(0.0, f64::max),
            imbalance: if in_chunks_s > 0.0 { busiest_s * workers as f64 / in_chunks_s } else { 1.0 },
            peak_memory_bytes: used.peak_memory_bytes.unwrap_or(0),
            bytes_moved,
            sent_once_bytes: 0,
            slowdown: None,
            most_at_once: lanes.values().map(|lane| lane.most_at_once).max().unwrap_or(0),
            chunks_cpu_s: used.time.map(|time| time.chunks_cpu_s),
            bystanders_cpu_s: used.time.map(|time| time.bystanders_cpu_s),
            counters: None,
            spans,
        }
    }
}

/// The sum. `Iterator::sum` of no numbers is -0.0, which JSON and tables would show.
fn total(numbers: impl Iterator<Item = f64>) -> f64 {
    numbers.fold(0.0, |sum, number| sum + number)
}

/// What one worker did.
#[derive(Default)]
struct Lane {
    in_chunks_s: f64,
    between_s: f64,
    /// The latest end of its chunks so far; `None` before the first.
    end_s: Option<f64>,
    /// The ends of the chunks that are under way.
    ends_s: Vec<f64>,
    most_at_once: usize,
}

impl Lane {
    /// Adds a span that began no earlier than those before.
    fn add(&mut self, span: &ChunkSpan) {
        let end_s = span.start_s + span.duration_s;
        let covered_s = self.end_s.unwrap_or(span.start_s);
        self.between_s += (span.start_s - covered_s).max(0.0);
        self.in_chunks_s += (end_s - covered_s.max(span.start_s)).max(0.0);
        self.end_s = Some(covered_s.max(end_s));
        self.ends_s.retain(|&end_s| end_s > span.start_s);
        self.ends_s.push(end_s);
        self.most_at_once = self.most_at_once.max(self.ends_s.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(worker: usize, start_s: f64, duration_s: f64) -> ChunkSpan {
        ChunkSpan { chunk: 0, worker, start_s, duration_s }
    }

    fn profile(spans: Vec<ChunkSpan>, wall_s: f64, workers: usize, cpu_s: f64) -> Profile {
        let time = UsedTime { cpu_s, chunks_cpu_s: cpu_s, ..UsedTime::default() };
        Profile::of_spans(spans, wall_s, workers, Used { time: Some(time), peak_memory_bytes: None }, 0)
    }

    #[test]
    fn chunks_of_unknown_processor_time_do_not_wait() {
        let profile = Profile::of_spans(vec![span(0, 0.0, 1.0)], 1.0, 1, Used::default(), 0);
        assert_eq!((profile.chunks_cpu_s, profile.is_known_to_wait(), profile.waits()), (None, None, false));
        assert_eq!((profile.work_s, profile.waiting_s), (1.0, 0.0));
    }

    #[test]
    fn the_workers_time_has_four_parts() {
        let spans = vec![span(0, 1.0, 2.0), span(1, 2.0, 4.0), span(0, 4.0, 2.0)];
        let profile = profile(spans, 8.0, 2, 6.0);
        assert_eq!((profile.work_s, profile.waiting_s), (6.0, 2.0));
        assert_eq!((profile.transfer_s, profile.idle_s), (1.0, 7.0));
        assert_eq!(profile.workers_s(), 16.0);
        assert_eq!((profile.busy_share(), profile.imbalance), (0.5, 1.0));
        assert_eq!((profile.longest_chunk_s, profile.cost_per_chunk_s), (4.0, 1.0 / 3.0));
    }

    #[test]
    fn chunks_that_overlap_on_one_worker_count_once() {
        let spans = vec![span(0, 0.0, 10.0), span(0, 1.0, 10.0), span(0, 2.0, 3.0)];
        let profile = profile(spans, 11.0, 1, 1.1);
        assert!((profile.work_s - 1.1).abs() < 1e-9 && (profile.waiting_s - 9.9).abs() < 1e-9);
        assert_eq!((profile.transfer_s, profile.idle_s), (0.0, 0.0));
        assert!(profile.waits());
        assert_eq!(profile.most_at_once, 3);
    }

    #[test]
    fn what_watching_costs_is_no_cost_of_tiny_chunks() {
        let spans: Vec<ChunkSpan> = (0..1000).map(|i| span(0, f64::from(i) * 1e-6, 0.5e-6)).collect();
        let watched = profile(spans, 1e-3, 1, 1e-3);
        assert!((watched.cost_per_chunk_s - 0.5e-6).abs() < 1e-8);
        let own = watched.without_watching(0.6e-3);
        assert!((own.cost_per_chunk_s - 0.1e-6).abs() < 1e-8, "{}", own.cost_per_chunk_s);
    }

    #[test]
    fn chunks_are_compared_with_the_same_chunks_alone() {
        let chunk = |chunk, duration_s| ChunkSpan { chunk, worker: 0, start_s: 0.0, duration_s };
        let alone = profile(vec![chunk(0, 1.0), chunk(1, 10.0), chunk(2, 2.0)], 13.0, 1, 13.0);
        let beside = profile(vec![chunk(1, 15.0), chunk(0, 1.5), chunk(2, 9.0)], 16.0, 2, 25.5);
        assert_eq!(beside.slowdown_beside(&alone), Some(1.5), "one slow chunk does not matter, nor do uneven ones");
    }

    #[test]
    fn a_worker_without_chunks_is_idle() {
        let profile = profile(vec![span(1, 0.0, 5.0)], 5.0, 2, 5.0);
        assert_eq!((profile.idle_s, profile.imbalance), (5.0, 2.0));
    }

    #[test]
    fn no_number_of_a_fold_without_chunks_is_negative_zero() {
        let profile = profile(Vec::new(), 1.0, 2, 0.1);
        for number in [profile.work_s, profile.waiting_s, profile.transfer_s, profile.mean_chunk_s] {
            assert_eq!(number.to_bits(), 0f64.to_bits());
        }
    }
}
