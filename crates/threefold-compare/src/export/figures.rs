//! `Figure`: a column of a table whose rows are the contenders.

use crate::comparison::Comparison;
use crate::row::{Basis, BreakEven, Row};
use crate::table;
use crate::text;

/// A column: its title, and its cell for a contender. A cell is empty if its number is not known.
#[derive(Clone, Copy)]
pub(super) struct Figure {
    pub(super) title: &'static str,
    pub(super) cell: fn(&Comparison, usize) -> String,
    /// Whether it is shown where there is little room.
    pub(super) is_essential: bool,
}

const fn essential(title: &'static str, cell: fn(&Comparison, usize) -> String) -> Figure {
    Figure { title, cell, is_essential: true }
}

const fn further(title: &'static str, cell: fn(&Comparison, usize) -> String) -> Figure {
    Figure { title, cell, is_essential: false }
}

/// What everybody reads.
pub(super) const MAIN: [Figure; 8] = [
    essential("time", |of, row| text::seconds(of.rows[row].median_s)),
    further("95% interval", |of, row| {
        of.rows[row].interval_s.map_or_else(String::new, |it| text::seconds_between(it.low, it.high))
    }),
    essential("speed-up", speedup),
    essential("start-up", |of, row| text::seconds(of.rows[row].startup_s)),
    further("per chunk", |of, row| of.rows[row].cost_per_chunk_s().map_or_else(String::new, text::seconds)),
    further("processor", |of, row| known(of.rows[row].cpu_s > 0.0, || text::seconds(of.rows[row].cpu_s))),
    further("memory", |of, row| {
        known(of.rows[row].peak_memory_bytes > 0, || text::bytes(of.rows[row].peak_memory_bytes))
    }),
    further("faster from", |of, row| faster_from(&of.rows[row])),
];

/// What only experts read.
pub(super) const EXPERT: [Figure; 7] = [
    further("speed-up, 95% interval", |of, row| {
        of.rows[row].speedup.map_or_else(String::new, |it| {
            format!("{} to {}", text::digits(it.interval.low), text::digits(it.interval.high))
        })
    }),
    further("efficiency", |of, row| of.rows[row].efficiency().map_or_else(String::new, text::percent)),
    further("cold fold", |of, row| text::seconds(of.rows[row].cold_s)),
    further("workers busy", |of, row| observed(of, row, |row| text::percent(row.profile.busy_share()))),
    further("imbalance", |of, row| observed(of, row, |row| text::digits(row.profile.imbalance))),
    further("bytes sent", |of, row| observed(of, row, |row| text::bytes(row.profile.bytes_moved))),
    further("outliers", |of, row| match of.rows[row].outliers {
        0 => String::new(),
        outliers => outliers.to_string(),
    }),
];

/// The columns that have a cell that is not empty.
pub(super) fn shown<'a>(comparison: &Comparison, figures: &'a [Figure]) -> Vec<&'a Figure> {
    let is_shown = |figure: &&Figure| (0..comparison.rows.len()).any(|row| !(figure.cell)(comparison, row).is_empty());
    figures.iter().filter(is_shown).collect()
}

/// A number of the profile, if a fold was observed.
fn observed(comparison: &Comparison, row: usize, cell: fn(&Row) -> String) -> String {
    let row = &comparison.rows[row];
    if row.profile.is_empty() { String::new() } else { cell(row) }
}

/// A number, if it is known.
fn known(is_known: bool, cell: impl Fn() -> String) -> String {
    if is_known { cell() } else { String::new() }
}

/// How many times as fast as the reference it is. The reference itself has no cell.
fn speedup(comparison: &Comparison, row: usize) -> String {
    match &comparison.rows[row].speedup {
        _ if row == comparison.reference => String::new(),
        Some(speedup) => text::times_within(speedup),
        None => table::about(comparison, row),
    }
}

/// From how many items on the contender is faster than the reference.
fn faster_from(row: &Row) -> String {
    match row.break_even {
        BreakEven::Always { smallest } if smallest < 2.0 => "any size".to_string(),
        BreakEven::Always { smallest } => format!("{} or fewer", text::about(smallest)),
        BreakEven::From { items, basis: Basis::Measured, .. } => text::about(items),
        BreakEven::From { low, high, .. } => format!("{} to {}", text::about(low), text::about(high)),
        BreakEven::Never => "never".to_string(),
        BreakEven::Unknown => String::new(),
    }
}
