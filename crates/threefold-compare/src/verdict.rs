//! `Verdict`: which model to use, and why. Each sentence follows from what was measured.

use serde::{Deserialize, Serialize};
use threefold::Model;

use crate::row::Row;
use crate::scaling::Scaling;
use crate::text;

mod advice;
mod others;

/// Which model to use, and why.
///
/// ```
#[doc = include_str!("doc/measured.md")]
/// let verdict = &comparison.verdict;
/// println!("{}", verdict.sentence);
/// for reason in &verdict.reasons {
///     println!("- {reason}");
/// }
/// assert!(verdict.best < comparison.rows.len());
/// # Ok::<(), threefold_compare::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Verdict {
    /// What to do, in one sentence.
    pub sentence: String,
    /// What the verdict rests on, how the other models do, and what to change. Each reason is one sentence or a few.
    pub reasons: Vec<String>,
    /// The index in [`Comparison::rows`](crate::Comparison::rows) of the recommended contender: the simplest of those that
    /// are as fast as the fastest, as far as these runs show.
    pub best: usize,
    /// The indices of the contenders that these runs do not show to be slower than the fastest. `best` is one of them.
    pub tied: Vec<usize>,
}

/// What a verdict is drawn from.
#[derive(Clone, Copy)]
pub(crate) struct Evidence<'a> {
    pub(crate) unit: &'a str,
    pub(crate) items: u128,
    pub(crate) chunks: u64,
    pub(crate) formula: Option<&'a str>,
    pub(crate) cores: usize,
    pub(crate) rounds: usize,
    pub(crate) stolen_share: f64,
    pub(crate) partial: bool,
    /// The first row is that of sequential, the baseline.
    pub(crate) rows: &'a [Row],
    pub(crate) scaling: &'a [Scaling],
}

impl Verdict {
    /// The verdict on these rows, of which there is at least one.
    pub(crate) fn of(evidence: &Evidence<'_>) -> Self {
        let rows = evidence.rows;
        let fastest = fastest_of(rows, 0..rows.len()).unwrap_or(0);
        // A model that is shown to be faster than sequential rules sequential out, even if the fastest is too noisy to.
        let beaten = |row: usize| row == 0 && rows[1..].iter().any(|other| gains(other, &rows[0]));
        let tied: Vec<usize> = (0..rows.len())
            .filter(|&row| row == fastest || !(rows[fastest].is_faster_than(&rows[row]) || beaten(row)))
            .collect();
        // If sequential is ruled out, so is a contender that is not shown to be faster than sequential, even the fastest.
        let is_candidate = |row: usize| tied.contains(&0) || gains(&rows[row], &rows[0]);
        let candidates = tied.iter().copied().filter(|&row| is_candidate(row));
        let simplest = candidates.min_by_key(|&row| (effort(rows[row].model), rows[row].workers));
        let best = simplest.unwrap_or(fastest);
        let others: Vec<usize> = best_of_each_model(rows, best).into_iter().filter(|&row| row != best).collect();
        Self { sentence: sentence(rows, best, &tied), reasons: reasons(evidence, best, &tied, &others), best, tied }
    }
}

/// How much a model asks of a program, 0 being least: nothing, a thread pool, an async runtime, processes that start anew
/// and to which everything is sent, a launcher that starts them.
fn effort(model: Model) -> u8 {
    let can = model.capabilities();
    match (can.copies_data, can.waits_at_once, can.has_plural_workers) {
        (true, _, _) => 3 + u8::from(model == Model::Mpi),
        (false, true, _) => 2,
        (false, false, plural) => u8::from(plural),
    }
}

/// Whether the runs show that a contender is faster than sequential. The speed-up is there already if it can be known.
fn gains(row: &Row, sequential: &Row) -> bool {
    row.speedup.map_or_else(|| row.is_faster_than(sequential), |speedup| speedup.interval.low > 1.0)
}

/// The row with the lowest median among these.
fn fastest_of(rows: &[Row], among: impl IntoIterator<Item = usize>) -> Option<usize> {
    among.into_iter().min_by(|&a, &b| rows[a].median_s.total_cmp(&rows[b].median_s))
}

/// One row for each model: the recommended row, or the one with the fewest workers of those that are as fast as the
/// model's fastest.
fn best_of_each_model(rows: &[Row], best: usize) -> Vec<usize> {
    let mut models: Vec<Model> = rows.iter().map(|row| row.model).collect();
    models.dedup();
    let of_model = |model: Model| {
        let of_model: Vec<usize> = (0..rows.len()).filter(|&row| rows[row].model == model).collect();
        let fastest = fastest_of(rows, of_model.iter().copied())?;
        let as_fast = of_model.into_iter().filter(|&row| !rows[fastest].is_faster_than(&rows[row]));
        as_fast.min_by_key(|&row| (row != best, rows[row].workers))
    };
    models.into_iter().filter_map(of_model).collect()
}

/// What to do.
fn sentence(rows: &[Row], best: usize, tied: &[usize]) -> String {
    let row = &rows[best];
    if best > 0 {
        let speedup = match &row.speedup {
            Some(speedup) => text::times(speedup.value),
            // There are too few rounds for an interval. The medians are known all the same.
            None => format!("about {}", text::times(rows[0].median_s / row.median_s)),
        };
        return format!("Use {}: a fold is {speedup} faster than on sequential.", row.name());
    }
    if rows.len() == 1 {
        let median = text::seconds(row.median_s);
        format!("Compare sequential with other models: only sequential was measured, at {median} for one fold.")
    } else if tied.len() == 1 {
        "Use sequential: every other model is slower for this workload.".to_string()
    } else {
        "Use sequential: these runs do not show that another model is faster.".to_string()
    }
}

/// The reasons, the most important first.
fn reasons(evidence: &Evidence<'_>, best: usize, tied: &[usize], others: &[usize]) -> Vec<String> {
    let rows = evidence.rows;
    let mut reasons = Vec::new();
    reasons.extend(advice::formula(evidence));
    reasons.extend(others::as_fast(rows, best, tied));
    reasons.extend(others.iter().filter(|&&row| row > 0).map(|&row| others::beside(evidence, &rows[row])));
    reasons.extend(advice::kind_of_work(evidence));
    reasons.extend(advice::speedup(&rows[best]));
    // The rows that stand for their models, sequential left out.
    let parallel: Vec<&Row> =
        (1..rows.len()).filter(|row| *row == best || others.contains(row)).map(|row| &rows[row]).collect();
    reasons.extend(advice::too_few_chunks(evidence, &parallel));
    reasons.extend(parallel.iter().filter_map(|row| advice::small_chunks(evidence, row)));
    reasons.extend(parallel.iter().filter_map(|row| advice::uneven_chunks(evidence, row)));
    reasons.extend(rows.iter().filter_map(|row| advice::more_workers_than_cores(evidence, row)));
    reasons.extend(others::gain_from(evidence, &rows[best]));
    reasons.extend(evidence.scaling.iter().map(Scaling::sentence));
    let shown = (0..rows.len()).filter(|row| *row == best || others.contains(row));
    reasons.extend(advice::busy_machine(evidence, shown.map(|row| &rows[row])));
    reasons.extend(advice::runs(evidence));
    reasons
}

#[cfg(test)]
mod tests;
