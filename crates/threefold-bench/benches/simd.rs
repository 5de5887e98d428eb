//! What `#[task(simd)]` gains on a user's plain loop in a default build, beside the same loop by hand and under rayon.
//!
//! `cargo bench -p threefold-bench --bench simd` prints a table for each loop, in about 20 seconds, and what the choice of
//! a level costs for each chunk. Everyone runs the same loop over the same chunks and must give the same result, of
//! floats to the bit. All are measured in turn, in every round.

use std::fmt::Debug;
use std::hint::black_box;
use std::ops::Range;
use std::time::Instant;

use rayon::prelude::*;
use threefold::prelude::*;

/// The integers of each loop: enough that starting two threads is no part of the time.
const ITEMS: u64 = 1 << 26;
const CHUNKS: u64 = 1_024;
const ROUNDS: usize = 21;
/// Of the calls of an empty task.
const CALLS: u64 = 1_000_000;

/// A loop as a plain function, as a task, and as a task that is compiled for this CPU.
macro_rules! loops {
    ($($name:ident($chunk:ident $(, $capture:ident)?) -> $output:ty $body:block)*) => {$(
        mod $name {
            use super::*;

            pub(crate) fn by_hand($chunk: Range<u64> $(, $capture: &u64)?) -> $output $body

            #[task]
            pub(crate) fn plain($chunk: Range<u64> $(, $capture: &u64)?) -> $output $body

            #[task(simd)]
            pub(crate) fn simd($chunk: Range<u64> $(, $capture: &u64)?) -> $output $body
        }
    )*};
}

loops! {
    xor(chunk, k) -> u64 {
        chunk.fold(0, |total, i| total.wrapping_add(i ^ k))
    }
    remainder(chunk) -> u32 {
        (chunk.start as u32..chunk.end as u32).map(|i| i.wrapping_mul(i) % 7).fold(0, u32::wrapping_add)
    }
    polynomial(chunk) -> f64 {
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
    empty(chunk) -> u64 {
        chunk.start
    }
}

fn main() {
    threefold::init();
    // `cargo test --benches` runs this too, and needs no figures.
    if !std::env::args().any(|word| word == "--bench") {
        return;
    }
    let k = black_box(77);
    contest(
        "u64: the sum of `i ^ k`",
        u64::wrapping_add,
        move |chunk| xor::by_hand(chunk, &k),
        xor::plain.with(k),
        xor::simd.with(k),
    );
    contest("u32: the sum of `i * i % 7`", u32::wrapping_add, remainder::by_hand, remainder::plain, remainder::simd);
    contest(
        "f64: polynomials, 32 sums abreast",
        |a: f64, b| a + b,
        polynomial::by_hand,
        polynomial::plain,
        polynomial::simd,
    );
    contest(
        "f64: the sum of `1 / i^2`, 32 sums abreast",
        |a: f64, b| a + b,
        inverse_squares::by_hand,
        inverse_squares::plain,
        inverse_squares::simd,
    );
    dispatch();
}

/// One loop, by all who can run it, on one thread and on two.
fn contest<O, T, S>(title: &str, add: fn(O, O) -> O, by_hand: impl Fn(Range<u64>) -> O + Sync, plain: T, simd: S)
where
    O: Copy + Debug + Default + PartialEq + Send,
    T: Task<Chunk = Range<u64>, Output = O> + Clone,
    S: Task<Chunk = Range<u64>, Output = O> + Clone,
{
    let chunk = |number: usize| {
        let size = ITEMS / CHUNKS;
        black_box(number as u64 * size..(number as u64 + 1) * size)
    };
    let pools = [1, 2].map(|threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool"));
    let one = Executor::new(Model::Sequential).expect("an executor");
    let two = Executor::builder(Model::Threads).workers(2).build().expect("an executor");
    let source = || (0..ITEMS).split_into(CHUNKS as usize);
    let with_rayon = |pool: &rayon::ThreadPool| {
        let outputs: Vec<O> =
            pool.install(|| (0..CHUNKS as usize).into_par_iter().map(|number| by_hand(chunk(number))).collect());
        outputs.into_iter().fold(O::default(), add)
    };
    type Run<'a, O> = Box<dyn Fn() -> O + 'a>;
    let runs: [(&str, &str, Run<'_, O>); 7] = [
        ("1 thread", "rayon", Box::new(|| with_rayon(&pools[0]))),
        ("", "a loop", Box::new(|| (0..CHUNKS as usize).map(|number| by_hand(chunk(number))).fold(O::default(), add))),
        ("", "`#[task]`", Box::new(|| one.fold(source(), plain.clone(), O::default(), add).expect("it folds"))),
        ("", "`#[task(simd)]`", Box::new(|| one.fold(source(), simd.clone(), O::default(), add).expect("it folds"))),
        ("2 threads", "rayon", Box::new(|| with_rayon(&pools[1]))),
        ("", "`#[task]`", Box::new(|| two.fold(source(), plain.clone(), O::default(), add).expect("it folds"))),
        ("", "`#[task(simd)]`", Box::new(|| two.fold(source(), simd.clone(), O::default(), add).expect("it folds"))),
    ];
    let expected = runs[0].2();
    let mut times = vec![Vec::new(); runs.len()];
    for round in 0..ROUNDS {
        // Each round begins with another one.
        for turn in 0..runs.len() {
            let next = (turn + round) % runs.len();
            let (threads, name, run) = &runs[next];
            let began = Instant::now();
            let result = run();
            times[next].push(began.elapsed().as_secs_f64() * 1e9 / ITEMS as f64);
            assert_eq!(result, expected, "{name}, {threads}");
        }
    }
    println!("\n### {title}\n\n| threads | who | ns per integer | quartiles | of rayon |\n|---|---|---|---|---|");
    let mut rayon = f64::NAN;
    for ((threads, name, _), times) in runs.iter().zip(&mut times) {
        times.sort_by(f64::total_cmp);
        let median = times[ROUNDS / 2];
        if !threads.is_empty() {
            rayon = median;
        }
        let (low, high) = (times[ROUNDS / 4], times[ROUNDS - 1 - ROUNDS / 4]);
        println!("| {threads} | {name} | {median:.4} | {low:.4} to {high:.4} | {:.2} |", median / rayon);
    }
}

/// What `simd` adds to each chunk: the choice of a level.
fn dispatch() {
    let time = |call: fn(Range<u64>) -> u64| {
        let mut times: Vec<f64> = (0..ROUNDS)
            .map(|_| {
                let began = Instant::now();
                black_box((0..CALLS).fold(0, |total, i| total ^ call(black_box(i..i))));
                began.elapsed().as_secs_f64() * 1e9 / CALLS as f64
            })
            .collect();
        times.sort_by(f64::total_cmp);
        times[ROUNDS / 2]
    };
    let [function, plain, simd] = [empty::by_hand, *empty::plain, *empty::simd].map(time);
    println!(
        "\nOne call that does nothing: a function {function:.2}, `#[task]` {plain:.2}, `#[task(simd)]` {simd:.2} ns."
    );
}
