//! A million results, in order.

use std::ops::Range;

use ::rayon::prelude::*;
use threefold::prelude::*;
use threefold_contest::{Contest, Measured, Sample, timed};

use crate::field::executor;
use crate::rivals::rayon;

const COUNT: u64 = 1_000_000;

fn mixed(number: u64) -> u64 {
    (number ^ (number >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9)
}

#[task]
fn results(chunk: Range<u64>) -> Vec<u64> {
    chunk.map(mixed).collect()
}

pub(crate) fn list(name: &str) -> Contest {
    let mut contest = Contest::new(name, "one of 1,000,000 results `u64 -> u64` in order").rounds(101);
    let ours = |workers: usize, model: Model| {
        let on = executor(model, workers);
        each(move || {
            let joined = |mut all: Vec<u64>, part: Vec<u64>| {
                all.extend(part);
                all
            };
            on.fold(0..COUNT, results, Vec::with_capacity(COUNT as usize), joined).expect("no chunk fails")
        })
    };
    contest.ours("sequential", "sequential", ours(1, Model::Sequential));
    contest.ours("threads", "threads", ours(2, Model::Threads));
    contest.rival("sequential", "an iterator", each(|| (0..COUNT).map(mixed).collect()));
    let pool = rayon::pool(2);
    // A range of `usize` has a known length, so that rayon writes each result where it belongs.
    let collected = || (0..COUNT as usize).into_par_iter().map(|number| mixed(number as u64)).collect();
    contest.rival("threads", "rayon", each(move || pool.install(collected)));
    contest.target("threads", 1.2, "rayon");
    contest
}

/// The check is not part of the time.
fn each(mut run: impl FnMut() -> Vec<u64> + Send + 'static) -> Sample {
    Box::new(move || {
        let mut all = Vec::new();
        let seconds = timed(|| all = run());
        assert!(all.iter().copied().eq((0..COUNT).map(mixed)), "every result is in its place");
        Measured::from(seconds / COUNT as f64)
    })
}
