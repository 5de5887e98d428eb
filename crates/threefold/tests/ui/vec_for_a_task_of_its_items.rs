use threefold::prelude::*;

#[task]
fn double(chunk: u64) -> u64 {
    2 * chunk
}

fn main() -> threefold::Result<()> {
    Executor::new(Model::Threads)?.for_each(vec![1, 2], double)
}
