//! `Cause`: why a contender does not gain, or not more. Each cause names what was measured.

use serde::{Deserialize, Serialize};

use super::Evidence;
use crate::condition::Condition;
use crate::row::Row;
use crate::text;

/// Why a contender is not faster than it is, with what was measured. Durations are in seconds and shares from 0 to 1.
///
/// ```
/// use threefold_compare::{Cause, ReasonKind};
///
#[doc = include_str!("../doc/measured.md")]
/// for reason in &comparison.verdict.reasons {
///     if let ReasonKind::Slower { cause: Some(Cause::Sends { bytes, .. }), .. } = &reason.kind {
///         println!("it is slower because {bytes} bytes are sent");
///     }
/// }
/// # Ok::<(), threefold_compare::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Cause {
    /// One async worker gains only while chunks wait, and these compute.
    Computes {
        /// The share of the chunks' time that they wait on sequential.
        waiting: f64,
    },
    /// The chunks wait, but each wait stops the async worker, since the task is not an `async fn`.
    IsPlain {
        /// The share of the chunks' time that they wait on sequential.
        waiting: f64,
    },
    /// There is one worker, and no wait that it could use.
    OneWorker,
    /// There are fewer chunks than workers.
    FewChunks {
        /// How many chunks there are.
        chunks: u64,
    },
    /// Each worker waits for one chunk at a time.
    WaitsForOneEach {
        /// How many workers there are.
        workers: usize,
    },
    /// Waits take longer than on sequential: what the chunks wait for serves one after the other.
    WaitsLonger {
        /// How many times as long a chunk takes as on sequential.
        times: f64,
    },
    /// The chunks wait, but not on sequential.
    WaitsBesideOthers {
        /// The share of the chunks' time that they wait.
        waiting: f64,
    },
    /// Chunks and outputs are sent to the workers and back.
    Sends {
        /// The bytes of one fold.
        bytes: u64,
        /// The share of the workers' time that sending takes.
        share: f64,
    },
    /// To dispatch a chunk takes long, compared with the time that it runs.
    Dispatches {
        /// How long a worker runs a chunk.
        chunk_s: f64,
        /// How long dispatching a chunk takes.
        dispatch_s: f64,
    },
    /// Workers are idle while the longest chunk runs.
    Uneven {
        /// The share of the fold that the longest chunk takes.
        share: f64,
    },
    /// A fold is so short that it ends before all workers are awake.
    Short {
        /// The duration of a fold on sequential.
        fold_s: f64,
        /// The share of the workers' time in which they run no chunk.
        idle: f64,
    },
    /// There are more workers than cores.
    SharesCores {
        /// How many workers there are.
        workers: usize,
        /// How many cores there are.
        cores: usize,
    },
    /// Workers are ready to run, and wait for a processor.
    WaitsForProcessor {
        /// The share of the workers' time in which they do.
        share: f64,
    },
    /// Other threads of this program use the processors, for instance those of a server that the chunks call.
    OtherThreads {
        /// The share of the processors' time that they use.
        share: f64,
    },
    /// The same chunks take more processor time beside others than on sequential.
    ComputesLonger {
        /// How many times as much.
        times: f64,
    },
}

/// A share of the workers' time above this can explain a missing gain.
const LARGE_SHARE: f64 = 0.2;

/// Chunks that take this many times as long as on sequential are slowed down by something.
const LONGER: f64 = 1.3;

/// Folds up to this duration, in seconds, are short: waking a thread takes a noticeable share of them.
const SHORT_S: f64 = 1e-3;

/// Below this duration of a fold, in seconds, the time in which workers are ready to run says nothing: threads that have
/// just been woken are ready for a moment before they run.
const TELLING_S: f64 = 20e-3;

/// If other threads of the program use this share of the processors, workers wait for them.
const OTHERS_SHARE: f64 = 0.1;

/// The busiest worker may have this many times the mean to do. Above, chunks are too uneven.
const IMBALANCE: f64 = 1.15;

/// A chunk below this share of a fold is not blamed for an imbalance.
const LONG_CHUNK_SHARE: f64 = 0.25;

/// Other programs may use this share of the processors before they may be why chunks compute longer.
const OTHER_PROGRAMS_SHARE: f64 = 0.2;

/// Whether workers are idle while the longest chunk runs, and the way in which the source is cut explains it: the chunks
/// are of different sizes, or their number cannot be shared evenly. Equal chunks of which one was interrupted are not
/// uneven.
pub(super) fn is_uneven(evidence: &Evidence<'_>, row: &Row) -> bool {
    let (profile, alone) = (&row.profile, &evidence.rows[0].profile);
    // At worst all workers but one have nothing more to do while the longest chunk runs.
    let workers = row.workers as f64;
    let alone_s = alone.longest_chunk_s * (1.0 - 1.0 / workers);
    let ideal_s = alone.mean_chunk_s * evidence.chunks as f64 / workers;
    let are_different = alone.longest_chunk_s > IMBALANCE * alone.mean_chunk_s;
    let explains =
        alone_s > (IMBALANCE - 1.0) * ideal_s && (are_different || !evidence.chunks.is_multiple_of(row.workers as u64));
    let is_one_each = !waits_at_once(evidence, row) || alone.is_known_to_wait() == Some(false);
    let share = profile.longest_chunk_s / profile.wall_s;
    let is_seen = row.workers > 1 && profile.imbalance > IMBALANCE && share > LONG_CHUNK_SHARE;
    is_seen && is_one_each && explains
}

/// Why this contender gains no more than it does, if what was measured tells.
pub(super) fn of(evidence: &Evidence<'_>, row: &Row) -> Option<Cause> {
    let (profile, alone) = (&row.profile, &evidence.rows[0].profile);
    if profile.is_empty() || alone.is_empty() || evidence.chunks == 0 {
        return None;
    }
    only_chunk(evidence, row)
        .or_else(|| of_one_worker(evidence, row))
        .or_else(|| of_chunks(evidence, row))
        .or_else(|| of_sending(row))
        .or_else(|| of_waiting(evidence, row))
        .or_else(|| of_dispatching(evidence, row))
        .or_else(|| of_cores(evidence, row))
}

/// A single chunk occupies a single worker.
fn only_chunk(evidence: &Evidence<'_>, row: &Row) -> Option<Cause> {
    (evidence.chunks == 1 && row.model != evidence.rows[0].model).then_some(Cause::FewChunks { chunks: 1 })
}

/// What holds for one worker only.
pub(super) fn of_one_worker(evidence: &Evidence<'_>, row: &Row) -> Option<Cause> {
    let alone = &evidence.rows[0].profile;
    let waiting = alone.waiting_share();
    let can = row.model.capabilities();
    if row.workers != 1 {
        return None;
    }
    match alone.is_known_to_wait() {
        Some(false) if can.waits_at_once => Some(Cause::Computes { waiting }),
        Some(true) if can.waits_at_once && !evidence.awaits => Some(Cause::IsPlain { waiting }),
        None if can.waits_at_once && !evidence.awaits => Some(Cause::OneWorker),
        _ if !can.waits_at_once && !can.copies_data => Some(Cause::OneWorker),
        _ => None,
    }
}

/// Whether many chunks can wait on one worker at the same time.
pub(super) fn waits_at_once(evidence: &Evidence<'_>, row: &Row) -> bool {
    evidence.awaits && row.model.capabilities().waits_at_once
}

fn of_chunks(evidence: &Evidence<'_>, row: &Row) -> Option<Cause> {
    let chunks = evidence.chunks;
    (chunks < row.workers as u64 && !waits_at_once(evidence, row)).then_some(Cause::FewChunks { chunks })
}

fn of_sending(row: &Row) -> Option<Cause> {
    let profile = &row.profile;
    let share = profile.transfer_s / profile.workers_s();
    (profile.moves_much() && share > LARGE_SHARE).then_some(Cause::Sends { bytes: profile.bytes_moved, share })
}

fn of_waiting(evidence: &Evidence<'_>, row: &Row) -> Option<Cause> {
    let (profile, alone) = (&row.profile, &evidence.rows[0].profile);
    let (waits, waits_alone) = profile.is_known_to_wait().zip(alone.is_known_to_wait())?;
    if waits && !waits_alone {
        return Some(Cause::WaitsBesideOthers { waiting: profile.waiting_share() });
    }
    if !waits_alone || waits_at_once(evidence, row) {
        return None;
    }
    let (times, workers) = (profile.slowdown.unwrap_or(1.0), row.workers);
    Some(if times > LONGER && workers > 1 { Cause::WaitsLonger { times } } else { Cause::WaitsForOneEach { workers } })
}

fn of_dispatching(evidence: &Evidence<'_>, row: &Row) -> Option<Cause> {
    let (chunk_s, dispatch_s) = chunk_and_dispatch_s(evidence, row)?;
    let idle = 1.0 - row.profile.busy_share();
    let fold_s = evidence.rows[0].median_s;
    if dispatch_s > LARGE_SHARE * chunk_s {
        return Some(Cause::Dispatches { chunk_s, dispatch_s });
    }
    let wakes_workers = row.workers > 1 || row.model.capabilities().copies_data;
    (wakes_workers && fold_s < SHORT_S && idle > LARGE_SHARE).then_some(Cause::Short { fold_s, idle })
}

fn of_cores(evidence: &Evidence<'_>, row: &Row) -> Option<Cause> {
    let (profile, sequential) = (&row.profile, &evidence.rows[0]);
    let (workers, cores) = (row.workers, evidence.cores);
    let share = profile.longest_chunk_s / profile.wall_s;
    if is_uneven(evidence, row) {
        return Some(Cause::Uneven { share });
    }
    if workers > cores {
        return Some(Cause::SharesCores { workers, cores });
    }
    let share = profile.queued_s / profile.workers_s();
    let is_known = profile.wall_s > TELLING_S && !row.model.capabilities().copies_data;
    if share > LARGE_SHARE && is_known {
        let others = profile.bystanders_cpu_s.map(|used_s| used_s / (profile.wall_s * cores as f64));
        return Some(match others {
            Some(share) if share > OTHERS_SHARE => Cause::OtherThreads { share: share.min(1.0) },
            _ => Cause::WaitsForProcessor { share: share.min(1.0) },
        });
    }
    // Only the time of the threads of the chunks counts.
    let (own_s, alone_s) = profile.chunks_cpu_s.zip(sequential.profile.chunks_cpu_s)?;
    let times = own_s / alone_s;
    // Workers that look out for more work use processors as well. So the chunks themselves must be slower, too.
    let others = evidence.conditions.iter().any(|condition| match *condition {
        Condition::OtherPrograms { share } => share > OTHER_PROGRAMS_SHARE,
        _ => false,
    });
    let are_slower = !others && profile.work_s > LONGER * sequential.profile.work_s && profile.wall_s > SHORT_S;
    (workers > 1 && are_slower && times > LONGER && times.is_finite()).then_some(Cause::ComputesLonger { times })
}

/// How long a worker runs a chunk, and how long dispatching one takes beside that.
///
/// An observed fold would not tell of tiny chunks, since observing a chunk takes longer than to run it. So both come from
/// folds that are timed as a whole: the first from sequential's, less what it dispatches; the second from one of
/// 1,000 empty chunks, in which all workers take part.
pub(super) fn chunk_and_dispatch_s(evidence: &Evidence<'_>, row: &Row) -> Option<(f64, f64)> {
    let sequential = &evidence.rows[0];
    let dispatch_s = row.profile.empty_chunk_s * row.workers as f64;
    let each_s = sequential.median_s / evidence.chunks as f64;
    let chunk_s = each_s - sequential.profile.empty_chunk_s.min(0.9 * each_s);
    (evidence.chunks > 1 && dispatch_s > 0.0 && chunk_s > 0.0).then_some((chunk_s, dispatch_s))
}

impl Cause {
    /// The cause as a clause after a colon.
    pub(super) fn clause(&self) -> String {
        match *self {
            Self::Computes { waiting } if waiting < 0.005 => "the chunks compute and never wait".to_string(),
            Self::Computes { waiting } => {
                format!("the chunks compute, and wait only {} of their time", text::percent(waiting))
            }
            Self::IsPlain { .. } => "the task is not an `async fn`, so that each wait stops the worker".to_string(),
            Self::OneWorker => "it has one worker".to_string(),
            Self::FewChunks { chunks: 1 } => "there is only one chunk".to_string(),
            Self::FewChunks { chunks } => format!("there are only {chunks} chunks"),
            Self::WaitsForOneEach { workers: 1 } => "the worker waits for one chunk at a time".to_string(),
            Self::WaitsForOneEach { workers } => format!("each of {workers} workers waits for one chunk at a time"),
            Self::WaitsLonger { times } => {
                format!("each wait takes {} as long when other chunks run at the same time", text::times(times))
            }
            Self::WaitsBesideOthers { waiting } => {
                format!(
                    "the chunks wait {} of their time when others run at the same time, perhaps for a lock",
                    text::percent(waiting)
                )
            }
            Self::Sends { bytes, share } => format!(
                "{} of chunks and outputs are sent, which takes {} of the workers' time",
                text::bytes(bytes),
                text::percent(share)
            ),
            Self::Dispatches { chunk_s, dispatch_s } => format!(
                "a chunk runs for {}, and dispatching it takes {}",
                text::short_seconds(chunk_s),
                text::short_seconds(dispatch_s)
            ),
            Self::Uneven { share } => {
                format!("the longest chunk takes {} of the fold, while other workers are idle", text::percent(share))
            }
            Self::Short { fold_s, idle } => format!(
                "a fold of {} is short: its workers run chunks for {} of it",
                text::short_seconds(fold_s),
                text::percent(1.0 - idle)
            ),
            Self::SharesCores { workers, cores } => {
                format!("{workers} workers share {}", text::count(cores as u64, "core"))
            }
            Self::WaitsForProcessor { share } => {
                format!("its workers waited {} of their time for a processor", text::percent(share))
            }
            Self::OtherThreads { share } => {
                format!("other threads of this program use {} of the processors", text::percent(share))
            }
            Self::ComputesLonger { times } => format!(
                "a chunk uses {} the processor time when others run at the same time, perhaps because they share memory or a core",
                text::times(times)
            ),
        }
    }
}
