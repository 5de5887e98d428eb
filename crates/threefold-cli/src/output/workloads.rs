//! The table of the workloads: what each does, its defaults, and the model that is expected to be best.

use crate::description::Description;
use crate::model_options::one_of;
use crate::workloads::Workload;

const NOTES: &str = "
RANGE is the default range, CHUNK the default number of items in a chunk. The workload files reads
the files below --folder, by default the current folder. A single sum is best on sequential, and
sums that follow one another gain from threads. Examples:
  threefold async --workload wait 1..=1000
  threefold threads --workload files --folder src
  threefold compare --workload primes
";

/// One line for each workload, below a line of headings.
pub(crate) fn table() -> String {
    let headings = ["NAME", "WHAT IT DOES", "RANGE", "ITEMS", "CHUNK", "EXPECTED BEST"].map(str::to_string);
    let rows: Vec<_> = [headings].into_iter().chain(Workload::ALL.map(Workload::description).map(row)).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [_; 6] = std::array::from_fn(width);
    let line = |row: &[String; 6]| {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_string() + "\n"
    };
    rows.iter().map(line).collect::<String>() + NOTES
}

fn row(description: &Description) -> [String; 6] {
    let Description { name, summary, range, items, chunk_size, best, reason, .. } = description;
    [
        name.to_string(),
        summary.to_string(),
        range.unwrap_or("all").to_string(),
        items.to_string(),
        chunk_size.to_string(),
        format!("{}: {reason}", one_of(&best.iter().map(|model| model.name()).collect::<Vec<_>>())),
    ]
}
