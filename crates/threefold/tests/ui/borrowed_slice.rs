use threefold::prelude::*;

#[task]
fn total_of(chunk: Slice<u64>) -> u64 {
    chunk.iter().sum()
}

fn main() -> threefold::Result<()> {
    let numbers = [1, 2, 3];
    Executor::new(Model::Threads)?.for_each(&numbers[1..], total_of)
}
