use std::ops::Range;
use threefold::prelude::*;

#[task]
fn width(chunk: Range<f64>) -> f64 {
    chunk.end - chunk.start
}

fn main() -> threefold::Result<()> {
    Executor::new(Model::Threads)?.for_each(0.0..1.0, width)
}
