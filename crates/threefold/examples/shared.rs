//! An array that worker processes read in place: only the ranges of its chunks are sent.
use std::time::Instant;

use threefold::Shared;
use threefold::prelude::*;

#[task]
fn sum_of(chunk: Slice<f64>) -> f64 {
    chunk.iter().sum()
}

fn main() -> threefold::Result<()> {
    threefold::init();
    // 64 MiB, filled in the memory that the workers map.
    let samples = Shared::filled_by(8 << 20, |items| {
        for (item, i) in items.iter_mut().zip(0u32..) {
            *item = f64::from(i % 1_000) / 8.0;
        }
    })?;
    for &model in Model::available() {
        let on = Executor::new(model)?;
        let mut seconds = [0.0; 2];
        let mut sum = 0.0;
        for seconds in &mut seconds {
            let began = Instant::now();
            sum = on.fold(&samples, sum_of, 0.0, |sum, part| sum + part)?;
            *seconds = began.elapsed().as_secs_f64();
        }
        println!("{model:<10} {sum}: {:.4} s, and again {:.4} s", seconds[0], seconds[1]);
    }
    Ok(())
}
