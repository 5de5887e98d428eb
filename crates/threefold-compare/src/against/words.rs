//! What changed since an earlier comparison, in words.

use super::{Against, AgainstRow, Change, VALUES};
use crate::row::Row;
use crate::stats::FEWEST;
use crate::text;

/// The titles of [`Against::cells`].
pub(crate) const TITLES: [&str; 6] = ["", "now", "before", "as fast", "95% interval", ""];

/// The columns that are never left out: the contender, the ratio, and what it means.
const NARROWEST: [usize; 3] = [0, 3, 5];

/// How the two were measured.
const UNPAIRED: &str = "The two were measured at different times, so their runs are not paired: a change of the machine since \
    then would look like a change of the program.";

/// What is right at 1.0 for one contender may be chance for one of several.
const SEVERAL: &str = "The words faster and slower are corrected for the number of contenders that are compared; the \
    intervals are not. So a contender whose interval excludes 1.0 may still be called `no difference shown`.";

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
                format!("These two cannot be compared: each needs {FEWEST} rounds or more.")
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
        let below = |share: f64| {
            if share < 1.0 { format!("{}%", text::digits(share * 100.0)) } else { text::below(share) }
        };
        let is_known = self.rows.iter().any(|row| row.change != Change::Unknown);
        let smallest = format!("{UNPAIRED} Differences below {} are not reported.", below(self.smallest));
        let is_beyond = |row: &AgainstRow| row.ratio.is_some_and(|ratio| !ratio.interval.contains(1.0));
        let is_close = self.rows.iter().any(|row| row.change == Change::NotShown && is_beyond(row));
        let differs = self.differs.iter().filter(|it| it.what != VALUES);
        let differs = differs.map(|it| format!("The {} differ: {} before, {} now.", it.what, it.before, it.now));
        let notes = is_known.then_some(smallest).into_iter().chain(is_close.then(|| SEVERAL.to_string()));
        notes.chain(differs).collect()
    }

    /// What forbids to compare the two at all, before everything else.
    pub(crate) fn warning(&self) -> Option<String> {
        let values = self.differs.iter().find(|it| it.what == VALUES)?;
        let (before, now) = (&values.before, &values.now);
        Some(format!(
            "The values differ: {before} before, {now} now. The two runs computed different things, unless an error in \
             the task was fixed in between."
        ))
    }

    /// A line of a table for each contender.
    pub(crate) fn cells(&self, rows: &[Row]) -> Vec<[String; 6]> {
        let line = |row: &AgainstRow| {
            let interval = row.ratio.map_or_else(String::new, |ratio| text::times_between(ratio.interval));
            let now = &rows[row.row];
            let (median, before) = (text::seconds(now.median_s), text::seconds(row.before_s));
            [now.short_name(), median, before, as_fast(row), interval, word(row.change).to_string()]
        };
        self.rows.iter().map(line).collect()
    }

    /// All of it as lines of text. Lines of the table have at most `width` characters if that is possible.
    pub(crate) fn lines(&self, rows: &[Row], width: usize) -> Vec<String> {
        let fits = |table: &Vec<String>| table.iter().all(|line| line.chars().count() <= width);
        let tables = [&[0, 1, 2, 3, 4, 5][..], &[0, 1, 2, 3, 5], &[0, 1, 3, 5], &NARROWEST];
        let table = tables.into_iter().map(|columns| self.table(rows, columns)).find(fits);
        let table = table.unwrap_or_else(|| self.table(rows, &NARROWEST));
        [String::new()]
            .into_iter()
            .chain(self.warning())
            .chain([self.sentence(rows)])
            .chain(table)
            .chain(self.notes())
            .collect()
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
        Change::TooSmall => "difference too small",
        Change::NotShown => "no difference shown",
        Change::Unknown => "too few rounds",
    }
}
