//! A task with captures: a closure with a name, so that it can be sent to another process.
use serde::{Deserialize, Serialize};
use threefold::prelude::*;

#[derive(PartialEq, Serialize, Deserialize)]
struct CountAbove {
    limit: f64,
}

#[task]
impl Task for CountAbove {
    type Chunk = Slice<f64>;
    type Output = usize;

    fn map(&self, values: Slice<f64>) -> usize {
        values.iter().filter(|&&value| value > self.limit).count()
    }
}

fn main() -> threefold::Result<()> {
    threefold::init();
    let values: Vec<f64> = (0..1_000_000).map(|i| f64::from(i).sin()).collect();
    for &model in Model::available() {
        let on = Executor::new(model)?;
        let count = on.fold(values.clone(), CountAbove { limit: 0.5 }, 0, |sum, part| sum + part)?;
        println!("{model:<10} {count} of {} are above 0.5", values.len());
    }
    Ok(())
}
