//! A check for continuous integration: fails if threads no longer pay for a workload.
//!
//! The verdict is data, so that a program can decide on it. The time itself is not checked: it differs between machines.
use std::ops::Range;
use std::process::ExitCode;

use threefold::prelude::*;
use threefold_compare::{BreakEven, Compare, Difference};

/// Threads should pay from fewer numbers than this.
const PAYS_FROM: f64 = 100_000.0;

/// How many primes the chunk holds.
#[task]
fn primes(chunk: Range<u64>) -> usize {
    chunk.filter(|&n| n > 1 && (2..).take_while(|d| d * d <= n).all(|d| n % d != 0)).count()
}

fn main() -> threefold_compare::Result<ExitCode> {
    threefold::init();
    let compare = Compare::new("primes").unit("numbers").models([Model::Threads]).workers([2]);
    let comparison = compare.fold((0..500_000).split_into(64), primes, 0, |sum, n| sum + n)?;
    print!("{comparison}");

    let threads = &comparison.rows[1];
    let is_faster = threads.difference == Difference::Faster;
    let pays_early = match threads.break_even {
        BreakEven::Always { .. } => true,
        BreakEven::From { low, .. } => low <= PAYS_FROM,
        BreakEven::Never => false,
        // The machine was too noisy to tell. That says nothing about the program.
        _ => true,
    };
    if is_faster && pays_early {
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!("threads no longer pay: {:?}, {:?}", threads.difference, threads.break_even);
    Ok(ExitCode::FAILURE)
}
