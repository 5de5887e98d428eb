//! What to change: use a formula, cut the chunks otherwise, make the task async, use another number of workers.

use threefold::Model;

use super::Evidence;
use super::cause;
use super::reason::{Reason, ReasonKind};
use crate::row::{Difference, Row};
use crate::scaling::Scaling;
use crate::text;

/// Dispatching a chunk may take this share of the time that it runs. Above, chunks are too small.
const DISPATCH_SHARE: f64 = 0.1;

/// Fewer bytes that are sent before the first chunk are not worth a word.
const NOTED_BYTES: u64 = 64 << 10;

/// Bytes are sent at no more than about this rate, in bytes per second.
const BYTES_PER_S: f64 = 2e9;

/// Sending that takes at least this share of a start-up is worth a word.
const SENDING_SHARE: f64 = 0.1;

/// Chunks that would be less than so many times as large are large enough.
const MUCH_LARGER: f64 = 1.5;

/// A share of the workload below this, by Amdahl's law, is not worth a word.
const SERIAL_SHARE: f64 = 0.02;

/// A formula makes the fold unnecessary.
pub(super) fn formula(evidence: &Evidence<'_>) -> Option<Reason> {
    let formula = evidence.formula?.to_string();
    let text = format!("{formula} gives this value without a fold");
    Some(Reason::of_all(ReasonKind::Formula { formula }, text))
}

/// What to change about the chunks, for the recommended contender first.
pub(super) fn chunks(evidence: &Evidence<'_>, best: usize, shown: &[usize]) -> Option<Reason> {
    if evidence.chunks == 0 {
        let text = "the source is empty: no worker had anything to do, so these times do not say which model is better";
        return Some(Reason::of_all(ReasonKind::SourceIsEmpty, text));
    }
    too_few_chunks(evidence, shown)
        .or_else(|| small_chunks(evidence, best, shown))
        .or_else(|| shown.iter().find_map(|&row| uneven_chunks(evidence, &evidence.rows[row])))
}

/// Some workers have no chunk.
fn too_few_chunks(evidence: &Evidence<'_>, shown: &[usize]) -> Option<Reason> {
    let chunks = evidence.chunks;
    let rows = shown.iter().map(|&row| &evidence.rows[row]);
    let one_chunk_each = rows.filter(|row| !row.model.capabilities().waits_at_once);
    let workers = one_chunk_each.map(|row| row.workers).max()?;
    let can_be_cut = evidence.can_be_cut();
    (chunks < workers as u64).then(|| {
        let advice = if can_be_cut { "cut the source into more: " } else { "" };
        let text = format!("{advice}{} cannot occupy {workers} workers", text::count(chunks, "chunk"));
        Reason::of_all(ReasonKind::ChunksTooFew { chunks, workers, can_be_cut }, text)
    })
}

/// Dispatching a chunk takes long, compared with the time that it runs. It is said of the recommended contender, and
/// otherwise of the one that would need the smallest chunks.
fn small_chunks(evidence: &Evidence<'_>, best: usize, shown: &[usize]) -> Option<Reason> {
    let each_items = evidence.items as f64 / evidence.chunks as f64;
    let too_small = |&row: &usize| {
        let measured = &evidence.rows[row];
        let (chunk_s, dispatch_s) = cause::chunk_and_dispatch_s(evidence, measured)?;
        // Large chunks would take as much longer to send as they take longer to run. One worker that computes gains nothing.
        let helps = measured.workers > 1 && !measured.profile.moves_much();
        let items = each_items * dispatch_s / (DISPATCH_SHARE * chunk_s);
        // Each worker must still have a chunk.
        let is_possible = items * measured.workers as f64 <= evidence.items as f64;
        let is_worthwhile = items > MUCH_LARGER * each_items;
        (helps && is_possible && is_worthwhile).then_some((row, items, chunk_s, dispatch_s))
    };
    let mut all: Vec<(usize, f64, f64, f64)> = shown.iter().filter_map(too_small).collect();
    all.sort_by(|one, other| (one.0 != best).cmp(&(other.0 != best)).then(one.1.total_cmp(&other.1)));
    let &(row, items, chunk_s, dispatch_s) = all.first()?;
    let model = evidence.rows[row].model;
    let text = format!(
        "use larger chunks for {model}, of {} {} or more: a chunk runs for {}, and dispatching it takes {}",
        text::about(items),
        evidence.unit,
        text::short_seconds(chunk_s),
        text::short_seconds(dispatch_s)
    );
    Some(Reason::of_row(ReasonKind::ChunksTooSmall { items, chunk_s, dispatch_s }, row, model, text))
}

/// One worker has more to do than the others. Too few chunks for the workers are reported as such, and not as uneven.
fn uneven_chunks(evidence: &Evidence<'_>, row: &Row) -> Option<Reason> {
    let profile = &row.profile;
    let share = profile.longest_chunk_s / profile.wall_s;
    let can_be_cut = evidence.can_be_cut();
    cause::is_uneven(evidence, row).then(|| {
        let fact = format!(
            "the longest takes {} of the fold on {}, while other workers are idle",
            text::percent(share),
            row.model
        );
        let text = if can_be_cut { format!("cut the source into more: {fact}") } else { fact };
        Reason::of_all(ReasonKind::ChunksTooUneven { share, can_be_cut }, text)
    })
}

/// The chunks wait, and something other than what was measured would wait for more of them at once.
pub(super) fn waiting(evidence: &Evidence<'_>, best: usize) -> Option<Reason> {
    let rows = evidence.rows;
    let alone = &rows[0].profile;
    if !alone.waits() || rows[best].model.capabilities().waits_at_once {
        return None;
    }
    let (share, awaits) = (alone.waiting_share(), evidence.awaits);
    let advice = match awaits {
        // Async is among those that were measured, and others are faster: nothing is to be changed.
        true if rows.iter().any(|row| row.model.capabilities().waits_at_once) => return None,
        true => "measure async as well, where one worker waits for many",
        false => "make the task an `async fn` and use async, or use more workers than cores",
    };
    let text = format!("the chunks wait {} of their time: {advice}", text::percent(share));
    Some(Reason::of_all(ReasonKind::ChunksWait { share, awaits }, text))
}

/// What is sent to worker processes before their first chunk takes a noticeable share of their start-up time.
pub(super) fn sent_first(evidence: &Evidence<'_>, shown: &[usize]) -> Option<Reason> {
    let takes_long = |&row: &usize| {
        let (row, bytes) = (&evidence.rows[row], evidence.rows[row].profile.sent_once_bytes);
        bytes >= NOTED_BYTES && bytes as f64 / BYTES_PER_S > SENDING_SHARE * row.startup_s
    };
    let index = shown.iter().copied().find(takes_long)?;
    let row = &evidence.rows[index];
    let (bytes, startup_s) = (row.profile.sent_once_bytes, row.startup_s);
    let text = format!(
        "{} of captures and source are sent to {} first, which is part of the {} to start",
        text::bytes(bytes),
        row.model,
        text::short_seconds(startup_s)
    );
    Some(Reason::of_row(ReasonKind::SentFirst { bytes, startup_s }, index, row.model, text))
}

/// What was measured of several numbers of workers, and numbers above that of the cores.
pub(super) fn workers(evidence: &Evidence<'_>) -> Vec<Reason> {
    // Of a model that gains nothing on any number of workers, its own line says so.
    let gains = |scaling: &&Scaling| {
        let rows = evidence.rows.iter().filter(|row| row.model == scaling.model);
        rows.clone().any(|row| matches!(row.difference, Difference::Faster | Difference::Reference))
    };
    let mut reasons: Vec<Reason> = evidence.scaling.iter().filter(gains).flat_map(scaled).collect();
    let is_scaled = |model: Model| evidence.scaling.iter().any(|scaling| scaling.model == model);
    let alone = (0..evidence.rows.len()).filter(|&row| !is_scaled(evidence.rows[row].model));
    reasons.extend(alone.filter_map(|row| more_workers_than_cores(evidence, row)));
    reasons
}

/// More workers than cores do not compute faster; they may wait faster.
fn more_workers_than_cores(evidence: &Evidence<'_>, index: usize) -> Option<Reason> {
    let (row, cores) = (&evidence.rows[index], evidence.cores);
    let computes = evidence.rows[0].profile.is_known_to_wait() == Some(false);
    (row.workers > cores && computes).then(|| {
        let workers = row.workers;
        let text = format!(
            "{cores} would do for {}: {workers} share {}, and the chunks compute",
            row.model,
            text::count(cores as u64, "core")
        );
        Reason::of_row(ReasonKind::WorkersExceedCores { workers, cores }, index, row.model, text)
    })
}

/// What follows from the scaling of one model.
fn scaled(scaling: &Scaling) -> Vec<Reason> {
    let (model, workers) = (scaling.model, scaling.best_workers);
    let measured = scaling.workers.clone();
    let more: Vec<String> = measured.iter().filter(|&&count| count > workers).map(ToString::to_string).collect();
    let text = if more.is_empty() {
        let fewer: Vec<String> = measured.iter().filter(|&&count| count < workers).map(ToString::to_string).collect();
        format!("{workers} workers are faster for {model} than {}", text::list(&fewer))
    } else {
        let (enough, are) = (text::count(workers as u64, "worker"), if workers == 1 { "is" } else { "are" });
        format!("{enough} {are} enough for {model}: {} are not shown to be faster", text::list(&more))
    };
    let mut reasons = vec![Reason::of_model(ReasonKind::WorkersEnough { workers, measured }, model, text)];
    if let Some(amdahl) = scaling.amdahl.filter(|amdahl| workers > 1 && amdahl.serial.interval.low > SERIAL_SHARE) {
        let share = amdahl.serial;
        let text = format!(
            "{} of the work on {model} gains nothing from more workers ({} to {}, by Amdahl's law)",
            text::percent(share.value),
            text::percent(share.interval.low),
            text::percent(share.interval.high)
        );
        reasons.push(Reason::of_model(ReasonKind::Serial { share }, model, text));
    }
    reasons
}
