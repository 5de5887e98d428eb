//! The tutorial's asyncio script: one thread, four tasks.
//!
//! The script cuts `i*250000 ..= (i+1)*250000`, so 250000, 500000 and 750000 belong to two tasks each, and its total is
//! 1,500,000 too high. Both totals are printed: what it meant, and what it does.
use std::{ops::RangeInclusive, time::Instant};
use threefold::prelude::*;

#[task]
async fn calculate_sum(chunk: RangeInclusive<i64>) -> i128 {
    chunk.map(i128::from).sum()
}

fn main() -> threefold::Result<()> {
    let start = Instant::now();
    let on = Executor::new(Model::Async)?;
    let total = on.fold((1..=1_000_000).split_into(4), calculate_sum, 0, |sum, part| sum + part)?;
    println!("time: {:.6}\n{total}", start.elapsed().as_secs_f64());

    let overlapping = Items((0..4).map(|i| i * 250_000..=(i + 1) * 250_000).collect());
    let total = on.fold(overlapping, calculate_sum, 0, |sum, part| sum + part)?;
    println!("{total}, with three boundary values counted twice");
    Ok(())
}
