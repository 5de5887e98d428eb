//! How close the break-even sizes of a comparison come to those that an independent bisection finds.
//!
//! `cargo run --release -p threefold-compare --example break_even` prints, for eight workloads on threads and processes, the
//! size from the comparison, the size from the bisection, and their ratio. It takes some minutes. Nothing is asserted: times
//! of a busy machine prove nothing.

use std::fmt::Debug;
use std::ops::Range;
use std::time::{Duration, Instant};

use threefold::prelude::*;
use threefold_compare::{BreakEven, Compare};

#[task]
fn primes(chunk: Range<u64>) -> u64 {
    chunk.filter(|&n| n > 1 && (2..).take_while(|d| d * d <= n).all(|d| n % d != 0)).count() as u64
}

#[task]
fn collatz(chunk: Range<u64>) -> u64 {
    let steps = |mut n: u64| {
        let mut steps = 0;
        while n > 1 {
            n = if n.is_multiple_of(2) { n / 2 } else { 3 * n + 1 };
            steps += 1;
        }
        steps
    };
    chunk.map(steps).max().unwrap_or(0)
}

#[task]
fn squares(chunk: Slice<f64>) -> u64 {
    chunk.iter().map(|x| (x * x).sin().abs()).sum::<f64>() as u64
}

#[task]
fn sorted(chunk: Slice<u64>) -> u64 {
    let mut items = chunk.to_vec();
    items.sort_unstable();
    items.iter().step_by(64).fold(0, |all, item| all ^ item)
}

#[task]
fn found(chunk: Range<u64>, table: &Vec<u64>) -> u64 {
    chunk.map(|n| n.wrapping_mul(0x9e37_79b9_7f4a_7c15)).filter(|n| table.binary_search(n).is_ok()).count() as u64
}

#[task]
fn mandelbrot(row: u32) -> u64 {
    let inside = |column: u32| {
        let (a, b) = (f64::from(column) / 200.0 - 2.0, f64::from(row % 300) / 150.0 - 1.0);
        let (mut x, mut y) = (0.0, 0.0);
        (0..60).all(|_| {
            (x, y) = (x * x - y * y + a, 2.0 * x * y + b);
            x * x + y * y < 4.0
        })
    };
    (0..600).filter(|&column| inside(column)).count() as u64
}

#[task]
fn words(text: String) -> u64 {
    text.split_whitespace().map(|word| word.bytes().fold(7u64, |hash, byte| hash * 31 + u64::from(byte)) % 3).sum()
}

#[task]
fn mixed(chunk: Range<u64>) -> u64 {
    chunk.fold(0, |all, n| {
        (0..n % 64).fold(all ^ n, |state, step| (state ^ step).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(23))
    })
}

/// A cold run: an executor is made and folds once.
fn cold<S, T>(model: Model, source: S, task: T) -> f64
where
    S: Source<Chunk = T::Chunk>,
    T: Task<Output = u64>,
{
    let began = Instant::now();
    let on = Executor::new(model).expect("the model is in this build");
    let value = on.fold(source, task, 0, |all, part| all ^ part).expect("the task does not fail");
    let took = began.elapsed().as_secs_f64();
    std::hint::black_box(value);
    took
}

/// The size at which the median of a model's cold runs falls below that of sequential: by bisection between 1 and `whole`
/// items. `None` if that never happens.
fn bisected<S, T>(model: Model, whole: usize, source: &impl Fn(usize) -> S, task: &T) -> Option<f64>
where
    S: Source<Chunk = T::Chunk>,
    T: Task<Output = u64> + Clone,
{
    let is_faster = |items: usize| {
        let mut ratios: Vec<f64> = (0..21)
            .map(|pair| {
                let run = |model| cold(model, source(items), task.clone());
                if pair % 2 == 0 {
                    let own = run(model);
                    own / run(Model::Sequential)
                } else {
                    let sequential = run(Model::Sequential);
                    run(model) / sequential
                }
            })
            .collect();
        ratios.sort_unstable_by(f64::total_cmp);
        ratios[10] < 1.0
    };
    // Upwards in steps of 4, since small sizes are cheap.
    let mut faster = 1;
    while !is_faster(faster) {
        if faster == whole {
            return None;
        }
        faster = (faster * 4).min(whole);
    }
    let mut slower = faster / 4;
    while faster > slower + 1 && faster as f64 / slower.max(1) as f64 > 1.05 {
        let middle = (((slower.max(1) * faster) as f64).sqrt() as usize).clamp(slower + 1, faster - 1);
        if is_faster(middle) { faster = middle } else { slower = middle }
    }
    Some(if faster == slower + 1 { faster as f64 } else { ((slower * faster) as f64).sqrt() })
}

/// Prints both sizes of one workload.
fn report<S, T>(name: &str, whole: usize, source: impl Fn(usize) -> S, task: T)
where
    S: Source<Chunk = T::Chunk> + Clone,
    T: Task<Output = u64> + Clone + Debug,
{
    for model in [Model::Threads, Model::Processes] {
        for attempt in 1..=2 {
            let comparison = Compare::new(name)
                .models([model])
                .time_budget(Duration::from_secs(8))
                .fold(source(whole), task.clone(), 0, |all, part| all ^ part)
                .expect("the task does not fail");
            let break_even = comparison.rows[1].break_even;
            let truth = bisected(model, whole, &source, &task);
            let shown = match break_even {
                BreakEven::From { items, low, high, basis } => format!("{items:.0} ({low:.0} to {high:.0}, {basis:?})"),
                other => format!("{other:?}"),
            };
            let ratio =
                break_even.items().zip(truth).map_or("-".to_string(), |(own, truth)| format!("{:.2}", own / truth));
            let truth = truth.map_or("never".to_string(), |truth| format!("{truth:.0}"));
            println!("{name:<12} {model:<10} {attempt}  compare {shown:<40} bisection {truth:<10} ratio {ratio}");
        }
    }
}

fn main() {
    threefold::init();
    let noise = |n: u64| n.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (n >> 7);
    report("primes", 400_000, |n| (0..n as u64).split_into(60), primes);
    report("collatz", 200_000, |n| (1..n as u64 + 1).chunks_of(500), collatz);
    let floats: Vec<f64> = (0..400_000).map(f64::from).collect();
    report("squares", 400_000, |n| floats[..n].to_vec().split_into(64), squares);
    let numbers: Vec<u64> = (0..300_000).map(noise).collect();
    report("sorted", 300_000, |n| numbers[..n].to_vec().chunks_of(2000), sorted);
    let mut table: Vec<u64> = (0..20_000).map(noise).collect();
    table.sort_unstable();
    report("look-ups", 1_000_000, |n| 0..n as u64, found.with(table));
    report("mandelbrot", 2_000, |n| Items((0..n as u32).collect()), mandelbrot);
    let text = "the quick brown fox jumps over the lazy dog ".repeat(40);
    report("words", 3_000, |n| Items(vec![text.clone(); n]), words);
    report("mixed", 2_000_000, |n| (0..n as u64).split_into(200), mixed);
}
