//! What `#[task(simd)]` gains on a user's plain loop in a default build, beside the same loop by hand and under rayon.
//!
//! Everyone runs the same loop over the same chunks and must give the same result, of floats to the bit.

use std::fmt::Debug;
use std::hint::black_box;
use std::ops::Range;

use rayon::prelude::*;
use threefold::prelude::*;
use threefold_contest::{Contest, once};

use crate::field::executor;
use crate::pace::Pace;
use crate::rivals::rayon::pool;

/// The integers of each loop: enough that starting two threads is no part of the time.
const ITEMS: u64 = 1 << 26;
const CHUNKS: usize = 1_024;

/// Of an empty task, so that the clock is no part of the time.
const CALLS: u64 = 1_000_000;

/// A loop as a plain function, as a task, and as a task that is compiled for this CPU.
macro_rules! loops {
    ($($name:ident($chunk:ident $(, $capture:ident)?) -> $output:ty $body:block)*) => {$(
        mod $name {
            use super::*;

            pub(super) fn by_hand($chunk: Range<u64> $(, $capture: &u64)?) -> $output $body

            #[task]
            pub(super) fn plain($chunk: Range<u64> $(, $capture: &u64)?) -> $output $body

            #[task(simd)]
            pub(super) fn simd($chunk: Range<u64> $(, $capture: &u64)?) -> $output $body
        }
    )*};
}

loops! {
    xors(chunk, k) -> u64 {
        chunk.fold(0, |total, i| total.wrapping_add(i ^ k))
    }
    remainders(chunk) -> u32 {
        (chunk.start as u32..chunk.end as u32).map(|i| i.wrapping_mul(i) % 7).fold(0, u32::wrapping_add)
    }
    polynomials(chunk) -> f64 {
        let mut sums = [0.0; 32];
        for first in (chunk.start as i32..chunk.end as i32).step_by(sums.len()) {
            for (total, lane) in sums.iter_mut().zip(0..) {
                let x = f64::from(first + lane);
                *total += ((1e-9 * x - 0.3) * x + 0.7) * x;
            }
        }
        sums.iter().sum()
    }
    inverse_squares(chunk) -> f64 {
        let mut sums = [0.0; 32];
        for first in (chunk.start as i32 + 1..=chunk.end as i32).step_by(sums.len()) {
            for (total, lane) in sums.iter_mut().zip(0..) {
                let x = f64::from(first + lane);
                *total += 1.0 / (x * x);
            }
        }
        sums.iter().sum()
    }
    nothing(chunk) -> u64 {
        chunk.start
    }
}

pub(crate) fn xor(name: &str) -> Contest {
    let k = black_box(77);
    let title = "u64: the sum of `i ^ k` over 2^26 integers";
    let by_hand = move |chunk| xors::by_hand(chunk, &k);
    let mut contest = everyone(name, title, u64::wrapping_add, by_hand, xors::plain.with(k), xors::simd.with(k));
    for threads in ["1 thread", "2 threads"] {
        contest.target(&format!("`#[task(simd)]`, {threads}"), 0.55, &format!("rayon, {threads}"));
    }
    contest
}

pub(crate) fn remainder(name: &str) -> Contest {
    let title = "u32: the sum of `i * i % 7` over 2^26 integers";
    everyone(name, title, u32::wrapping_add, remainders::by_hand, remainders::plain, remainders::simd)
}

pub(crate) fn polynomial(name: &str) -> Contest {
    let title = "f64: 2^26 polynomials, 32 sums abreast";
    everyone(name, title, |a: f64, b| a + b, polynomials::by_hand, polynomials::plain, polynomials::simd)
}

pub(crate) fn inverse(name: &str) -> Contest {
    let title = "f64: the sum of `1 / i^2` over 2^26 integers, 32 sums abreast";
    everyone(name, title, |a: f64, b| a + b, inverse_squares::by_hand, inverse_squares::plain, inverse_squares::simd)
}

/// What `simd` adds to each chunk: the choice of a level.
pub(crate) fn chunk(name: &str) -> Contest {
    let calls = |call: fn(Range<u64>) -> u64| {
        let all = move || _ = black_box((0..CALLS).fold(0, |total, i| total ^ call(black_box(i..i))));
        Pace::PerChunk(CALLS).sample(all)
    };
    let mut contest = Contest::new(name, "one call that does nothing");
    contest.ours("calls", "`#[task(simd)]`", calls(*nothing::simd));
    contest.ours("calls", "`#[task]`", calls(*nothing::plain));
    contest.rival("calls", "a function", calls(nothing::by_hand));
    contest
}

/// One loop, by all who can run it, on one thread and on two.
fn everyone<O, T, S>(
    name: &str,
    title: &str,
    add: fn(O, O) -> O,
    by_hand: impl Fn(Range<u64>) -> O + Copy + Send + Sync + 'static,
    plain: T,
    simd: S,
) -> Contest
where
    O: Copy + Debug + Default + PartialEq + Send + 'static,
    T: Task<Chunk = Range<u64>, Output = O> + Clone + Send + 'static,
    S: Task<Chunk = Range<u64>, Output = O> + Clone + Send + 'static,
{
    let part = move |number: usize| {
        let size = ITEMS / CHUNKS as u64;
        by_hand(black_box(number as u64 * size..(number as u64 + 1) * size))
    };
    let alone = move || (0..CHUNKS).map(part).fold(O::default(), add);
    let expected = alone();
    let check = move |result: O| assert_eq!(result, expected, "everyone comes to the same result");
    let mut contest = Contest::new(name, title).rounds(51);
    for (family, model, threads) in [("1 thread", Model::Sequential, 1), ("2 threads", Model::Threads, 2)] {
        let on = executor(model, threads);
        let task = simd.clone();
        let run = move || check(fold(&on, task.clone(), add));
        contest.ours(family, &format!("`#[task(simd)]`, {family}"), once(run));
        let on = executor(model, threads);
        let task = plain.clone();
        let run = move || check(fold(&on, task.clone(), add));
        contest.ours(family, &format!("`#[task]`, {family}"), once(run));
        let pool = pool(threads);
        let in_parallel = move || {
            let outputs: Vec<O> = pool.install(|| (0..CHUNKS).into_par_iter().map(part).collect());
            check(outputs.into_iter().fold(O::default(), add));
        };
        contest.rival(family, &format!("rayon, {family}"), once(in_parallel));
    }
    contest.rival("1 thread", "a loop, 1 thread", once(move || check(alone())));
    contest
}

fn fold<O, T>(on: &Executor, task: T, add: fn(O, O) -> O) -> O
where
    O: Default + Send + 'static,
    T: Task<Chunk = Range<u64>, Output = O>,
{
    on.fold((0..ITEMS).split_into(CHUNKS), task, O::default(), add).expect("no chunk fails")
}
