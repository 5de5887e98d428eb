//! One loop, compiled for every CPU of the target and compiled for the CPU at hand: the same total, sooner.
use std::ops::Range;
use std::time::Instant;

use threefold::prelude::*;

#[task]
fn plain(chunk: Range<u64>, key: &u64) -> u64 {
    chunk.fold(0, |total, i| total.wrapping_add(i ^ key))
}

/// The same loop. The option needs the feature `simd`.
#[task(simd)]
fn vectorized(chunk: Range<u64>, key: &u64) -> u64 {
    chunk.fold(0, |total, i| total.wrapping_add(i ^ key))
}

fn main() -> threefold::Result<()> {
    threefold::init();
    for &model in Model::available() {
        let on = Executor::new(model)?;
        let began = Instant::now();
        let total = on.fold(0..1 << 28, plain.with(77), 0, u64::wrapping_add)?;
        let middle = Instant::now();
        assert_eq!(on.fold(0..1 << 28, vectorized.with(77), 0, u64::wrapping_add)?, total);
        println!("{model:<10} {total}: plain in {:.1?}, simd in {:.1?}", middle - began, middle.elapsed());
    }
    Ok(())
}
