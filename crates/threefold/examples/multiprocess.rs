//! The tutorial's processes script: four sub-ranges, added up in worker processes.
use std::{ops::RangeInclusive, time::Instant};
use threefold::prelude::*;

#[task]
fn calculate_sum(chunk: RangeInclusive<i64>) -> i128 {
    chunk.map(i128::from).sum()
}

fn main() -> threefold::Result<()> {
    threefold::init(); // a worker process stops here and runs chunks
    let start = Instant::now();
    let on = Executor::new(Model::Processes)?;
    let total = on.fold((1..=1_000_000).split_into(4), calculate_sum, 0, |sum, part| sum + part)?;
    println!("time: {:.6}\n{total}", start.elapsed().as_secs_f64());
    Ok(())
}
