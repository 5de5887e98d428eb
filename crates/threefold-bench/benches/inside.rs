//! What a comparison adds to the time of a fold: a fold inside a comparison, compared with the same fold outside.
//!
//! Both are measured in turn, several times. A line for each model says how many times as long the fold took inside.

use std::ops::Range;
use std::time::Instant;

use threefold::prelude::*;
use threefold_compare::Compare;

/// How often each is measured.
const TURNS: usize = 9;

/// The number of folds outside. Their median counts.
const FOLDS: usize = 200;

/// A few nanoseconds of computing for each item.
#[task]
fn mix(chunk: Range<u64>) -> u64 {
    chunk.fold(0, |state, item| (state ^ item).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(23))
}

fn main() -> threefold_compare::Result<()> {
    threefold::init();
    // `cargo test --benches` runs this too, and needs no figures.
    if !std::env::args().any(|word| word == "--bench") {
        return Ok(());
    }
    for items in [1_000, 1_000_000] {
        println!("{items} items in 8 chunks");
        let source = || (0..items).split_into(8);
        let mut ratios = vec![Vec::new(); Model::available().len()];
        for _ in 0..TURNS {
            let inside = Compare::new("mix").runs(40).fold(source(), mix, 0, |a, b| a ^ b)?;
            for (row, ratios) in inside.rows.iter().zip(&mut ratios) {
                ratios.push(row.median_s / outside(row.model, source()));
            }
        }
        for (model, ratios) in Model::available().iter().zip(&mut ratios) {
            ratios.sort_by(f64::total_cmp);
            let (low, median, high) = (ratios[TURNS / 4], ratios[TURNS / 2], ratios[TURNS - 1 - TURNS / 4]);
            println!("  {model:<10} {median:.2} times as long inside (quartiles {low:.2} to {high:.2})");
        }
    }
    Ok(())
}

/// The median time of a warm fold, in seconds.
fn outside(model: Model, source: impl Source<Chunk = Range<u64>> + Clone) -> f64 {
    let on = Executor::new(model).expect("the model is available");
    let time = |_| {
        let source = source.clone();
        let began = Instant::now();
        std::hint::black_box(on.fold(source, mix, 0, |a, b| a ^ b).expect("it folds"));
        began.elapsed().as_secs_f64()
    };
    let mut times: Vec<f64> = (0..FOLDS).map(time).collect();
    times.sort_by(f64::total_cmp);
    times[FOLDS / 2]
}
