//! Eight chunks, of which one brings its worker process down: seven results, and a report of the eighth.
//!
//! In the tutorial's script the same accident prints a wrong total and no error.
use std::ops::RangeInclusive;

use rustix::process::{Signal, getpid, kill_process};
use threefold::prelude::*;

#[task]
fn calculate_sum(chunk: RangeInclusive<i64>) -> i128 {
    while chunk.contains(&600_000) {
        let _ = kill_process(getpid(), Signal::SEGV); // what a bad pointer in a C library does
    }
    chunk.map(i128::from).sum()
}

fn main() -> threefold::Result<()> {
    threefold::init();
    let on = Executor::new(Model::Processes)?;
    for outcome in on.map_results((1..=1_000_000).split_into(8), calculate_sum)? {
        match outcome {
            Ok(sum) => println!("{sum}"),
            Err(error) => println!("{error:#}"),
        }
    }
    // A fold asks for all or nothing: it would be this error. The next one has new workers.
    println!("{}", on.fold((1..=500_000).split_into(8), calculate_sum, 0, |sum, part| sum + part)?);
    Ok(())
}
