//! The number of primes below 200,000: the program that docs/migrate.md shows beside others.
use std::ops::Range;
use threefold::prelude::*;

#[task]
fn count_primes(chunk: Range<u32>) -> usize {
    chunk.filter(|&n| n > 1 && (2..=n.isqrt()).all(|d| n % d != 0)).count()
}

fn main() -> threefold::Result<()> {
    threefold::init();
    let on = Executor::from_env()?; // THREEFOLD_MODEL=sequential, async, threads, processes or mpi
    println!("{}", on.fold((0..200_000).split_into(8), count_primes, 0, |sum, part| sum + part)?);
    Ok(())
}
