//! Prints one line for each model: all the same, to the bit.
#![forbid(unsafe_code)]

use std::collections::BTreeSet;

use threefold::prelude::*;

#[task]
fn here(chunk: std::ops::Range<u64>) -> u64 {
    chunk.map(|i| i ^ (i >> 3)).sum()
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
        let answer = format!("{:016x} {:016x} {naps:?} {local}", sum.to_bits(), image.to_bits());
        println!("{model:<10} {answer}");
        answers.insert(answer);
    }
    assert_eq!(answers.len(), 1, "the models disagree");
    Ok(())
}
