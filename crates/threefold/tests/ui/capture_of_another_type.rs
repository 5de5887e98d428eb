use threefold::prelude::*;

#[task]
fn scaled(chunk: u64, factor: &u64) -> u64 {
    chunk * factor
}

fn main() -> threefold::Result<()> {
    Executor::new(Model::Threads)?.for_each(Items(vec![1, 2]), scaled.with("2"))
}
