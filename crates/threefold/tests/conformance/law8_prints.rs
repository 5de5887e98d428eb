//! Law 8: what a task prints stays what it printed.

use std::collections::BTreeMap;

use threefold::Model;

use crate::fixtures::{LINES, fixture};
use crate::with_one_worker;

crate::rows! {
    every:
        prints_arrive_before_the_fold_returns,
        many_lines_of_several_workers_arrive_whole;
    remote: the_standard_input_of_a_worker_is_empty;
}

fn prints_arrive_before_the_fold_returns(model: Model) {
    let output = fixture("prints", model);
    let (mut out, mut err): (Vec<_>, Vec<_>) = (output.stdout.lines().collect(), output.stderr.lines().collect());
    assert_eq!(out.pop(), Some("unfinished|after the fold"), "{}", output.stderr);
    if !with_one_worker(model) {
        // Lines of several workers come in any order.
        out.sort_unstable();
        err.sort_unstable();
    }
    assert_eq!(out, ["out 0", "out 1", "out 2"]);
    assert_eq!(err, ["err 0", "err 1", "err 2"]);
}

fn many_lines_of_several_workers_arrive_whole(model: Model) {
    let output = fixture("prints-much", model);
    let mut seen = BTreeMap::new();
    for line in output.stdout.lines() {
        let (chunk, rest) = line.split_once(' ').expect("a whole line");
        assert_eq!(rest.len(), 100, "{line}");
        *seen.entry(chunk.parse::<u64>().expect("a whole line")).or_insert(0) += 1;
    }
    assert_eq!(seen, (0..8).map(|chunk| (chunk, LINES)).collect());
}

fn the_standard_input_of_a_worker_is_empty(model: Model) {
    let output = fixture("reads", model);
    assert_eq!(output.stdout, "[\"\", \"\"]\n");
}
