//! Measures a workload of your own on every model, and says which model to use, and why.
use std::ops::Range;

use threefold::prelude::*;
use threefold_compare::Compare;

/// How many primes the chunk holds. Later chunks take longer.
#[task]
fn primes(chunk: Range<u64>) -> usize {
    chunk.filter(|&n| n > 1 && (2..).take_while(|d| d * d <= n).all(|d| n % d != 0)).count()
}

fn main() -> threefold_compare::Result<()> {
    threefold::init();
    let comparison =
        Compare::new("primes").unit("numbers").fold((0..200_000).split_into(64), primes, 0, |sum, n| sum + n)?;
    print!("{comparison}"); // the table and the verdict
    comparison.export_html(std::env::temp_dir().join("primes.html")) // and JSON, CSV, Markdown, SVG, a trace for Perfetto
}
