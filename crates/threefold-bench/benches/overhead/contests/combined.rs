//! Outputs that are expensive to merge: sorted runs, which `combine` merges in a tree, beside a fold of them and beside
//! rayon's `reduce`.

use std::ops::Range;

use ::rayon::prelude::*;
use threefold::prelude::*;
use threefold_contest::{Contest, Sample, once};

use crate::field::executor;
use crate::rivals::rayon;

const COUNT: u64 = 1 << 20;
const CHUNKS: u64 = 64;

fn mixed(number: u64) -> u64 {
    (number ^ (number >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9)
}

/// The numbers of a chunk, sorted.
#[task]
fn sorted(chunk: Range<u64>) -> Vec<u64> {
    let mut run: Vec<u64> = chunk.map(mixed).collect();
    run.sort_unstable();
    run
}

fn merge(one: Vec<u64>, other: Vec<u64>) -> Vec<u64> {
    let mut merged = Vec::with_capacity(one.len() + other.len());
    let (mut one, mut other) = (one.into_iter().peekable(), other.into_iter().peekable());
    while let (Some(a), Some(b)) = (one.peek(), other.peek()) {
        let next = if a <= b { one.next() } else { other.next() };
        merged.extend(next);
    }
    merged.extend(one);
    merged.extend(other);
    merged
}

pub(crate) fn sort(name: &str) -> Contest {
    let mut contest = Contest::new(name, "1,048,576 numbers in 64 sorted runs, which are merged").rounds(31);
    let source = || (0..COUNT).split_into(CHUNKS);
    let on = executor(Model::Threads, 2);
    contest.ours(
        "threads",
        "combine",
        sample(move || on.combine(source(), sorted, merge).expect("nothing fails").unwrap_or_default()),
    );
    let on = executor(Model::Threads, 2);
    let one_by_one = move || on.fold(source(), sorted, Vec::new(), merge).expect("nothing fails");
    contest.ours("threads", "fold, one by one", sample(one_by_one));
    let pool = rayon::pool(2);
    let reduced = move || {
        let size = COUNT / CHUNKS;
        let runs = (0..CHUNKS as usize).into_par_iter().with_max_len(1).map(|chunk| {
            let start = chunk as u64 * size;
            sorted(start..start + size)
        });
        pool.install(|| runs.reduce(Vec::new, merge))
    };
    contest.rival("threads", "rayon, reduce", sample(reduced));
    contest.target("combine", 1.05, "rayon, reduce");
    contest
}

fn sample(mut run: impl FnMut() -> Vec<u64> + Send + 'static) -> Sample {
    once(move || {
        let all = run();
        assert!(all.len() as u64 == COUNT && all.is_sorted());
    })
}
