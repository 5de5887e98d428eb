//! A comparison as text: the table, and the verdict below it.

use std::fmt;

use crate::comparison::Comparison;
use crate::escape::escaped;
use crate::profile::Profile;
use crate::row::Row;
use crate::text;

/// The width in characters if none is given.
const WIDTH: usize = 100;

/// The length of the longest bar in characters.
const BAR: usize = 16;

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
    Column { title: "95% interval", rank: 4, side: Side::Left, cell: interval },
    Column { title: "", rank: 6, side: Side::Left, cell: bar },
    Column { title: "speed-up", rank: 2, side: Side::Right, cell: speedup },
    Column { title: "start-up", rank: 3, side: Side::Right, cell: startup },
    Column { title: "per chunk", rank: 7, side: Side::Right, cell: cost_per_chunk },
    Column { title: "busy", rank: 5, side: Side::Right, cell: busy },
    Column { title: "memory", rank: 8, side: Side::Right, cell: memory },
];

impl Comparison {
    /// The table and the verdict, in lines of at most `width` characters if that is possible. Narrow tables leave out
    /// columns. Control characters in names and texts are escaped.
    ///
    /// ```
    #[doc = include_str!("doc/measured.md")]
    /// for line in comparison.to_text(60).lines() {
    ///     assert!(line.chars().count() <= 60);
    /// }
    /// # Ok::<(), threefold_compare::Error>(())
    /// ```
    pub fn to_text(&self, width: usize) -> String {
        let fits = |table: &String| table.lines().all(|line| line.chars().count() <= width);
        let fewer = (2..COLUMNS.len()).rev().map(|most| self.table(most));
        let table = [self.table(COLUMNS.len())].into_iter().chain(fewer).find(fits).unwrap_or_else(|| self.table(2));
        format!("{}\n\n{table}\n{}", wrapped(&self.title(), width), self.verdict_text(width))
    }

    /// The table of the columns whose rank is below `most`.
    fn table(&self, most: usize) -> String {
        let columns: Vec<&Column> = COLUMNS.iter().filter(|column| column.rank < most).collect();
        let titles = columns.iter().map(|column| column.title.to_string()).collect();
        let rows = (0..self.rows.len()).map(|row| columns.iter().map(|column| (column.cell)(self, row)).collect());
        let lines: Vec<Vec<String>> = [titles].into_iter().chain(rows).collect();
        let widths: Vec<usize> = (0..columns.len())
            .map(|column| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0))
            .collect();
        let mut table = String::new();
        for line in &lines {
            let padded = line.iter().zip(&columns).zip(&widths).map(|((cell, column), &width)| match column.side {
                Side::Left => format!("{cell:<width$}"),
                Side::Right => format!("{cell:>width$}"),
            });
            table.push_str(padded.collect::<Vec<_>>().join("  ").trim_end());
            table.push('\n');
        }
        table
    }

    /// The verdict and its reasons, in lines of at most `width` characters.
    fn verdict_text(&self, width: usize) -> String {
        let reasons = self.verdict.reasons.iter().map(|reason| wrapped(&format!("- {reason}"), width) + "\n");
        format!("{}\n{}", wrapped(&self.verdict.sentence, width), reasons.collect::<String>())
    }
}

/// The table and the verdict, in lines of at most 100 characters, or of the width that is given: `{comparison:80}`.
impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_text(f.width().unwrap_or(WIDTH)))
    }
}

fn name(comparison: &Comparison, row: usize) -> String {
    let mark = if comparison.verdict.best == row { '*' } else { ' ' };
    let Row { model, workers, .. } = comparison.rows[row];
    if model.capabilities().has_plural_workers {
        format!("{mark} {model} -j {workers}")
    } else {
        format!("{mark} {model}")
    }
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
    let slowest = comparison.rows.iter().map(|row| row.median_s).fold(0.0, f64::max);
    let share = if slowest > 0.0 { comparison.rows[row].median_s / slowest } else { 0.0 };
    let eighths = ((share * (BAR * 8) as f64).round() as usize).clamp(1, BAR * 8);
    "\u{2588}".repeat(eighths / 8) + EIGHTHS[eighths % 8]
}

fn speedup(comparison: &Comparison, row: usize) -> String {
    let baseline = comparison.rows.first().map_or(0.0, |row| row.median_s);
    match (&comparison.rows[row].speedup, row) {
        (_, 0) => String::new(),
        (Some(speedup), _) => text::times(speedup.value),
        // There are too few rounds for an interval. The medians are known all the same.
        (None, _) => format!("~{}", text::times(baseline / comparison.rows[row].median_s)),
    }
}

fn startup(comparison: &Comparison, row: usize) -> String {
    text::seconds(comparison.rows[row].startup_s)
}

fn cost_per_chunk(comparison: &Comparison, row: usize) -> String {
    observed(comparison, row, |profile| text::seconds(profile.cost_per_chunk_s))
}

fn busy(comparison: &Comparison, row: usize) -> String {
    observed(comparison, row, |profile| text::percent(profile.busy_share()))
}

fn memory(comparison: &Comparison, row: usize) -> String {
    observed(comparison, row, |profile| text::bytes(profile.peak_memory_bytes))
}

/// A number of the profile, if a fold was observed.
fn observed(comparison: &Comparison, row: usize, cell: fn(&Profile) -> String) -> String {
    let profile = &comparison.rows[row].profile;
    if profile.is_empty() { String::new() } else { cell(profile) }
}

/// `text`, made safe to show, in lines of at most `width` characters, broken between words. Lines after the first are
/// indented by two.
fn wrapped(text: &str, width: usize) -> String {
    let mut lines = String::new();
    let mut length = 0;
    for word in escaped(text).split(' ') {
        let letters = word.chars().count();
        if length > 0 && length + 1 + letters > width {
            lines.push_str("\n  ");
            length = 2;
        } else if length > 0 {
            lines.push(' ');
            length += 1;
        }
        lines.push_str(word);
        length += letters;
    }
    lines
}
