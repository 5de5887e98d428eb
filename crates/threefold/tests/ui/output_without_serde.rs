use threefold::prelude::*;

struct Mean {
    sum: f64,
    count: usize,
}

#[task]
fn mean(chunk: Slice<f64>) -> Mean {
    Mean { sum: chunk.iter().sum(), count: chunk.len() }
}

fn main() {}
