//! What the verdict rests on, and what to change: the workload, its chunks, the workers, the machine, the runs.

use super::Evidence;
use crate::row::Row;
use crate::stats;
use crate::text;

/// Dispatching a chunk may take this share of the chunk's own duration. Above, chunks are too small.
const DISPATCH_SHARE: f64 = 0.1;

/// The busiest worker may have this many times the mean to do. Above, chunks are too uneven.
const IMBALANCE: f64 = 1.15;

/// A chunk below this share of a fold is not blamed for an imbalance.
const LONG_CHUNK_SHARE: f64 = 0.25;

/// Below this duration of a fold, in seconds, the time in which workers are ready to run says nothing: threads that have
/// just been woken are ready for a moment before they run.
const TELLING_S: f64 = 20e-3;

/// Other programs may have the processors for this share of the workers' time without a remark.
const BUSY_SHARE: f64 = 0.2;

/// The host of a virtual machine may take this share of its processors' time without a remark.
const STOLEN_SHARE: f64 = 0.02;

/// A formula makes the fold unnecessary.
pub(super) fn formula(evidence: &Evidence<'_>) -> Option<String> {
    let formula = evidence.formula?;
    Some(format!("The formula {formula} gives this value without a fold."))
}

/// Whether the chunks compute or wait.
pub(super) fn kind_of_work(evidence: &Evidence<'_>) -> Option<String> {
    let profile = &evidence.rows[0].profile;
    if profile.is_empty() || profile.spans.is_empty() {
        return None;
    }
    let waiting = profile.waiting_share();
    Some(if profile.waits() {
        format!("The chunks wait for {} of their time. One async worker overlaps many waits.", text::percent(waiting))
    } else {
        format!("The chunks compute for {} of their time.", text::percent(1.0 - waiting))
    })
}

/// How exactly the speed-up is known.
pub(super) fn speedup(row: &Row) -> Option<String> {
    let interval = row.speedup.as_ref()?.interval;
    let (low, high) = (text::digits(interval.low), text::digits(interval.high));
    Some(format!("The 95% interval of the speed-up of {} is {low} to {high}.", row.name()))
}

/// Some workers have no chunk.
pub(super) fn too_few_chunks(evidence: &Evidence<'_>, parallel: &[&Row]) -> Option<String> {
    let Evidence { items, chunks, .. } = *evidence;
    if chunks == 0 {
        return Some("The source is empty: these times are the fixed costs of the models.".to_string());
    }
    let one_chunk_each = parallel.iter().filter(|row| !row.model.capabilities().waits_at_once);
    let workers = one_chunk_each.map(|row| row.workers).max()?;
    (chunks < workers as u64).then(|| {
        let chunks_text = text::count(chunks, "chunk");
        let fact = format!("{chunks_text} cannot occupy {workers} workers.");
        // Chunks of one item cannot be made smaller.
        if u128::from(chunks) < items { format!("Use more chunks: {fact}") } else { fact }
    })
}

/// Dispatching a chunk takes long, compared with the chunk.
pub(super) fn small_chunks(evidence: &Evidence<'_>, row: &Row) -> Option<String> {
    let profile = &row.profile;
    let chunks = evidence.chunks as f64;
    let is_costly = profile.mean_chunk_s > 0.0 && profile.cost_per_chunk_s > DISPATCH_SHARE * profile.mean_chunk_s;
    // Large chunks would take as much longer to send as they take longer to run.
    (is_costly && !profile.moves_much() && evidence.chunks > 1).then(|| {
        let items_s = profile.mean_chunk_s * chunks / evidence.items as f64;
        let enough = profile.cost_per_chunk_s / DISPATCH_SHARE / items_s;
        format!(
            "Use larger chunks for {}, of about {} {}: a chunk takes {}, and dispatching it takes {} more.",
            row.model,
            text::about(enough),
            evidence.unit,
            text::seconds(profile.mean_chunk_s),
            text::seconds(profile.cost_per_chunk_s)
        )
    })
}

/// One worker has more to do than the others. Too few chunks for the workers are reported as such, and not as uneven.
pub(super) fn uneven_chunks(evidence: &Evidence<'_>, row: &Row) -> Option<String> {
    let profile = &row.profile;
    let share = profile.longest_chunk_s / profile.wall_s;
    let has_enough_chunks = row.workers > 1 && evidence.chunks >= row.workers as u64;
    (has_enough_chunks && profile.imbalance > IMBALANCE && share > LONG_CHUNK_SHARE).then(|| {
        let (name, share) = (row.name(), text::percent(share));
        let fact = format!("the longest takes {share} of a fold on {name}, and other workers are idle meanwhile.");
        if u128::from(evidence.chunks) < evidence.items {
            format!("Use more chunks: {fact}")
        } else {
            format!("The chunks are uneven: {fact}")
        }
    })
}

/// More workers than cores do not compute faster; they may wait faster.
pub(super) fn more_workers_than_cores(evidence: &Evidence<'_>, row: &Row) -> Option<String> {
    let cores = evidence.cores;
    (row.workers > cores && !evidence.rows[0].profile.waits()).then(|| {
        let cores_text = text::count(cores as u64, "core");
        format!(
            "Use at most {} for {}: {} workers share {cores_text} and compute no faster.",
            text::count(cores as u64, "worker"),
            row.model,
            row.workers
        )
    })
}

/// Other programs had the processors while workers were ready to run: said once, of the contender that it affected most.
/// For worker processes this is not known, because their parent is one of the other programs.
pub(super) fn busy_machine<'a>(evidence: &Evidence<'_>, rows: impl Iterator<Item = &'a Row>) -> Option<String> {
    let is_known = |row: &&Row| {
        let is_long = row.profile.wall_s > TELLING_S;
        is_long && !row.model.capabilities().copies_data && row.workers <= evidence.cores
    };
    let shares = rows.filter(is_known).map(|row| (row.profile.queued_s / row.profile.workers_s(), row));
    let (share, row) = shares.max_by(|(one, _), (other, _)| one.total_cmp(other))?;
    (share > BUSY_SHARE).then(|| {
        let (share, name) = (text::percent(share.min(1.0)), row.name());
        format!("Repeat this on an idle machine: other programs used the processors for {share} of the workers' time on {name}.")
    })
}

/// What the runs themselves show.
pub(super) fn runs(evidence: &Evidence<'_>) -> Vec<String> {
    let rounds = evidence.rounds;
    let mut remarks = Vec::new();
    if evidence.partial {
        remarks.push("The comparison was cancelled: it shows what was measured until then.".to_string());
    }
    if rounds < stats::FEWEST {
        let are = if rounds == 1 { "is" } else { "are" };
        remarks.push(format!(
            "{} {are} too few for a 95% interval: raise the number of runs or the time budget, or fold fewer items.",
            text::count(rounds as u64, "round")
        ));
    }
    if evidence.stolen_share > STOLEN_SHARE {
        let share = text::percent(evidence.stolen_share);
        remarks.push(format!(
            "Repeat this on an idle host: the host of this virtual machine gave {share} of its processor time to others."
        ));
    }
    for row in evidence.rows {
        let name = row.name();
        if row.slow_first_run {
            remarks.push(format!("Try more warm-up folds: the first run of {name} was an outlier."));
        }
        if row.outliers.saturating_mul(10) > rounds {
            let (outliers, were) = (row.outliers, if row.outliers == 1 { "was an outlier" } else { "were outliers" });
            remarks
                .push(format!("{outliers} of {rounds} runs of {name} {were}: other programs may have been running."));
        }
    }
    remarks
}
