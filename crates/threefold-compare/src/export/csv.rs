//! CSV: a line for each contender.

use std::borrow::Cow;

use serde::Serialize;
use threefold::Model;

use crate::against::Change;
use crate::comparison::Comparison;
use crate::escape::escaped;
use crate::plan::RankBy;
use crate::row::{Basis, BreakEven, Difference};

/// The columns in their order.
#[derive(Serialize)]
struct Line<'a> {
    work: Cow<'a, str>,
    items: u128,
    chunks: u64,
    model: Model,
    workers: usize,
    rounds: usize,
    median_s: f64,
    low_s: Option<f64>,
    high_s: Option<f64>,
    speedup: Option<f64>,
    speedup_low: Option<f64>,
    speedup_high: Option<f64>,
    efficiency: Option<f64>,
    startup_s: f64,
    cold_s: f64,
    cost_per_chunk_s: f64,
    busy_share: f64,
    imbalance: f64,
    cpu_s: f64,
    wall_s: f64,
    peak_memory_bytes: u64,
    bytes_moved: u64,
    rank_by: RankBy,
    difference: Difference,
    break_even: &'static str,
    break_even_items: Option<f64>,
    break_even_low: Option<f64>,
    break_even_high: Option<f64>,
    break_even_basis: Option<Basis>,
    before_s: Option<f64>,
    change: Option<Change>,
    as_fast_as_before: Option<f64>,
    as_fast_low: Option<f64>,
    as_fast_high: Option<f64>,
}

pub(super) fn of(comparison: &Comparison) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in 0..comparison.rows.len() {
        writer.serialize(line(comparison, row)).expect("memory takes every line");
    }
    let bytes = writer.into_inner().expect("memory takes every line");
    String::from_utf8(bytes).expect("names and numbers are text")
}

fn line(comparison: &Comparison, index: usize) -> Line<'_> {
    let row = &comparison.rows[index];
    let profile = &row.profile;
    let before = comparison.against.as_ref().and_then(|against| against.rows.iter().find(|it| it.row == index));
    let ratio = before.and_then(|before| before.ratio);
    let range = match row.break_even {
        BreakEven::From { low, high, basis, .. } => Some((low, high, basis)),
        _ => None,
    };
    Line {
        work: neutral(&comparison.workload),
        items: comparison.items,
        chunks: comparison.chunks,
        model: row.model,
        workers: row.workers,
        rounds: comparison.rounds,
        median_s: row.median_s,
        low_s: row.interval_s.map(|interval| interval.low),
        high_s: row.interval_s.map(|interval| interval.high),
        speedup: row.speedup.map(|speedup| speedup.value),
        speedup_low: row.speedup.map(|speedup| speedup.interval.low),
        speedup_high: row.speedup.map(|speedup| speedup.interval.high),
        efficiency: row.efficiency(),
        startup_s: row.startup_s,
        cold_s: row.cold_s,
        cost_per_chunk_s: row.cost_per_chunk_s().unwrap_or(0.0),
        busy_share: profile.busy_share(),
        imbalance: profile.imbalance,
        cpu_s: row.cpu_s,
        wall_s: profile.wall_s,
        peak_memory_bytes: row.peak_memory_bytes,
        bytes_moved: profile.bytes_moved,
        rank_by: comparison.rank_by,
        difference: row.difference,
        break_even: kind(row.break_even),
        break_even_items: row.break_even.items(),
        break_even_low: range.map(|(low, ..)| low),
        break_even_high: range.map(|(_, high, _)| high),
        break_even_basis: range.map(|(.., basis)| basis),
        before_s: before.map(|before| before.before_s),
        change: before.map(|before| before.change),
        as_fast_as_before: ratio.map(|ratio| ratio.value),
        as_fast_low: ratio.map(|ratio| ratio.interval.low),
        as_fast_high: ratio.map(|ratio| ratio.interval.high),
    }
}

/// The kind of a break-even size, as JSON names it.
fn kind(break_even: BreakEven) -> &'static str {
    match break_even {
        BreakEven::Always { .. } => "always",
        BreakEven::From { .. } => "from",
        BreakEven::Never => "never",
        BreakEven::Unknown => "unknown",
    }
}

/// Text that no spreadsheet takes for a formula: OWASP, *CSV Injection*. Tabs and carriage returns, which that page names as
/// well, are escaped as control characters.
fn neutral(text: &str) -> Cow<'_, str> {
    let text = escaped(text);
    if text.starts_with(['=', '+', '-', '@']) { Cow::Owned(format!("'{text}")) } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_looks_like_a_formula_is_neutralised() {
        for formula in ["=1+1", "+1", "-1", "@SUM(A1)"] {
            assert_eq!(neutral(formula), format!("'{formula}"));
        }
        assert_eq!(neutral("\t=1+1"), "\\t=1+1");
        assert_eq!(neutral("\r=1+1"), "\\r=1+1");
        assert_eq!(neutral("a-b=c"), "a-b=c");
    }
}
