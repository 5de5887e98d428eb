//! `Figure`: a column of a table whose rows are the contenders.

use crate::comparison::Comparison;
use crate::row::{Basis, BreakEven, Row};
use crate::text;

/// A column: its title, and its cell for a contender. A cell is empty if its number is not known.
#[derive(Clone, Copy)]
pub(super) struct Figure {
    pub(super) title: &'static str,
    pub(super) cell: fn(&Row) -> String,
    /// Whether it is shown where there is little room.
    pub(super) is_essential: bool,
}

const fn essential(title: &'static str, cell: fn(&Row) -> String) -> Figure {
    Figure { title, cell, is_essential: true }
}

const fn further(title: &'static str, cell: fn(&Row) -> String) -> Figure {
    Figure { title, cell, is_essential: false }
}

/// What everybody reads.
pub(super) const MAIN: [Figure; 8] = [
    essential("time", |row| text::seconds(row.median_s)),
    further("95% interval", |row| row.interval_s.map_or_else(String::new, |it| text::seconds_between(it.low, it.high))),
    essential("speed-up", |row| row.speedup.map_or_else(String::new, |speedup| text::times_within(&speedup))),
    essential("start-up", |row| text::seconds(row.startup_s)),
    further("per chunk", |row| observed(row, text::seconds(row.profile.cost_per_chunk_s))),
    further("processor", |row| observed(row, text::seconds(row.cpu_s))),
    further("memory", |row| observed(row, text::bytes(row.peak_memory_bytes))),
    further("pays from", pays_from),
];

/// What only experts read.
pub(super) const EXPERT: [Figure; 7] = [
    further("speed-up, 95% interval", |row| {
        row.speedup.map_or_else(String::new, |it| {
            format!("{} to {}", text::digits(it.interval.low), text::digits(it.interval.high))
        })
    }),
    further("efficiency", |row| row.efficiency().map_or_else(String::new, text::percent)),
    further("cold fold", |row| text::seconds(row.cold_s)),
    further("workers busy", |row| observed(row, text::percent(row.profile.busy_share()))),
    further("imbalance", |row| observed(row, text::digits(row.profile.imbalance))),
    further("bytes sent", |row| observed(row, text::bytes(row.profile.bytes_moved))),
    further("outliers", |row| if row.outliers > 0 { row.outliers.to_string() } else { String::new() }),
];

/// The columns that have a cell that is not empty.
pub(super) fn shown<'a>(comparison: &Comparison, figures: &'a [Figure]) -> Vec<&'a Figure> {
    let is_shown = |figure: &&Figure| comparison.rows.iter().any(|row| !(figure.cell)(row).is_empty());
    figures.iter().filter(is_shown).collect()
}

/// A number of the profile, if a fold was observed.
fn observed(row: &Row, cell: String) -> String {
    if row.profile.is_empty() { String::new() } else { cell }
}

/// From how many items on the contender is faster than the reference.
fn pays_from(row: &Row) -> String {
    match row.break_even {
        BreakEven::Always { smallest } => format!("{} or fewer", text::about(smallest)),
        BreakEven::From { items, basis: Basis::Measured, .. } => text::about(items),
        BreakEven::From { low, high, .. } => format!("{} to {}", text::about(low), text::about(high)),
        BreakEven::Never => "never".to_string(),
        BreakEven::Unknown => String::new(),
    }
}
