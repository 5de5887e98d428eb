//! What changed since an earlier comparison, in words.

use super::{Against, AgainstRow, Change};
use crate::row::Row;
use crate::stats::FEWEST;
use crate::text;

/// The titles of [`Against::cells`].
pub(crate) const TITLES: [&str; 6] = ["", "now", "before", "as fast", "95% interval", ""];

/// How the two were measured.
const UNPAIRED: &str = "The two were measured at different times, so their runs are not paired: what changed on the machine \
    in between looks like a change of the program.";

impl Against {
    /// What changed, in one sentence. `rows` are those of the comparison.
    pub(crate) fn sentence(&self, rows: &[Row]) -> String {
        let with = |change: Change| {
            let changed = self.rows.iter().filter(move |row| row.change == change);
            let name = |row: &AgainstRow| format!("{} ({})", rows[row.row].name(), as_fast(row));
            changed.map(name).collect::<Vec<String>>()
        };
        let (slower, faster) = (with(Change::Slower), with(Change::Faster));
        match (&slower[..], &faster[..]) {
            _ if self.rows.is_empty() => "The earlier comparison has none of these contenders.".to_string(),
            ([], []) if self.rows.iter().all(|row| row.change == Change::Unknown) => {
                format!("Before and now cannot be compared: both need {FEWEST} rounds or more.")
            }
            ([], []) => "No contender is shown to be faster or slower than before.".to_string(),
            (slower, []) => format!("Slower than before: {}.", text::list(slower)),
            ([], faster) => format!("Faster than before: {}.", text::list(faster)),
            (slower, faster) => {
                format!("Slower than before: {}. Faster: {}.", text::list(slower), text::list(faster))
            }
        }
    }

    /// What to keep in mind.
    pub(crate) fn notes(&self) -> Vec<String> {
        let smallest = format!("Differences below {}% are not reported.", text::digits(self.smallest * 100.0));
        let differs =
            self.differs.iter().map(|it| format!("The {} differ: {} before, {} now.", it.what, it.before, it.now));
        [format!("{UNPAIRED} {smallest}")].into_iter().chain(differs).collect()
    }

    /// A line of a table for each contender.
    pub(crate) fn cells(&self, rows: &[Row]) -> Vec<[String; 6]> {
        let line = |row: &AgainstRow| {
            let interval = row.ratio.map_or_else(String::new, |ratio| text::times_between(ratio.interval));
            let now = &rows[row.row];
            let (median, before) = (text::seconds(now.median_s), text::seconds(row.before_s));
            [now.name(), median, before, as_fast(row), interval, word(row.change).to_string()]
        };
        self.rows.iter().map(line).collect()
    }

    /// All of it as lines of text. Lines of the table have at most `width` characters if that is possible.
    pub(crate) fn lines(&self, rows: &[Row], width: usize) -> Vec<String> {
        let fits = |table: &Vec<String>| table.iter().all(|line| line.chars().count() <= width);
        let tables = [&[0, 1, 2, 3, 4, 5][..], &[0, 1, 2, 3, 5], &[0, 1, 3, 5], &[0, 3, 5]];
        let table = tables.into_iter().map(|columns| self.table(rows, columns)).find(fits);
        [String::new(), self.sentence(rows)].into_iter().chain(table.unwrap_or_default()).chain(self.notes()).collect()
    }

    /// A table with these columns of [`cells`](Self::cells), each line indented by two.
    fn table(&self, rows: &[Row], columns: &[usize]) -> Vec<String> {
        if self.rows.is_empty() {
            return Vec::new();
        }
        let lines = [TITLES.map(str::to_string)].into_iter().chain(self.cells(rows));
        let lines: Vec<[String; 6]> = lines.collect();
        let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
        let line = |line: &[String; 6]| {
            let cell = |&column: &usize| {
                let (text, width) = (&line[column], width(column));
                if (1..4).contains(&column) { format!("  {text:>width$}") } else { format!("  {text:<width$}") }
            };
            columns.iter().map(cell).collect::<String>().trim_end().to_string()
        };
        lines.iter().map(line).collect()
    }
}

fn as_fast(row: &AgainstRow) -> String {
    row.ratio.map_or_else(String::new, |ratio| text::long_times_within(&ratio))
}

fn word(change: Change) -> &'static str {
    match change {
        Change::Faster => "faster",
        Change::Slower => "slower",
        Change::TooSmall => "too small",
        Change::NotShown => "not shown",
        Change::Unknown => "too few rounds",
    }
}
