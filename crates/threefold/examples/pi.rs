//! Estimates pi with random darts. The estimate is the same, digit for digit, on every model.

use std::ops::Range;

use rand::RngExt;
use threefold::chunk_rng;
use threefold::prelude::*;

/// Throws a dart for each number of the chunk, and counts those that hit the quarter of a circle.
#[task]
fn darts(chunk: Range<u64>, seed: &u64) -> u64 {
    let mut rng = chunk_rng(*seed);
    let mut hits = || rng.random::<f64>().powi(2) + rng.random::<f64>().powi(2) <= 1.0;
    chunk.map(|_| u64::from(hits())).sum()
}

fn main() -> threefold::Result<()> {
    threefold::init();
    let throws = 4_000_000;
    for &model in Model::available() {
        let on = Executor::new(model)?;
        let hits = on.fold((0..throws).split_into(64), darts.with(2026), 0, |sum, part| sum + part)?;
        println!("{model:<10} {}", 4.0 * hits as f64 / throws as f64);
    }
    Ok(())
}
