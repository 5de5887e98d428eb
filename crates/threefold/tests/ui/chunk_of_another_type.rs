use threefold::prelude::*;

#[task]
fn total_of(chunk: Slice<f64>) -> f64 {
    chunk.iter().sum()
}

fn main() -> threefold::Result<()> {
    Executor::new(Model::Threads)?.for_each(0..100u64, total_of)
}
