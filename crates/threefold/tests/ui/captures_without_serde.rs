use threefold::prelude::*;

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

fn main() {}
