//! The table of the works: what each does, how much of it where nothing is said, and which model should win.

use crate::works::{About, Work};

const EXAMPLES: &str = "
RANGE, --chunks and --chunk-size count items; files are looked for below --folder. Examples:
  threefold async --work wait 1..=1000
  threefold multithreading --work files --folder src
";

/// A line for each work, under a line that says what stands where.
pub(crate) fn table() -> String {
    let heads = ["WORK", "WHAT IT DOES", "RANGE", "ITEMS", "CHUNK", "SHOULD WIN"].map(str::to_string);
    let rows: Vec<_> = [heads].into_iter().chain(Work::ALL.map(Work::about).map(row)).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [_; 6] = std::array::from_fn(width);
    let line = |row: &[String; 6]| {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_string() + "\n"
    };
    rows.iter().map(line).collect::<String>() + EXAMPLES
}

fn row(about: &About) -> [String; 6] {
    let About { name, does, range, items, chunk_size, wins, because } = about;
    [
        name.to_string(),
        does.to_string(),
        range.unwrap_or("all").to_string(),
        items.to_string(),
        chunk_size.to_string(),
        format!("{wins}: {because}"),
    ]
}
