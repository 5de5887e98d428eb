//! The table of a comparison as text. Columns that would be empty are left out, and so are those that do not fit.

use crate::comparison::Comparison;
use crate::plan::RankBy;
use crate::text;

/// The length of the longest bar in characters.
const BAR: usize = 8;

/// A column of the table. If there is too little room, columns with the highest ranks are left out.
struct Column {
    title: &'static str,
    rank: usize,
    side: Side,
    cell: fn(&Comparison, usize) -> String,
}

/// Where the text of a cell stands.
#[derive(Clone, Copy)]
enum Side {
    Left,
    Right,
}

const COLUMNS: [Column; 9] = [
    Column { title: "", rank: 0, side: Side::Left, cell: name },
    Column { title: "time", rank: 1, side: Side::Right, cell: time },
    Column { title: "95% interval", rank: 6, side: Side::Left, cell: interval },
    Column { title: "cpu", rank: 2, side: Side::Right, cell: cpu },
    Column { title: "memory", rank: 3, side: Side::Right, cell: memory },
    Column { title: "speed-up", rank: 4, side: Side::Right, cell: speedup },
    Column { title: "", rank: 8, side: Side::Left, cell: bar },
    Column { title: "start-up", rank: 5, side: Side::Right, cell: startup },
    Column { title: "per chunk", rank: 7, side: Side::Right, cell: cost_per_chunk },
];

/// The table, in lines of at most `width` characters if that is possible.
pub(crate) fn of(comparison: &Comparison, width: usize) -> String {
    let fits = |table: &String| table.lines().all(|line| line.chars().count() <= width);
    let fewer = (2..=COLUMNS.len()).rev().map(|most| table(comparison, most));
    fewer.into_iter().find(fits).unwrap_or_else(|| table(comparison, 2))
}

/// The table of the columns whose rank is below `most`, without those that are empty.
fn table(comparison: &Comparison, most: usize) -> String {
    let rows = 0..comparison.rows.len();
    let cells = |column: &Column| rows.clone().map(|row| (column.cell)(comparison, row)).collect::<Vec<String>>();
    let columns = COLUMNS.iter().filter(|column| column.rank < most).map(|column| (column, cells(column)));
    let columns: Vec<(&Column, Vec<String>)> =
        columns.filter(|(_, cells)| cells.iter().any(|cell| !cell.is_empty())).collect();
    let widths: Vec<usize> = columns
        .iter()
        .map(|(column, cells)| {
            let longest = cells.iter().map(|cell| cell.chars().count()).max();
            longest.unwrap_or(0).max(column.title.len())
        })
        .collect();
    let line = |texts: Vec<&str>| {
        let padded = texts.iter().zip(&columns).zip(&widths).map(|((text, (column, _)), &width)| match column.side {
            Side::Left => format!("{text:<width$}"),
            Side::Right => format!("{text:>width$}"),
        });
        padded.collect::<Vec<_>>().join("  ").trim_end().to_string() + "\n"
    };
    let titles = line(columns.iter().map(|(column, _)| column.title).collect());
    rows.clone().fold(titles, |table, row| table + &line(columns.iter().map(|(_, cells)| &cells[row][..]).collect()))
}

fn name(comparison: &Comparison, row: usize) -> String {
    let mark = if comparison.verdict.best == row { '*' } else { ' ' };
    format!("{mark} {}", comparison.rows[row].short_name())
}

fn time(comparison: &Comparison, row: usize) -> String {
    text::seconds(comparison.rows[row].median_s)
}

fn interval(comparison: &Comparison, row: usize) -> String {
    let interval = comparison.rows[row].interval_s;
    interval.map_or_else(String::new, |interval| text::seconds_between(interval.low, interval.high))
}

/// Its length is the row's share of the longest time, in eighths of a character.
fn bar(comparison: &Comparison, row: usize) -> String {
    const EIGHTHS: [&str; 8] = ["", "\u{258f}", "\u{258e}", "\u{258d}", "\u{258c}", "\u{258b}", "\u{258a}", "\u{2589}"];
    if comparison.rows.len() == 1 {
        return String::new();
    }
    let slowest = comparison.rows.iter().map(|row| row.median_s).fold(0.0, f64::max);
    let share = if slowest > 0.0 { comparison.rows[row].median_s / slowest } else { 0.0 };
    let eighths = ((share * (BAR * 8) as f64).round() as usize).clamp(1, BAR * 8);
    "\u{2588}".repeat(eighths / 8) + EIGHTHS[eighths % 8]
}

fn speedup(comparison: &Comparison, row: usize) -> String {
    let reference = comparison.reference;
    match &comparison.rows[row].speedup {
        _ if comparison.rows.len() == 1 => String::new(),
        _ if row == reference => text::long_times(1.0),
        Some(speedup) => text::long_times_within(speedup),
        None => about(comparison, row),
    }
}

/// There are too few rounds for an interval. The medians are known all the same.
pub(crate) fn about(comparison: &Comparison, row: usize) -> String {
    format!("~{}", text::times(comparison.rows[comparison.reference].median_s / comparison.rows[row].median_s))
}

fn startup(comparison: &Comparison, row: usize) -> String {
    text::short_seconds(comparison.rows[row].startup_s)
}

/// What a chunk costs besides its own duration, if that is known.
fn cost_per_chunk(comparison: &Comparison, row: usize) -> String {
    comparison.rows[row].cost_per_chunk_s().map_or_else(String::new, text::short_seconds)
}

/// Processor seconds of a fold, if contenders are ranked by them.
fn cpu(comparison: &Comparison, row: usize) -> String {
    let row = &comparison.rows[row];
    let is_shown = comparison.rank_by == RankBy::Cpu && row.cpu_s > 0.0;
    if is_shown { text::seconds(row.cpu_s) } else { String::new() }
}

/// The memory during a fold, if contenders are ranked by it.
fn memory(comparison: &Comparison, row: usize) -> String {
    let row = &comparison.rows[row];
    let is_shown = comparison.rank_by == RankBy::Memory && row.peak_memory_bytes > 0;
    if is_shown { text::bytes(row.peak_memory_bytes) } else { String::new() }
}
