use threefold::prelude::*;

#[task]
fn evens(chunk: std::ops::Range<u64>) -> impl Iterator<Item = u64> {
    chunk.filter(|i| i % 2 == 0)
}

fn main() {}
