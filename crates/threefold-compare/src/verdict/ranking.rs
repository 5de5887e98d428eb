//! `Ranking`: which contenders are as good as the best, and which of these is the simplest.

use threefold::Model;

use super::{Evidence, fastest_of};
use crate::plan::RankBy;
use crate::row::{Difference, Row};
use crate::stats;
use crate::text;

/// Amounts of processor time or memory that differ by at most this share are alike: few folds are observed, and no two need
/// exactly as much.
const ALIKE: f64 = 0.05;

/// The recommended contender, and those that are as good.
pub(super) struct Ranking {
    pub(super) best: usize,
    pub(super) tied: Vec<usize>,
    /// Whether it ranks by processor time or memory. Where these are not known it ranks by time.
    pub(super) is_by_use: bool,
    /// Whether there are so few rounds that `best` is only the fastest one so far.
    pub(super) is_open: bool,
}

pub(super) fn of(evidence: &Evidence<'_>) -> Ranking {
    let is_by_use =
        evidence.rank_by != RankBy::Time && evidence.rows.iter().all(|row| amount(evidence.rank_by, row) > 0.0);
    if is_by_use { by_use(evidence) } else { by_time(evidence) }
}

fn by_time(evidence: &Evidence<'_>) -> Ranking {
    let rows = evidence.rows;
    let fastest = fastest_of(rows, 0..rows.len()).unwrap_or(0);
    if !stats::can_be_apart(evidence.rounds) {
        return Ranking { best: fastest, tied: (0..rows.len()).collect(), is_by_use: false, is_open: true };
    }
    // A model that is shown to be faster than sequential or the reference rules it out, even if the fastest is too noisy to.
    let measures = [0, evidence.reference];
    let is_beaten = |row: usize| {
        measures.contains(&row) && (0..rows.len()).any(|other| other != row && gains(evidence, other, row))
    };
    let tied: Vec<usize> =
        (0..rows.len()).filter(|&row| row == fastest || !(gains(evidence, fastest, row) || is_beaten(row))).collect();
    // What rules them out is shown to be faster than they are. So must be what is recommended instead.
    let is_candidate =
        |row: usize| measures.into_iter().all(|measure| tied.contains(&measure) || gains(evidence, row, measure));
    let candidates = tied.iter().copied().filter(|&row| is_candidate(row));
    let best = simplest(rows, candidates).unwrap_or(fastest);
    Ranking { best, tied, is_by_use: false, is_open: false }
}

/// Of those that need as little as any, the fastest; of those that are as fast, the simplest.
fn by_use(evidence: &Evidence<'_>) -> Ranking {
    let Evidence { rows, rank_by, .. } = *evidence;
    let least = rows.iter().map(|row| amount(rank_by, row)).fold(f64::INFINITY, f64::min);
    let most = least * (1.0 + ALIKE);
    let tied: Vec<usize> = (0..rows.len()).filter(|&row| amount(rank_by, &rows[row]) <= most).collect();
    let is_beaten = |row: usize| tied.iter().any(|&other| other != row && gains(evidence, other, row));
    let best = simplest(rows, tied.iter().copied().filter(|&row| !is_beaten(row)));
    let best = best.or_else(|| fastest_of(rows, tied.iter().copied())).unwrap_or(0);
    Ranking { best, tied, is_by_use: true, is_open: false }
}

fn simplest(rows: &[Row], among: impl Iterator<Item = usize>) -> Option<usize> {
    among.min_by_key(|&row| (effort(rows[row].model), rows[row].workers))
}

/// How much a model asks of a program, 0 being least: nothing, a thread pool, an async runtime, processes that start anew
/// and to which everything is sent, a launcher that starts them.
pub(super) fn effort(model: Model) -> u8 {
    let can = model.capabilities();
    match (can.copies_data, can.waits_at_once, can.has_plural_workers) {
        (true, _, _) => 3 + u8::from(model == Model::Mpi),
        (false, true, _) => 2,
        (false, false, plural) => u8::from(plural),
    }
}

/// Whether the runs show that a contender is faster than another. Of the reference it is known already.
fn gains(evidence: &Evidence<'_>, row: usize, other: usize) -> bool {
    let rows = evidence.rows;
    match rows[row].difference {
        Difference::Faster | Difference::Slower | Difference::TooSmall | Difference::NotShown
            if other == evidence.reference =>
        {
            rows[row].difference == Difference::Faster
        }
        _ => rows[row].is_faster_than(&rows[other]),
    }
}

/// How much a contender needs of what is ranked by: seconds, or bytes.
pub(super) fn amount(rank_by: RankBy, row: &Row) -> f64 {
    match rank_by {
        RankBy::Time => row.median_s,
        RankBy::Cpu => row.cpu_s,
        RankBy::Memory => row.peak_memory_bytes as f64,
    }
}

/// The same as text.
pub(super) fn amount_text(rank_by: RankBy, row: &Row) -> String {
    match rank_by {
        RankBy::Time => text::seconds(row.median_s),
        RankBy::Cpu => text::seconds(row.cpu_s),
        RankBy::Memory => text::bytes(row.peak_memory_bytes),
    }
}

/// What is ranked by, as a noun.
pub(super) fn noun(rank_by: RankBy) -> &'static str {
    match rank_by {
        RankBy::Time => "time",
        RankBy::Cpu => "processor time",
        RankBy::Memory => "memory",
    }
}
