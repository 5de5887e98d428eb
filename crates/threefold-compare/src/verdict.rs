//! `Verdict`: which model, why, and from what size on. Each sentence is drawn from what was measured.

use serde::{Deserialize, Serialize};
use threefold::Model;

use crate::comparison::{Comparison, Row};
use crate::text;

mod reasons;

/// A model has to be this much cheaper for each item to be foretold to pay: less than that is within the error of a
/// forecast from one watched fold.
const WORTH_IT: f64 = 0.9;

/// A fold that takes less, in seconds, is short.
const SHORT_S: f64 = 2e-3;

/// A fixed cost of this share of a fold is next to nothing.
const FIXED: f64 = 0.1;

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
        (0..rows.len()).filter(|&row| row == fastest || !rows[fastest].is_faster_than(&rows[row])).collect();
    let best = tied.iter().copied().min_by_key(|&row| (effort(rows[row].model), rows[row].workers)).unwrap_or(fastest);
    let best_of_each = best_of_each(rows, best);
    Verdict {
        sentence: sentence(comparison, best, &tied, &best_of_each),
        reasons: reasons::of(comparison, best, &best_of_each),
        best,
        tied,
    }
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

/// The row of each model that stands for it: the recommended one, or that with the fewest workers of those that are as fast
/// as the model's fastest.
fn best_of_each(rows: &[Row], best: usize) -> Vec<usize> {
    let mut models: Vec<Model> = rows.iter().map(|row| row.model).collect();
    models.dedup();
    let of_model = |model: Model| {
        let of_model: Vec<usize> = (0..rows.len()).filter(|&row| rows[row].model == model).collect();
        let fastest = of_model.iter().min_by(|&&a, &&b| rows[a].median_s.total_cmp(&rows[b].median_s)).copied()?;
        let as_fast = of_model.into_iter().filter(|&row| !rows[fastest].is_faster_than(&rows[row]));
        as_fast.min_by_key(|&row| (row != best, rows[row].workers))
    };
    models.into_iter().filter_map(of_model).collect()
}

/// From how many items on a contender is expected to be faster than sequential, from a cold start.
///
/// With f the contender's fixed cost, a its cost for each item when all workers are busy, and s sequential's, f + a n < s n
/// holds from n = f / (s - a) on. a is the workers' time in chunks and between them, shared among them; what lies between
/// chunks that carry little is taken from a fold of many, since of a few it is mostly the waking of workers. f is the
/// start-up, and what a warm fold takes beyond a n.
pub(crate) fn break_even(row: &Row, baseline: &Row, items: u128) -> Option<f64> {
    let items = items as f64;
    let profile = &row.profile;
    if items == 0.0 || profile.workers_s() == 0.0 {
        return None;
    }
    let alone = Steady::of(baseline);
    let own = Steady::of(row);
    // No worker computes sooner than sequential does; and if it computes later, short folds do not show it, in which most
    // of what is seen are workers that have just been woken.
    let work_s = if row.median_s < SHORT_S { alone.work_s } else { own.work_s.max(alone.work_s) };
    let sequential = (alone.work_s + alone.other_s) / items;
    let each = (work_s + own.other_s) / row.workers as f64 / items;
    let fixed = row.startup_s + (row.median_s - each * items).max(0.0);
    let gains = each < sequential * WORTH_IT;
    // Where next to nothing of the time is fixed, runs have shown what there is to gain.
    let shown = fixed > FIXED * row.median_s || row.speedup.is_none_or(|speedup| speedup.interval.low > 1.0);
    (gains && shown).then(|| (fixed / (sequential - each)).max(1.0))
}

/// What the chunks of a fold take of its workers' time, when there are many of them.
struct Steady {
    work_s: f64,
    /// In chunks that wait, and between chunks.
    other_s: f64,
}

impl Steady {
    fn of(row: &Row) -> Self {
        let profile = &row.profile;
        let empty_s = profile.empty_chunk_s * profile.spans.len() as f64;
        let between = if profile.moves_much() { profile.transfer_s } else { profile.transfer_s.min(empty_s) };
        // The watched fold was one; the median tells how fast such folds are.
        let watched = if profile.wall_s > 0.0 { (row.median_s / profile.wall_s).min(1.0) } else { 1.0 };
        Self { work_s: watched * profile.work_s, other_s: watched * (profile.waiting_s + between) }
    }
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
    let workers = text::count(row.workers as u64, "worker");
    let speedup = match &row.speedup {
        Some(speedup) => text::times(speedup.value),
        None => format!("about {}", text::times(rows[0].median_s / row.median_s)),
    };
    let lead = format!("{}: {speedup} faster than sequential on {workers}", row.model);
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
        None if row.profile.is_empty() => {
            format!("{model} {take} about {} as long as sequential", text::times(row.median_s / baseline.median_s))
        }
        Some(items) => {
            let startup = text::seconds(row.startup_s);
            format!("{model} {cost} {startup} to start and {pay} {}", from_size(items, &comparison.unit))
        }
        None if tied => format!("{model} {gain} nothing here"),
        None => {
            let why = reasons::why_no_gain(row, baseline, if plural { "their" } else { "its" });
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

/// From which size on.
fn from_size(items: f64, unit: &str) -> String {
    if items < 2.0 { "at any size".to_string() } else { format!("from about {} {unit} on", text::about(items)) }
}

#[cfg(test)]
mod tests;
