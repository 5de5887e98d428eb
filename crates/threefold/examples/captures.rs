//! A task with captures: what a closure would take from outside is a parameter after the chunk.
use threefold::prelude::*;

#[task]
fn count_above(chunk: Slice<f64>, limit: &f64) -> usize {
    chunk.iter().filter(|&value| value > limit).count()
}

fn main() -> threefold::Result<()> {
    threefold::init();
    let samples: Vec<f64> = (0..1_000_000).map(|i| f64::from(i).sin()).collect();
    for &model in Model::available() {
        let on = Executor::new(model)?;
        let count = on.fold(samples.clone(), count_above.with(0.5), 0, |sum, part| sum + part)?;
        println!("{model:<10} {count} of {} are above 0.5", samples.len());
    }
    Ok(())
}
