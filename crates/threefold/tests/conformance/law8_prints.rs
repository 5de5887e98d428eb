//! Law 8: what a task prints stays what it printed.

use std::collections::BTreeMap;

use threefold::Model;

use crate::fixtures::{LINES, fixture};

crate::rows! {
    every:
        prints_arrive_before_the_fold_returns,
        many_lines_of_several_workers_arrive_whole;
    remote: the_standard_input_of_a_worker_is_empty;
}

fn prints_arrive_before_the_fold_returns(model: Model) {
    let output = fixture("prints", model);
    assert_eq!(output.stdout, "out 0\nout 1\nout 2\nunfinished|after the fold\n", "{}", output.stderr);
    assert_eq!(output.stderr, "err 0\nerr 1\nerr 2\n");
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
