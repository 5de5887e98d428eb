//! Prints one line for each model: all the same, to the bit.
#![forbid(unsafe_code)]

use std::collections::BTreeSet;

use threefold::prelude::*;

#[task]
fn here(chunk: std::ops::Range<u64>) -> u64 {
    chunk.map(|i| i ^ (i >> 3)).sum()
}

/// Compiled for this CPU. Another order of additions, or one rounding less, would give other bits.
#[task(simd)]
fn vectorized(chunk: std::ops::Range<u64>) -> f64 {
    abreast(chunk)
}

/// The same, for every CPU of the target.
#[task]
fn plain(chunk: std::ops::Range<u64>) -> f64 {
    abreast(chunk)
}

/// Eight sums of polynomials.
#[inline(always)]
fn abreast(chunk: std::ops::Range<u64>) -> f64 {
    let mut sums = [0.0; 8];
    for (i, x) in chunk.map(|i| i as f64 / 3.0).enumerate() {
        sums[i % 8] += (0.3 * x + 0.7) * x - 1.1;
    }
    sums.iter().sum()
}

/// This crate does not depend on serde.
#[task]
fn masked(chunk: std::ops::Range<u64>, mask: &u64, words: &[u64], text: &str) -> u64 {
    chunk.map(|i| i & mask).sum::<u64>() + words.iter().sum::<u64>() + text.len() as u64
}

/// Two tasks with one name and one place in the file.
macro_rules! namesakes {
    ($($function:ident: $operation:expr;)*) => {$(
        fn $function(on: &Executor) -> threefold::Result<Vec<u64>> {
            #[task]
            fn part(chunk: u64) -> u64 {
                $operation(chunk, chunk)
            }
            on.map(threefold::Items(vec![3, 4]), part)
        }
    )*};
}

namesakes! {
    doubles: u64::wrapping_add;
    squares: u64::wrapping_mul;
}

fn main() -> threefold::Result<()> {
    threefold::init();
    let mut answers = BTreeSet::new();
    for &model in Model::available() {
        let on = Executor::new(model)?;
        let sum = on.fold(0..200_000, tasks::irregular, 0.0, |sum, part| sum + part)?;
        let values: Vec<f64> = (0..1000).map(f64::from).collect();
        let affine = tasks::Affine { factor: 1.0 / 3.0, offset: 1e-9 };
        let image = on.fold(values, affine, 0.0, |sum, part| sum + part.iter().sum::<f64>())?;
        let naps = on.map(threefold::Items(vec![3, 1, 2]), tasks::nap)?;
        let local = on.fold(0..1000, here, 0, |sum, part| sum + part)?;
        let captured = on.fold(0..1000, masked.with(0xff, [1, 2], "abc"), 0, |sum, part| sum + part)?;
        let listed = on.map(vec![0.5, 1.5, 2.5], tasks::listed.with(1.0, "above: "))?.concat();
        let captured =
            format!("{captured} {listed:?} {:?}", on.map(threefold::Items(vec![2, 1]), tasks::naps.with(2))?);
        let lanes = on.fold(0..100_000, vectorized, 0.0, |sum, part| sum + part)?;
        assert_eq!(lanes.to_bits(), on.fold(0..100_000, plain, 0.0, |sum, part| sum + part)?.to_bits());
        let namesakes = (doubles(&on)?, squares(&on)?);
        assert_eq!(namesakes, (vec![6, 8], vec![9, 16]));
        let answer = format!("{:016x} {:016x} {naps:?} {local} {captured}", sum.to_bits(), image.to_bits());
        println!("{model:<10} {answer}");
        answers.insert(answer);
    }
    assert_eq!(answers.len(), 1, "the models disagree");
    Ok(())
}
