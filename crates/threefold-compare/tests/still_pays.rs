//! An ordinary test that holds a claim about performance: threads must still pay for this workload.
//!
//! It asserts on the verdict, which is data, and on no time.

use std::ops::Range;
use std::time::Duration;

use threefold::prelude::*;
use threefold_compare::{Compare, Difference};

/// Waits, as a request to a server does.
#[task]
fn ask(chunk: Range<u64>) -> u64 {
    std::thread::sleep(Duration::from_millis(2));
    chunk.sum()
}

#[test]
fn threads_still_pay() {
    threefold::init();
    let compare = Compare::new("ask a server").models([Model::Threads]).workers([4]).runs(10);
    let comparison = compare.fold((0..16).split_into(16), ask, 0, |sum, n| sum + n).expect("every model is available");
    let threads = &comparison.rows[1];
    assert_eq!(threads.difference, Difference::Faster, "{comparison}");
    assert_eq!(comparison.rows[comparison.verdict.best].model, Model::Threads, "{comparison}");
}
