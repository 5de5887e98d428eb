//! A comparison as text: a table that is read at a glance, and the verdict below.

use std::fmt;

use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, ContentArrangement, Table};
use threefold::Model;

use crate::comparison::{Comparison, Profile, Row};
use crate::text;

/// The width where nobody says how wide it may be.
const WIDTH: usize = 100;

/// How long the bar of the slowest is.
const BAR: usize = 16;

/// A column: its title, what it holds, and how much it matters. Where there is no room the last to matter go.
struct Column {
    title: &'static str,
    rank: usize,
    alignment: CellAlignment,
    cell: fn(&Comparison, usize) -> String,
}

const COLUMNS: [Column; 9] = [
    Column { title: "", rank: 0, alignment: CellAlignment::Left, cell: name },
    Column { title: "time", rank: 1, alignment: CellAlignment::Right, cell: time },
    Column { title: "95%", rank: 4, alignment: CellAlignment::Left, cell: interval },
    Column { title: "", rank: 6, alignment: CellAlignment::Left, cell: bar },
    Column { title: "speed-up", rank: 2, alignment: CellAlignment::Right, cell: speedup },
    Column { title: "start-up", rank: 3, alignment: CellAlignment::Right, cell: startup },
    Column { title: "a chunk", rank: 7, alignment: CellAlignment::Right, cell: cost_per_chunk },
    Column { title: "busy", rank: 5, alignment: CellAlignment::Right, cell: busy },
    Column { title: "memory", rank: 8, alignment: CellAlignment::Right, cell: memory },
];

impl Comparison {
    /// The table and the verdict, in lines of at most `width` characters where that can be: narrow ones leave out
    /// columns.
    pub fn to_text(&self, width: usize) -> String {
        let fits = |table: &String| table.lines().all(|line| line.chars().count() <= width);
        let fewer = (2..COLUMNS.len()).rev().map(|most| self.table(most));
        let table = [self.table(COLUMNS.len())].into_iter().chain(fewer).find(fits).unwrap_or_else(|| self.table(2));
        format!("{}\n\n{table}\n{}", wrapped(&self.title(), width), self.verdict_text(width))
    }

    /// The table of the columns that matter most, so many of them.
    fn table(&self, most: usize) -> String {
        let columns: Vec<&Column> = COLUMNS.iter().filter(|column| column.rank < most).collect();
        let mut table = Table::new();
        table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Disabled);
        table.set_header(columns.iter().map(|column| column.title));
        for row in 0..self.rows.len() {
            table.add_row(columns.iter().map(|column| (column.cell)(self, row)));
        }
        for (index, column) in columns.iter().enumerate() {
            if let Some(drawn) = table.column_mut(index) {
                drawn.set_cell_alignment(column.alignment);
                // Two spaces between columns, and none at the edges.
                drawn.set_padding((u16::from(index > 0) * 2, 0));
            }
        }
        table.lines().map(|line| line.trim_end().to_string() + "\n").collect()
    }

    /// What was compared, in one line.
    pub fn title(&self) -> String {
        let partial = if self.partial { ", cancelled half way" } else { "" };
        format!(
            "{}: {} {} in {}, {} on {}{partial}",
            self.work,
            self.items,
            self.unit,
            text::count(self.chunks, "chunk"),
            text::count(self.rounds as u64, "round"),
            text::count(self.machine.cores as u64, "core")
        )
    }

    /// The verdict and its reasons, in lines of at most `width` characters.
    fn verdict_text(&self, width: usize) -> String {
        let reasons = self.verdict.reasons.iter().map(|reason| wrapped(&format!("- {reason}"), width) + "\n");
        format!("{}\n{}", wrapped(&self.verdict.sentence, width), reasons.collect::<String>())
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_text(f.width().unwrap_or(WIDTH)))
    }
}

fn name(comparison: &Comparison, row: usize) -> String {
    let mark = if comparison.verdict.best == row { '*' } else { ' ' };
    let Row { model, workers, .. } = comparison.rows[row];
    if model == Model::Sequential { format!("{mark} {model}") } else { format!("{mark} {model} -j {workers}") }
}

fn time(comparison: &Comparison, row: usize) -> String {
    text::seconds(comparison.rows[row].median_s)
}

fn interval(comparison: &Comparison, row: usize) -> String {
    comparison.rows[row].interval_s.map_or_else(String::new, |interval| {
        format!("{} to {}", text::seconds(interval.low), text::seconds(interval.high))
    })
}

/// As long as the row's share of the slowest one's time, in eighths of a character.
fn bar(comparison: &Comparison, row: usize) -> String {
    const EIGHTHS: [&str; 8] = ["", "\u{258f}", "\u{258e}", "\u{258d}", "\u{258c}", "\u{258b}", "\u{258a}", "\u{2589}"];
    let slowest = comparison.rows.iter().map(|row| row.median_s).fold(0.0, f64::max);
    let share = if slowest > 0.0 { comparison.rows[row].median_s / slowest } else { 0.0 };
    let eighths = ((share * (BAR * 8) as f64).round() as usize).max(1);
    "\u{2588}".repeat(eighths / 8) + EIGHTHS[eighths % 8]
}

fn speedup(comparison: &Comparison, row: usize) -> String {
    let baseline = comparison.rows.first().map_or(0.0, |row| row.median_s);
    match (&comparison.rows[row].speedup, row) {
        (_, 0) => String::new(),
        (Some(speedup), _) => text::times(speedup.value),
        // Too few rounds for an interval; the medians are known all the same.
        (None, _) => format!("~{}", text::times(baseline / comparison.rows[row].median_s)),
    }
}

fn startup(comparison: &Comparison, row: usize) -> String {
    text::seconds(comparison.rows[row].startup_s)
}

fn cost_per_chunk(comparison: &Comparison, row: usize) -> String {
    watched(comparison, row, |profile| text::seconds(profile.cost_per_chunk_s))
}

/// What the profile says, where there is one.
fn watched(comparison: &Comparison, row: usize, cell: fn(&Profile) -> String) -> String {
    let profile = &comparison.rows[row].profile;
    if profile.is_empty() { String::new() } else { cell(profile) }
}

fn busy(comparison: &Comparison, row: usize) -> String {
    watched(comparison, row, |profile| text::percent(profile.busy_share()))
}

fn memory(comparison: &Comparison, row: usize) -> String {
    watched(comparison, row, |profile| text::bytes(profile.peak_memory_bytes))
}

/// `text` in lines of at most `width` characters, broken between words; lines after the first are set in by two.
fn wrapped(text: &str, width: usize) -> String {
    let mut lines = String::new();
    let mut length = 0;
    for word in text.split(' ') {
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
