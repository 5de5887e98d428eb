use serde::{Deserialize, Serialize};
use threefold::prelude::*;

#[derive(Serialize, Deserialize)]
struct CountAbove {
    limit: f64,
}

impl Task for CountAbove {
    type Chunk = Slice<f64>;
    type Output = usize;

    fn map(&self, values: Slice<f64>) -> usize {
        values.iter().filter(|&&value| value > self.limit).count()
    }
}

fn main() {}
