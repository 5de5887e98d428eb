//! A worker process that dies, caught as a value: which chunk, and of what.
//!
//! In the tutorial's script the same accident prints a wrong total and no error.
use std::ops::RangeInclusive;
use threefold::prelude::*;

#[task]
fn calculate_sum(chunk: RangeInclusive<i64>) -> i128 {
    if chunk.contains(&600_000) {
        std::process::abort(); // as a bug in a C library would, or the kernel when memory runs out
    }
    chunk.map(i128::from).sum()
}

fn main() -> threefold::Result<()> {
    threefold::init();
    let on = Executor::new(Model::Processes)?;
    match on.fold((1..=1_000_000).split(4), calculate_sum, 0, |sum, part| sum + part) {
        Ok(total) => println!("{total}"),
        Err(error) if error.is_worker_lost() => println!("no total: {error}"),
        Err(error) => return Err(error),
    }
    // This process is unharmed, and the next fold has a new worker.
    println!("{}", on.fold((1..=500_000).split(2), calculate_sum, 0, |sum, part| sum + part)?);
    Ok(())
}
