//! `Verdict`: which model, why, and from what size on. Each sentence is drawn from what was measured.

use serde::{Deserialize, Serialize};
use threefold::Model;

use crate::comparison::{Comparison, Row};
use crate::stats;
use crate::text;

mod reasons;

/// A model has to be this much cheaper for each item to be foretold to pay: less than that is within the error of a
/// forecast from one watched fold.
const WORTH_IT: f64 = 0.9;

/// Which model, and why.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Verdict {
    /// The answer, in one sentence.
    pub sentence: String,
    /// What it rests on, and what to mind: a sentence each.
    pub reasons: Vec<String>,
    /// The row that is recommended: of those that are as fast as the fastest, as far as these runs can show, the
    /// simplest.
    pub best: usize,
    /// The rows between which these runs show no difference, the recommended one among them.
    pub tied: Vec<usize>,
}

/// The verdict on a comparison whose rows are measured.
pub(crate) fn of(comparison: &Comparison) -> Verdict {
    let rows = &comparison.rows;
    let fastest = (0..rows.len()).min_by(|&a, &b| rows[a].median_s.total_cmp(&rows[b].median_s)).unwrap_or(0);
    let tied: Vec<usize> =
        (0..rows.len()).filter(|&row| row == fastest || !is_faster(&rows[fastest], &rows[row])).collect();
    let best = tied.iter().copied().min_by_key(|&row| (effort(rows[row].model), rows[row].workers)).unwrap_or(fastest);
    let best_of_each = best_of_each(rows, best);
    Verdict {
        sentence: sentence(comparison, best, &tied, &best_of_each),
        reasons: reasons::of(comparison, best, &best_of_each),
        best,
        tied,
    }
}

/// Whether these runs show that `one` is faster than `other`.
fn is_faster(one: &Row, other: &Row) -> bool {
    stats::speedup(&other.runs_s, &one.runs_s).is_some_and(|speedup| speedup.interval.low > 1.0)
}

/// What a model asks of its user: nothing, a pool, a runtime, processes that start anew.
fn effort(model: Model) -> usize {
    match model {
        Model::Sequential => 0,
        Model::Threads => 1,
        Model::Async => 2,
        _ => 3,
    }
}

/// The row of each model that stands for it: the recommended one, or its fastest.
fn best_of_each(rows: &[Row], best: usize) -> Vec<usize> {
    let mut each: Vec<usize> = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        match each.iter_mut().find(|other| rows[**other].model == row.model) {
            Some(other) if *other != best && (index == best || row.median_s < rows[*other].median_s) => *other = index,
            Some(_) => {}
            None => each.push(index),
        }
    }
    each
}

/// From how many items on a contender is expected to be faster than sequential, from a cold start.
///
/// With f the contender's fixed cost (its start-up, and the share of a warm fold in which workers have nothing to do), a its
/// cost for each item when all are busy, and s sequential's, f + a n < s n holds from n = f / (s - a) on.
pub(crate) fn break_even(row: &Row, baseline: &Row, items: u128) -> Option<f64> {
    let items = items as f64;
    let workers_s = row.profile.workers_s();
    if items == 0.0 || workers_s == 0.0 {
        return None;
    }
    let idle = row.median_s * row.profile.idle_s / workers_s;
    let sequential = baseline.median_s / items;
    let each = (row.median_s - idle) / items;
    (each < sequential * WORTH_IT).then(|| ((row.startup_s + idle) / (sequential - each)).max(1.0))
}

fn sentence(comparison: &Comparison, best: usize, tied: &[usize], best_of_each: &[usize]) -> String {
    let rows = &comparison.rows;
    let mut parts = vec![lead(rows, best, tied)];
    for &index in best_of_each.iter().filter(|&&index| index != best && rows[index].model != Model::Sequential) {
        parts.push(beside(comparison, index, tied.contains(&index)));
    }
    parts.join("; ")
}

/// What is said of the recommended row, and of those that tie with it.
fn lead(rows: &[Row], best: usize, tied: &[usize]) -> String {
    let row = &rows[best];
    let others: Vec<String> =
        tied.iter().filter(|&&other| rows[other].model != row.model).map(|&other| rows[other].name()).collect();
    if row.model == Model::Sequential {
        return if rows.len() == 1 {
            format!("sequential: {} a fold, and nothing to hold it against", text::seconds(row.median_s))
        } else if others.is_empty() {
            "sequential: every other model is slower on work of this size".to_string()
        } else {
            format!("sequential: no difference that these runs can show between it and {}", text::list(&others))
        };
    }
    let workers = if row.workers == 1 { "1 worker".to_string() } else { format!("{} workers", row.workers) };
    let speedup = row.speedup.as_ref().map_or(rows[0].median_s / row.median_s, |speedup| speedup.value);
    let lead = format!("{}: {} faster than sequential on {workers}", row.model, text::times(speedup));
    if others.is_empty() {
        lead
    } else {
        format!("{lead}, with no difference that these runs can show to {}", text::list(&others))
    }
}

/// What is said of a model beside the recommended one.
fn beside(comparison: &Comparison, index: usize, tied: bool) -> String {
    let rows = &comparison.rows;
    let row = &rows[index];
    let (model, plural) = (row.model, matches!(row.model, Model::Threads | Model::Processes));
    let (cost, pay) = if plural { ("cost", "pay") } else { ("costs", "pays") };
    let (gain, take) = if plural { ("gain", "take") } else { ("gains", "takes") };
    let baseline = &rows[0];
    match row.break_even_items {
        Some(items) => format!(
            "{model} {cost} {} to start and {pay} from about {} {} on",
            text::seconds(row.startup_s),
            text::about(items),
            comparison.unit
        ),
        None if tied => format!("{model} {gain} nothing here"),
        None => {
            let why = reasons::why_no_gain(row, baseline);
            let slower = row.median_s / baseline.median_s;
            let how_much = if slower > 1.1 {
                format!("{take} {} as long as sequential", text::times(slower))
            } else {
                format!("{gain} nothing")
            };
            format!("{model} {how_much}, {why}")
        }
    }
}

#[cfg(test)]
mod tests;
