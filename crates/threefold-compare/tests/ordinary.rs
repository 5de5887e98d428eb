//! A comparison in an ordinary test, whose `main` belongs to the test harness.

use std::ops::Range;

use threefold::prelude::*;
use threefold_compare::Compare;

#[task]
fn squares(chunk: Range<u64>) -> u64 {
    chunk.map(|n| n * n).sum()
}

#[test]
fn a_comparison_is_made_in_an_ordinary_test() {
    threefold::init();
    let comparison = Compare::new("squares").runs(7).fold((0..1000).split_into(4), squares, 0, |sum, n| sum + n);
    let comparison = comparison.expect("every model is available");
    assert_eq!((comparison.value.as_str(), comparison.rows.len()), ("332833500", Model::available().len()));
}
