use threefold::prelude::*;

#[task]
fn double(chunk: u64) -> u64 {
    2 * chunk
}

fn main() -> threefold::Result<()> {
    let numbers = (0..10u64).filter(|n| n % 2 == 0);
    Executor::new(Model::Threads)?.for_each(numbers, double)
}
