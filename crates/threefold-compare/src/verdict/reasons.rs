//! What the verdict rests on, and what to mind.

use threefold::Model;

use crate::comparison::{Comparison, Row};
use crate::stats;
use crate::text;

/// Handing out a chunk may take this share of the chunk's own time; more, and chunks are too small.
const TOO_SMALL: f64 = 0.1;

/// The busiest worker may have this much more to do than the mean; more, and the work is uneven.
const TOO_UNEVEN: f64 = 1.15;

/// This share of the workers' time is worth a word.
const MUCH: f64 = 0.2;

/// In seconds, a fold in which what threads wait for a processor after they were woken does not count.
const TELLING_S: f64 = 20e-3;

/// The host of a virtual machine may take this share of its processors' time without a word.
const STOLEN: f64 = 0.02;

/// Chunks may take this much longer beside others than alone; more, and they share something.
const SHARED: f64 = 1.3;

/// Why a model does not gain, as the second half of a sentence.
pub(super) fn why_no_gain(row: &Row, baseline: &Row, its: &str) -> String {
    let (profile, alone) = (&row.profile, &baseline.profile);
    if row.model == Model::Async && row.workers == 1 && !alone.waits() {
        return "this work never waits".to_string();
    }
    if profile.waits() && !alone.waits() {
        return format!("{its} chunks wait for one another {} of the time", text::percent(waiting_share(row)));
    }
    if profile.moves_much() && profile.transfer_s > MUCH * profile.workers_s() {
        return format!(
            "moving chunks and outputs takes {} of {its} time ({} moved)",
            text::percent(profile.transfer_s / profile.workers_s()),
            text::bytes(profile.bytes_moved)
        );
    }
    if profile.transfer_s > profile.work_s {
        return "handing out chunks takes longer than the work".to_string();
    }
    if profile.work_s > alone.work_s * SHARED && alone.work_s > 0.0 {
        return format!(
            "{its} chunks take {} as long beside others as alone: they share memory or a cache",
            text::times(profile.work_s / alone.work_s)
        );
    }
    if row.startup_s + row.median_s > baseline.median_s {
        return format!("{its} own cost is larger than the work");
    }
    "and what was watched does not say why".to_string()
}

fn waiting_share(row: &Row) -> f64 {
    let profile = &row.profile;
    let in_chunks = profile.work_s + profile.waiting_s;
    if in_chunks > 0.0 { profile.waiting_s / in_chunks } else { 0.0 }
}

/// The reasons, the weightiest first.
pub(super) fn of(comparison: &Comparison, best: usize, best_of_each: &[usize]) -> Vec<String> {
    let rows = &comparison.rows;
    let baseline = &rows[0];
    let mut reasons = Vec::new();
    reasons.extend(formula(comparison));
    reasons.extend(the_work(baseline));
    reasons.extend(interval(&rows[best]));
    let parallel: Vec<&Row> =
        best_of_each.iter().map(|&row| &rows[row]).filter(|row| row.model != Model::Sequential).collect();
    reasons.extend(too_few(comparison, &parallel));
    reasons.extend(parallel.iter().filter_map(|row| too_small(comparison, row)));
    reasons.extend(parallel.iter().filter_map(|row| too_uneven(row)));
    reasons.extend(rows.iter().filter_map(|row| too_many(comparison, row)));
    reasons.extend(pays_from(comparison, &rows[best]));
    reasons.extend(comparison.scaling.iter().filter_map(crate::scaling::Scaling::sentence));
    reasons.extend(best_of_each.iter().filter_map(|&row| crowded(comparison, &rows[row])));
    reasons.extend(runs(comparison));
    reasons
}

fn formula(comparison: &Comparison) -> Option<String> {
    let formula = comparison.formula.as_ref()?;
    Some(format!("A formula beats them all: {formula} gives this value at once."))
}

/// What kind of work it is.
fn the_work(baseline: &Row) -> Option<String> {
    let profile = &baseline.profile;
    let waiting = waiting_share(baseline);
    (profile.wall_s > 0.0).then(|| {
        if profile.waits() {
            format!("The chunks wait {} of their time: many can wait at once on one thread.", text::percent(waiting))
        } else {
            format!("The chunks compute {} of their time.", text::percent(1.0 - waiting))
        }
    })
}

fn interval(row: &Row) -> Option<String> {
    let speedup = row.speedup.as_ref()?;
    Some(format!(
        "The speed-up of {} lies between {} and {} (95%).",
        row.name(),
        text::digits(speedup.interval.low),
        text::digits(speedup.interval.high)
    ))
}

fn too_few(comparison: &Comparison, parallel: &[&Row]) -> Option<String> {
    let chunks = comparison.chunks;
    let most = parallel.iter().filter(|row| row.model != Model::Async).map(|row| row.workers).max()?;
    (chunks < most as u64).then(|| {
        let chunks = text::count(chunks, "chunk");
        format!("The work is cut into {chunks} for {most} workers: some have nothing to do. Cut finer.")
    })
}

fn too_small(comparison: &Comparison, row: &Row) -> Option<String> {
    let profile = &row.profile;
    let chunks = comparison.chunks as f64;
    // Larger chunks would take longer to move.
    (!profile.moves_much()
        && profile.mean_chunk_s > 0.0
        && profile.cost_per_chunk_s > TOO_SMALL * profile.mean_chunk_s
        && chunks > 1.0)
        .then(|| {
            let enough =
                profile.cost_per_chunk_s / TOO_SMALL * comparison.items as f64 / (profile.mean_chunk_s * chunks);
            format!(
                "The chunks are too small for {}: one takes {}, and {} more between two. About {} {} in each would do.",
                row.model,
                text::seconds(profile.mean_chunk_s),
                text::seconds(profile.cost_per_chunk_s),
                text::about(enough),
                comparison.unit
            )
        })
}

fn too_uneven(row: &Row) -> Option<String> {
    let profile = &row.profile;
    (profile.imbalance > TOO_UNEVEN && profile.longest_chunk_s > 0.25 * profile.wall_s && row.workers > 1).then(|| {
        format!(
            "The chunks are too uneven for {}: the longest takes {} of the fold. Cut finer.",
            row.name(),
            text::percent(profile.longest_chunk_s / profile.wall_s)
        )
    })
}

fn too_many(comparison: &Comparison, row: &Row) -> Option<String> {
    let cores = comparison.machine.cores;
    (row.workers > cores).then(|| {
        let cores = text::count(cores as u64, "core");
        format!("{} share {cores}: more workers than that compute nothing sooner.", capital(&row.name()))
    })
}

/// Others had the processors while workers were ready to run. Short folds do not tell: a thread that has just been woken is
/// ready before it runs. Nor do processes, whose parent is one of the others.
fn crowded(comparison: &Comparison, row: &Row) -> Option<String> {
    let profile = &row.profile;
    let share = profile.queued_s / profile.workers_s();
    let tells = profile.wall_s > TELLING_S && row.model != Model::Processes;
    (tells && row.workers <= comparison.machine.cores && share > MUCH).then(|| {
        let share = text::percent(share.min(1.0));
        format!(
            "For {share} of the time of {} others had the processors: it would be faster on a free machine.",
            row.name()
        )
    })
}

/// From which size on the recommended model pays; of the others the sentence says it.
fn pays_from(comparison: &Comparison, row: &Row) -> Option<String> {
    let from = super::from_size(row.break_even_items?, &comparison.unit);
    Some(format!("It takes {} to start {}, which pays {from}.", text::seconds(row.startup_s), row.name()))
}

/// What the runs themselves give to mind.
fn runs(comparison: &Comparison) -> Vec<String> {
    let mut remarks = Vec::new();
    if comparison.partial {
        remarks.push("It was cancelled: this is what was measured until then.".to_string());
    }
    if comparison.rounds < stats::FEWEST {
        let rounds = text::count(comparison.rounds as u64, "round");
        remarks.push(format!("Of {rounds} nothing is bound at 95%: give it more time, or smaller work."));
    }
    if comparison.stolen_share > STOLEN {
        remarks.push(format!(
            "The host of this virtual machine gave {} of its processors' time to others meanwhile.",
            text::percent(comparison.stolen_share)
        ));
    }
    for row in &comparison.rows {
        if row.slow_first_run {
            remarks.push(format!("The first run of {} was an outlier: more warm-up may help.", row.name()));
        }
        if row.outliers * 10 > comparison.rounds {
            remarks.push(format!(
                "{} of {} runs of {} were outliers: something else was busy on this machine.",
                row.outliers,
                comparison.rounds,
                row.name()
            ));
        }
    }
    remarks
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
