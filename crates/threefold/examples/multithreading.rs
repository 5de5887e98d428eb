//! The tutorial's threads script: four sub-ranges, added up on every core.
use std::{ops::RangeInclusive, time::Instant};
use threefold::prelude::*;

#[task]
fn calculate_sum(chunk: RangeInclusive<i64>) -> i128 {
    chunk.map(i128::from).sum()
}

fn main() -> threefold::Result<()> {
    let start = Instant::now();
    let on = Executor::new(Model::Threads)?;
    let total = on.fold((1..=1_000_000).split_into(4), calculate_sum, 0, |sum, part| sum + part)?;
    println!("time: {:.6}\n{total}", start.elapsed().as_secs_f64());
    Ok(())
}
