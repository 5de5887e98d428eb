//! `Verdict`: which model to use, and why. Each sentence follows from what was measured.

use serde::{Deserialize, Serialize};
use threefold::Model;

use crate::condition::Condition;
use crate::noise::Noise;
use crate::plan::RankBy;
use crate::row::{Difference, Row};
use crate::scaling::Scaling;
use crate::text;

mod beside;
mod break_even;
mod cause;
mod certainty;
mod change;
mod ranking;
mod reason;

pub use cause::Cause;
use ranking::Ranking;
pub use reason::{Reason, ReasonKind, Size};

/// A share up to which differences are called small.
const LITTLE: f64 = 0.1;

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
    /// What to do, in one short line.
    pub sentence: String,
    /// One line for each other model, then what to change, then how certain it is.
    pub reasons: Vec<Reason>,
    /// The index in [`Comparison::rows`](crate::Comparison::rows) of the recommended contender: the simplest of those that
    /// are as fast as the fastest, as far as these runs show. Fewer than four rounds are too few to recommend one: then it is
    /// the fastest so far.
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
    /// Whether the task is an `async fn`.
    pub(crate) awaits: bool,
    /// The first row is that of sequential.
    pub(crate) rows: &'a [Row],
    /// The index of the row that the others are compared with.
    pub(crate) reference: usize,
    pub(crate) noise: Option<Noise>,
    pub(crate) rank_by: RankBy,
    pub(crate) conditions: &'a [Condition],
    pub(crate) scaling: &'a [Scaling],
}

impl Verdict {
    /// The verdict on these rows, of which there is at least one.
    pub(crate) fn of(evidence: &Evidence<'_>) -> Self {
        let ranking = ranking::of(evidence);
        let others = best_of_each_model(evidence.rows, ranking.best);
        let shown: Vec<usize> = [ranking.best].into_iter().chain(others.iter().copied()).collect();
        let mut reasons: Vec<Reason> = beside::of_best(evidence, &ranking).into_iter().collect();
        reasons.extend(others.iter().filter_map(|&row| beside::line(evidence, &ranking, row)));
        reasons.extend(change::formula(evidence));
        reasons.extend(change::chunks(evidence, ranking.best, &shown));
        reasons.extend(change::waiting(evidence, ranking.best));
        reasons.extend(change::workers(evidence));
        reasons.extend(change::sent_first(evidence, &shown));
        reasons.extend(break_even::lines(evidence, ranking.best, &shown));
        reasons.extend(certainty::lines(evidence));
        let sentence = sentence(evidence, &ranking);
        Self { sentence, reasons, best: ranking.best, tied: ranking.tied }
    }
}

impl Evidence<'_> {
    fn reference_row(&self) -> &Row {
        &self.rows[self.reference]
    }

    /// The name of a contender: its model, with its number of workers only if the model has several rows.
    fn name(&self, row: usize) -> String {
        let model = self.rows[row].model;
        let is_alone = self.rows.iter().filter(|other| other.model == model).count() == 1;
        if is_alone { model.to_string() } else { self.rows[row].name() }
    }

    /// How many times as fast as the reference a contender is: by the speed-up if it is known, else by the medians.
    fn times(&self, row: usize) -> f64 {
        let medians = self.reference_row().median_s / self.rows[row].median_s;
        self.rows[row].speedup.map_or(medians, |speedup| speedup.value)
    }

    /// The same as text.
    fn times_text(&self, row: usize) -> String {
        match &self.rows[row].speedup {
            Some(speedup) => text::times_within(speedup),
            None => format!("about {}", text::times(self.times(row))),
        }
    }

    /// The smallest difference that is worth a word and can be shown, as a share.
    fn smallest(&self) -> f64 {
        self.reference_row().judged.smallest
    }

    /// Whether a chunk has more than one item, so that there can be more chunks.
    fn can_be_cut(&self) -> bool {
        u128::from(self.chunks) < self.items
    }
}

/// Whether the word of a model takes a verb in the plural.
fn is_plural(model: Model) -> bool {
    matches!(model, Model::Threads | Model::Processes)
}

/// The row with the lowest median among these.
fn fastest_of(rows: &[Row], among: impl IntoIterator<Item = usize>) -> Option<usize> {
    among.into_iter().min_by(|&a, &b| rows[a].median_s.total_cmp(&rows[b].median_s))
}

/// A row within this share of its model's fastest is as good.
const AS_GOOD: f64 = 0.02;

/// One row for each model other than that of the recommended row: the one with the fewest workers of those whose median is
/// about that of the model's fastest.
fn best_of_each_model(rows: &[Row], best: usize) -> Vec<usize> {
    let mut models: Vec<Model> = rows.iter().map(|row| row.model).collect();
    models.dedup();
    let of_model = |model: Model| {
        let of_model: Vec<usize> = (0..rows.len()).filter(|&row| rows[row].model == model).collect();
        let fastest = fastest_of(rows, of_model.iter().copied())?;
        let most_s = rows[fastest].median_s * (1.0 + AS_GOOD);
        let as_fast = of_model.into_iter().filter(|&row| rows[row].median_s <= most_s);
        as_fast.min_by_key(|&row| rows[row].workers)
    };
    models.into_iter().filter(|&model| model != rows[best].model).filter_map(of_model).collect()
}

/// What to do, in one short line.
fn sentence(evidence: &Evidence<'_>, ranking: &Ranking) -> String {
    let Evidence { rows, reference, rank_by, .. } = *evidence;
    let best = ranking.best;
    let (name, row) = (evidence.name(best), &rows[best]);
    if rows.len() == 1 {
        let median = text::seconds(row.median_s);
        return format!("Compare more models: only {name} was measured, at {median} a fold.");
    }
    let workers = text::count(row.workers as u64, "worker");
    // The number of workers is said once.
    let on = if name.ends_with(&workers) || !row.model.capabilities().has_plural_workers {
        String::new()
    } else {
        format!(", on {workers}")
    };
    if ranking.is_open {
        let rounds = text::count(evidence.rounds as u64, "round");
        let as_fast = if best == reference {
            String::new()
        } else {
            format!(", {} as fast as {}{on}", evidence.times_text(best), evidence.name(reference))
        };
        let shows = if evidence.rounds == 1 { "shows" } else { "show" };
        return format!("Fastest so far: {name}{as_fast}. But {rounds} {shows} too little to recommend a model.");
    }
    if rank_by != RankBy::Time && ranking.is_by_use {
        let amount = ranking::amount_text(rank_by, row);
        let noun = ranking::noun(rank_by);
        let least = |other: &Row| ranking::amount(rank_by, row) <= ranking::amount(rank_by, other);
        return match ranking.tied.len() {
            1 => format!("Use {name}: the least {noun}, {amount}."),
            _ if rows.iter().all(least) => format!("Use {name}: no model needs less {noun} ({amount})."),
            _ => format!("Use {name}: no model needs noticeably less {noun} ({amount})."),
        };
    }
    let others: Vec<&Row> = (0..rows.len()).filter(|&other| other != best).map(|other| &rows[other]).collect();
    if best == reference {
        let is_slower = |row: &&Row| row.difference == Difference::Slower;
        let is_little_faster =
            |row: &&Row| row.difference == Difference::TooSmall && row.median_s < rows[best].median_s;
        // Nothing above is left possible, for any of them.
        let smallest = evidence.smallest();
        let is_bounded = |row: &&Row| row.speedup.is_some_and(|speedup| speedup.interval.high <= 1.0 + smallest);
        return if others.iter().all(is_slower) {
            format!("Use {name}: every other model is slower.")
        } else if others.iter().any(is_little_faster) && others.iter().all(is_bounded) && smallest <= LITTLE {
            format!("Use {name}: no other model is faster by {} or more.", text::percent(smallest))
        } else {
            format!("Use {name}: no other model is shown to be faster.")
        };
    }
    let compared = evidence.name(reference);
    let is_faster = row.difference == Difference::Unknown && evidence.times(best) > 1.0;
    if row.difference == Difference::Faster || is_faster {
        return format!("Use {name}: {} as fast as {compared}{on}.", evidence.times_text(best));
    }
    let is = |row: usize| if is_plural(rows[row].model) { "are" } else { "is" };
    format!("Use {name}: {compared} {} not shown to be faster, and {name} {} simpler.", is(reference), is(best))
}

#[cfg(test)]
mod tests;
