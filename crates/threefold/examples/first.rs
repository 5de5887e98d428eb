//! The first program: one fold, every model, the same answer.
use std::ops::RangeInclusive;
use threefold::prelude::*;

/// A task is a plain function of one chunk: you can still call and test it. Do not give a variable the same name.
#[task]
fn calculate_sum(chunk: RangeInclusive<i64>) -> i128 {
    chunk.map(i128::from).sum()
}

fn main() -> threefold::Result<()> {
    threefold::init(); // a worker process stops here and runs chunks
    for &model in Model::available() {
        let on = Executor::new(model)?;
        let total = on.fold((1..=1_000_000).split_into(4), calculate_sum, 0, |sum, part| sum + part)?;
        println!("{model:<10} {total}"); // the same line on every model
    }
    Ok(())
}
